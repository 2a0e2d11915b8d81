import type { Domain } from "./domain.ts";
import { type Skip, unwatch, watch } from "./fast-forward.ts";

/** How a request went that was continued until it was done or failed. */
export interface Continued {
  readonly pagesDone: number;
  readonly calls: number;
  /** Returns of the first and the last call; null when none was made. */
  readonly firstReturn: number | null;
  readonly lastReturn: number | null;
}

/** Calls of five regions of 2 MiB, 64 pages each: nothing can have repeated before. */
const LEAST_WATCHED = 40;

/**
 * Told after each step of a request: one call (`regions` is 0), or the calls of like regions that were only accounted for:
 * they went as those did that followed the first `like` calls of the request.
 */
export type Observer = (step: Skip) => void;

/** Limits of a continued request, and who watches it. */
export interface ContinueOptions {
  /** Stop after so many calls. Default: no limit. */
  readonly maxCalls?: number;
  readonly observe?: Observer;
}

/**
 * Repeat a call with what is left until everything is done, one fails, or `maxCalls` were made: positive returns are
 * pages done (xen-mapping.md 2.1, 2.5). `call` gets the pages done so far. What the calls would only repeat is accounted
 * for without them.
 */
export function continueCalls(
  domain: Domain,
  gfn: number,
  mfn: number,
  pages: number,
  add: boolean,
  call: (done: number) => number,
  { maxCalls = Number.POSITIVE_INFINITY, observe }: ContinueOptions = {},
): Continued {
  const request = { domain, gfn, mfn, pages, add, maxCalls };
  // A few calls are sooner made than watched.
  const skip = maxCalls < LEAST_WATCHED ? null : watch(request, observe !== undefined);
  let pagesDone = 0;
  let calls = 0;
  let firstReturn: number | null = null;
  let lastReturn: number | null = null;
  while (pagesDone < pages && calls < maxCalls) {
    if (skip) {
      const skipped = skip(pagesDone, calls);
      pagesDone += skipped.pages;
      calls += skipped.calls;
      if (skipped.regions > 0) observe?.(skipped);
    }
    lastReturn = call(pagesDone);
    firstReturn ??= lastReturn;
    calls++;
    const done = lastReturn < 0 ? 0 : lastReturn === 0 ? pages - pagesDone : lastReturn;
    pagesDone += done;
    observe?.({ calls: 1, pages: done, regions: 0, like: 0 });
    if (lastReturn < 0) break;
  }
  unwatch(request);
  return { pagesDone, calls, firstReturn, lastReturn };
}
