import { crash, logLine } from "../domain.js";
import { driverOf } from "./driver.js";
import { ADDED, ALL, flushIotlb, MODIFIED } from "./flush.js";
import { mapRun } from "./map.js";
import { singleMap, singleUnmap } from "./single.js";
import { unmapRun } from "./unmap.js";
/**
 * The largest announced page size that divides both frames and fits the rest, climbing one announced size at a time and
 * stopping at the first that does not (xen-mapping.md 7.4, 4.17 on). Only 4 KiB before.
 */
function pageOrder(domain, dfn, mfn, left) {
    let order = 0;
    for (const next of domain.machine.iommuOrders) {
        const size = 2 ** next;
        if (dfn % size !== 0 || mfn % size !== 0 || left < size)
            break;
        order = next;
    }
    return order;
}
/** Up to 4.16 the vendor routine was called a page of 4 KiB at a time; the bulk of those calls is one run. */
const booked = (domain, outcome) => {
    domain.ledger.iommuVendorCalls += Math.max(outcome.count, 1);
    return outcome;
};
/**
 * `n` map requests of 2^order frames each, consecutive from (dfn, mfn) on. Returns 0 or the first error; a failed
 * request has unmapped its own prefix, and crashed the domain unless that is the hardware domain.
 */
export function requestMap(domain, dfn, mfn, order, n, rights) {
    const { release } = domain.machine;
    if (!release.iommuRequests)
        return singleMap(domain, dfn, mfn, 2 ** order * n, 2 ** order, rights);
    if (order === 0) {
        for (let i = 0; i < n;) {
            const run = booked(domain, mapRun(domain, dfn + i, mfn + i, 0, n - i, rights));
            domain.ledger.iommuMapCalls += Math.max(run.count, 1);
            if (run.rc < 0)
                return mapFailed(domain, dfn + i, mfn + i, 1, 0, run.rc);
            if (run.count > 1)
                flushIotlb(domain, dfn + i, 1, run.flags, run.count - 1);
            flushIotlb(domain, dfn + i + run.count - 1, 1, run.last);
            i += run.count;
        }
        return 0;
    }
    const pages = 2 ** order;
    for (let i = 0; i < n; i++) {
        const rc = mapOne(domain, dfn + i * pages, mfn + i * pages, pages, rights);
        if (rc < 0)
            return rc;
    }
    return 0;
}
/** One request of several frames. */
function mapOne(domain, dfn, mfn, pages, rights) {
    domain.ledger.iommuMapCalls++;
    let flags = 0;
    for (let i = 0; i < pages;) {
        const sub = pageOrder(domain, dfn + i, mfn + i, pages - i);
        const limit = sub === 0 ? runOfSmall(domain, dfn + i, mfn + i, pages - i) : 1;
        const run = booked(domain, mapRun(domain, dfn + i, mfn + i, sub, limit, rights));
        if (run.rc < 0)
            return mapFailed(domain, dfn, mfn, pages, i, run.rc);
        flags |= run.flags | run.last;
        i += run.count * 2 ** sub;
    }
    flushIotlb(domain, dfn, pages, flags);
    return 0;
}
/** Pages until a larger size may become possible again. */
const runOfSmall = (domain, dfn, mfn, left) => domain.machine.iommuOrders.length === 1 || (dfn - mfn) % 512 !== 0 || left < 512 ? left : 512 - (dfn % 512);
/** Log line, roll-back of the request's own prefix, crash (7.4). */
function mapFailed(domain, dfn, mfn, pages, done, rc) {
    const place = `dfn 0x${(dfn + done).toString(16)} to mfn 0x${(mfn + done).toString(16)}`;
    logLine(domain, `d${domain.id}: IOMMU mapping ${place} failed: ${rc}`);
    for (let i = 0; i < done;) {
        const sub = pageOrder(domain, dfn + i, dfn + i, done - i);
        const run = booked(domain, unmapRun(domain, dfn + i, sub, 1));
        i += Math.max(1, run.count) * 2 ** sub;
    }
    if (pages > 1 && domain.machine.release.iommuFailureFlushesAll)
        flushIotlb(domain, dfn, 1, ALL | ADDED | MODIFIED);
    failureCrash(domain);
    return rc;
}
/** An IOMMU failure crashes the domain unless it is the hardware domain; AMD-Vi's own crash spares nobody (11.3). */
function failureCrash(domain) {
    if (!domain.hardwareDomain || driverOf(domain.machine).kind === "amdvi")
        crash(domain);
}
/** `n` unmap requests of 2^order frames each, consecutive from `dfn` on. Returns 0 or the first error. */
export function requestUnmap(domain, dfn, order, n) {
    const { release } = domain.machine;
    if (!release.iommuRequests)
        return singleUnmap(domain, dfn, 2 ** order * n);
    if (order === 0) {
        for (let i = 0; i < n;) {
            const run = booked(domain, unmapRun(domain, dfn + i, 0, n - i));
            domain.ledger.iommuUnmapCalls += Math.max(run.count, 1);
            if (run.rc < 0) {
                failureCrash(domain);
                return run.rc;
            }
            if (run.count > 1)
                flushIotlb(domain, dfn + i, 1, run.flags, run.count - 1);
            flushIotlb(domain, dfn + i + run.count - 1, 1, run.last);
            i += run.count;
        }
        return 0;
    }
    const pages = 2 ** order;
    let result = 0;
    for (let i = 0; i < n; i++) {
        domain.ledger.iommuUnmapCalls++;
        let flags = 0;
        const from = dfn + i * pages;
        for (let j = 0; j < pages;) {
            const sub = pageOrder(domain, from + j, from + j, pages - j);
            const limit = sub === 0 ? runOfSmall(domain, from + j, from + j, pages - j) : 1;
            const run = booked(domain, unmapRun(domain, from + j, sub, limit));
            if (run.rc < 0) {
                // The first error is remembered; only the hardware domain goes on past it (7.4).
                result = result || run.rc;
                failureCrash(domain);
                if (!domain.hardwareDomain)
                    return result;
                j += 2 ** sub;
                continue;
            }
            flags |= run.flags | run.last;
            j += run.count * 2 ** sub;
        }
        flushIotlb(domain, from, pages, flags);
    }
    return result;
}
