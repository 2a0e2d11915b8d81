import { LOOP_BUDGET } from "../xen/constants.ts";

/**
 * From a step to its entries. A call makes at most 64 entries of 1 or 512 pages (xen-mapping.md 2.1), so with `small`
 * and `large` of them it gets small + 512 large = iterations + 511 large pages ahead. Iterations are 1 to 64: the
 * pages modulo 511 tell them, and with them both numbers. The same arithmetic tells how many calls a longer step took.
 */
export interface Split {
  /** Calls that the step took; the fewest, where lines are missing. */
  readonly calls: number;
  /** 4 KiB and 2 MiB entries; null where the step does not tell. */
  readonly entries: { readonly small: number; readonly large: number } | null;
  /** True where no loss of fewer than 500 lines in a row could have led to the same step. */
  readonly sure: boolean;
}

/** What is known of the call that a step leads to. */
export type Next = "goes-on" | "failed" | "last";

const LARGE = 512;

/** Whole 2 MiB blocks that both addresses allow in a stretch. */
export function mostLarge(gfn: number, mfn: number, pages: number): number {
  if ((gfn - mfn) % LARGE !== 0) return 0;
  return Math.max(0, Math.floor((gfn + pages) / LARGE) - Math.ceil(gfn / LARGE));
}

/** The entries of a single call that did these pages; null when no single call can. */
export function oneCall(gfn: number, mfn: number, pages: number): { small: number; large: number } | null {
  const iterations = pages % (LARGE - 1);
  const large = (pages - iterations) / (LARGE - 1);
  if (iterations < 1 || iterations > LOOP_BUDGET || large > iterations || large > mostLarge(gfn, mfn, pages))
    return null;
  return { small: iterations - large, large };
}

/** Several calls with full budgets, as few as may be; null when these pages are no such sum. */
function fullCalls(gfn: number, mfn: number, pages: number): Split | null {
  const most = mostLarge(gfn, mfn, pages);
  // Iterations = pages - 511 large must be a multiple of 64, and 511 is -1 modulo 64.
  const least = (LOOP_BUDGET - (pages % LOOP_BUDGET)) % LOOP_BUDGET;
  if (least > most) return null;
  const large = least + Math.floor((most - least) / LOOP_BUDGET) * LOOP_BUDGET;
  const iterations = pages - (LARGE - 1) * large;
  return {
    calls: iterations / LOOP_BUDGET,
    entries: { small: iterations - large, large },
    sure: least + LOOP_BUDGET > most,
  };
}

/**
 * What was done between two lines of one request, `pages` apart. A call that is followed by one that does not fail has
 * used its whole budget; before one that fails it may have stopped early.
 */
export function splitStep(gfn: number, mfn: number, pages: number, next: Next): Split {
  const one = oneCall(gfn, mfn, pages);
  const full = one !== null && one.small + one.large === LOOP_BUDGET;
  // Calls before the last that stopped early make at least 64 pages each: a shorter step is that call alone.
  if (one && (full || (pages <= LOOP_BUDGET && next === "failed"))) return { calls: 1, entries: one, sure: true };
  const several = fullCalls(gfn, mfn, pages);
  if (next === "goes-on" && several) return several;
  // The simplest explanation: as few lines missing as may be.
  if (one && next !== "goes-on") return { calls: 1, entries: one, sure: false };
  const calls = Math.ceil((pages - (LARGE - 1) * mostLarge(gfn, mfn, pages)) / LOOP_BUDGET);
  return { calls, entries: several?.calls === calls ? several.entries : null, sure: false };
}

/** Whether the call before the last line seems to have stopped early. */
export function seemsStopped(gfn: number, mfn: number, pages: number): boolean {
  const one = oneCall(gfn, mfn, pages);
  return one ? one.small + one.large < LOOP_BUDGET : !isWholeCalls(gfn, mfn, pages);
}

/** Whether these pages can have been done by calls with full budgets: what a lost beginning looks like. */
export const isWholeCalls = (gfn: number, mfn: number, pages: number): boolean =>
  pages > 0 && fullCalls(gfn, mfn, pages) !== null;
