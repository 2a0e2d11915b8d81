import { unwatch, watch } from "./fast-forward.js";
/**
 * Repeat a call with what is left until everything is done, one fails, or `maxCalls` were made: positive returns are
 * pages done (xen-mapping.md 2.1, 2.5). `call` gets the pages done so far. What the calls would only repeat is accounted
 * for without them.
 */
export function continueCalls(domain, gfn, mfn, pages, add, call, maxCalls = Number.POSITIVE_INFINITY) {
    const request = { domain, gfn, mfn, pages, add };
    const skip = Number.isFinite(maxCalls) ? null : watch(request);
    let pagesDone = 0;
    let calls = 0;
    let firstReturn = null;
    let lastReturn = null;
    while (pagesDone < pages && calls < maxCalls) {
        if (skip) {
            const skipped = skip(pagesDone, calls);
            pagesDone += skipped.pages;
            calls += skipped.calls;
        }
        lastReturn = call(pagesDone);
        firstReturn ??= lastReturn;
        calls++;
        if (lastReturn < 0)
            break;
        pagesDone += lastReturn === 0 ? pages - pagesDone : lastReturn;
    }
    unwatch(request);
    return { pagesDone, calls, firstReturn, lastReturn };
}
