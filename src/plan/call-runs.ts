import { addLedgers, type Ledger, newLedger, scaleLedger, subtractLedgers } from "../xen/ledger.ts";

/*
 * A long sequence of calls, most of which only repeat: runs of like calls, and patterns of runs that come again and again.
 * Millions of calls are a few hundred runs, and what the first k of them cost is found without going through them.
 */

/** `calls` calls one after the other, each of which did `pages` pages at the same cost. */
export interface LikeCalls {
  readonly kind: "like";
  readonly calls: number;
  readonly pages: number;
  readonly cost: Ledger;
}

/** A pattern of calls, `times` times over. */
export interface RepeatedCalls {
  readonly kind: "repeated";
  readonly pattern: CallRuns;
  readonly times: number;
  readonly calls: number;
  /**
   * What all of them together cost beyond the pattern: stores whose number depends on the place (contiguity markers and
   * merges high up). null when there is none, and the cost of each call is the pattern's.
   */
  readonly beyond: Ledger | null;
}

/** One run of calls. */
export type CallRun = LikeCalls | RepeatedCalls;

/** Runs one after the other, with what was before each. */
export interface CallRuns {
  readonly runs: readonly { readonly run: CallRun; readonly before: CallSum }[];
  readonly sum: CallSum;
}

/** Calls, the pages that they did, and what they cost. */
export interface CallSum {
  readonly calls: number;
  readonly pages: number;
  readonly cost: Ledger;
}

const NOTHING: CallSum = { calls: 0, pages: 0, cost: newLedger() };

const plus = (a: CallSum, b: CallSum): CallSum => ({
  calls: a.calls + b.calls,
  pages: a.pages + b.pages,
  cost: addLedgers(a.cost, b.cost),
});

const times = (sum: CallSum, n: number): CallSum => ({
  calls: sum.calls * n,
  pages: sum.pages * n,
  cost: scaleLedger(sum.cost, n),
});

const sameCost = (a: Ledger, b: Ledger): boolean =>
  Object.entries(a).every(([kind, n]) => b[kind as keyof Ledger] === n);

const isNothing = (ledger: Ledger): boolean => Object.values(ledger).every((n) => n === 0);

function sumOf(run: CallRun): CallSum {
  if (run.kind === "like") return times({ calls: 1, pages: run.pages, cost: run.cost }, run.calls);
  const all = times(run.pattern.sum, run.times);
  return run.beyond ? { ...all, cost: addLedgers(all.cost, run.beyond) } : all;
}

/** Runs with the sums before each. */
export function callRuns(list: readonly CallRun[]): CallRuns {
  let sum = NOTHING;
  const runs = list.map((run) => {
    const before = sum;
    sum = plus(sum, sumOf(run));
    return { run, before };
  });
  return { runs, sum };
}

/** Add one call to a list. */
export function addCall(list: CallRun[], pages: number, cost: Ledger): void {
  const last = list.at(-1);
  if (last?.kind === "like" && last.pages === pages && sameCost(last.cost, cost))
    list[list.length - 1] = { ...last, calls: last.calls + 1 };
  else list.push({ kind: "like", calls: 1, pages, cost });
}

/** Add calls that went like `calls / times` of the list from number `like` on, `times` times over, at this cost together. */
export function addRepetition(list: CallRun[], calls: number, times: number, like: number, cost: Ledger): void {
  const pattern = callRuns(cutOut(list, like, like + calls / times));
  const beyond = subtractLedgers(cost, scaleLedger(pattern.sum.cost, times));
  list.push({ kind: "repeated", pattern, times, calls, beyond: isNothing(beyond) ? null : beyond });
}

/** The runs of calls [from, to). What repeats begins and ends where a call does, never inside of a repetition. */
function cutOut(list: readonly CallRun[], from: number, to: number): CallRun[] {
  const found: CallRun[] = [];
  let at = 0;
  for (const run of list) {
    const calls = Math.min(to, at + run.calls) - Math.max(from, at);
    if (calls > 0 && calls < run.calls && run.kind === "repeated")
      throw new Error("a pattern that ends in a repetition");
    if (calls > 0) found.push(calls < run.calls ? { ...run, calls } : run);
    at += run.calls;
  }
  return found;
}

/**
 * What the first `calls` calls did and cost, 0 to all of them. `exact` is false where that lies inside of a repetition
 * that cost more than its pattern: pages are right, and the cost is too low.
 */
export function sumUpTo({ runs, sum }: CallRuns, calls: number): CallSum & { readonly exact: boolean } {
  if (calls >= sum.calls) return { ...sum, exact: true };
  let [low, high] = [0, runs.length - 1];
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (runs[middle]!.before.calls <= calls) low = middle;
    else high = middle - 1;
  }
  const { run, before } = runs[low]!;
  const into = calls - before.calls;
  if (run.kind === "like") return { ...plus(before, sumOf({ ...run, calls: into })), exact: true };
  const whole = Math.floor(into / run.pattern.sum.calls);
  const rest = sumUpTo(run.pattern, into - whole * run.pattern.sum.calls);
  const exact = rest.exact && (run.beyond === null || into === 0);
  return { ...plus(plus(before, times(run.pattern.sum, whole)), rest), exact };
}
