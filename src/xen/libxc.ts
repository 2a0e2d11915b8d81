import { ERRNO } from "./constants.ts";
import { continueCalls } from "./continue.ts";
import { type Domain, isTranslated } from "./domain.ts";
import { memoryMapping, type U64 } from "./domctl.ts";

/** What the toolstack's library call did (xen-mapping.md 2.5). */
export interface LibraryResult {
  /** 0, or the error of the first hypercall that failed (the library itself returns -1 and errno). */
  readonly result: number;
  readonly pagesDone: number;
  readonly hypercalls: number;
  /** Returns of the first and the last hypercall; null when none was made. */
  readonly firstReturn: number | null;
  readonly lastReturn: number | null;
  /** The removal of the whole range that followed a failed add. */
  readonly undo?: Omit<LibraryResult, "undo">;
}

export interface LibraryOptions {
  /** Stop after so many hypercalls (a rig's limit; the library itself has none). */
  readonly maxCalls?: number;
  /** Undo a failed add, as the library does. Default true. */
  readonly undoOnFailure?: boolean;
}

/**
 * `xc_domain_memory_mapping`: hypercalls until the range is done or one fails; a failed add is undone by removing the
 * whole range, which stops at the first frame that is no direct MMIO.
 */
export function libraryMemoryMapping(
  domain: Domain,
  gfn: U64,
  mfn: U64,
  pages: number,
  add: boolean,
  options: LibraryOptions = {},
): LibraryResult {
  domain.ledger.infoCalls++;
  const none = { result: 0, pagesDone: 0, hypercalls: 0, firstReturn: null, lastReturn: null };
  if (domain.destroyed) return { ...none, result: ERRNO.ESRCH };
  if (!isTranslated(domain) || pages === 0) return none;
  const { maxCalls = Number.POSITIVE_INFINITY, undoOnFailure = true } = options;
  const { pagesDone, calls, firstReturn, lastReturn } = continueCalls(
    domain,
    Number(gfn),
    Number(mfn),
    pages,
    add,
    (done) => memoryMapping(domain, further(gfn, done), further(mfn, done), pages - done, add),
    { maxCalls },
  );
  const failed = lastReturn !== null && lastReturn < 0;
  const outcome = { result: failed ? lastReturn : 0, pagesDone, hypercalls: calls, firstReturn, lastReturn };
  if (!failed || !add || !undoOnFailure) return outcome;
  return { ...outcome, undo: libraryMemoryMapping(domain, gfn, mfn, pages, false) };
}

const further = (frame: U64, pages: number): U64 => (typeof frame === "number" ? frame + pages : frame + BigInt(pages));
