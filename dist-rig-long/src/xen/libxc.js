import { ERRNO } from "./constants.js";
import { continueCalls } from "./continue.js";
import { isTranslated } from "./domain.js";
import { memoryMapping } from "./domctl.js";
/**
 * `xc_domain_memory_mapping`: hypercalls until the range is done or one fails; a failed add is undone by removing the
 * whole range, which stops at the first frame that is no direct MMIO.
 */
export function libraryMemoryMapping(domain, gfn, mfn, pages, add, options = {}) {
    domain.ledger.infoCalls++;
    const none = { result: 0, pagesDone: 0, hypercalls: 0, firstReturn: null, lastReturn: null };
    if (domain.destroyed)
        return { ...none, result: ERRNO.ESRCH };
    if (!isTranslated(domain) || pages === 0)
        return none;
    const { maxCalls = Number.POSITIVE_INFINITY, undoOnFailure = true } = options;
    const { pagesDone, calls, firstReturn, lastReturn } = continueCalls(domain, Number(gfn), Number(mfn), pages, add, (done) => memoryMapping(domain, further(gfn, done), further(mfn, done), pages - done, add), maxCalls);
    const failed = lastReturn !== null && lastReturn < 0;
    const outcome = { result: failed ? lastReturn : 0, pagesDone, hypercalls: calls, firstReturn, lastReturn };
    if (!failed || !add || !undoOnFailure)
        return outcome;
    return { ...outcome, undo: libraryMemoryMapping(domain, gfn, mfn, pages, false) };
}
const further = (frame, pages) => (typeof frame === "number" ? frame + pages : frame + BigInt(pages));
