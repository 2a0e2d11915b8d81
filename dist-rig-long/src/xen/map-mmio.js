import { ACCESS_RWX, ERRNO, LOOP_BUDGET } from "./constants.js";
import { isTranslated, note } from "./domain.js";
import { mmioOrder } from "./order.js";
import { installMmio, removeMmio } from "./p2m/install.js";
/**
 * The loop that maps and its twin that unmaps share (xen-mapping.md 2.1): at most 64 iterations of whatever order.
 * Returns 0 when all is done, else the pages done when there are any, else the negative error.
 */
function loop(domain, gfn, pages, mfn, perBlock, explain) {
    const { ledger, machine } = domain;
    if (!isTranslated(domain))
        return machine.release.loopRefusesPv ? ERRNO.EOPNOTSUPP : 0;
    let done = 0;
    let budget = LOOP_BUDGET;
    let rc = 0;
    while (done < pages && budget > 0) {
        const at = gfn + done;
        const to = mfn + done;
        const left = pages - done;
        const decision = mmioOrder(domain, at, to, left);
        let { order } = decision;
        let lowered = null;
        let outcome;
        for (;;) {
            outcome = perBlock(domain, at, to, order, Math.min(budget, Math.floor(left / 2 ** order)));
            if (outcome.rc <= 0)
                break;
            // Rc 1 comes from read-only frames before anything is looked at, or from a table of 4 KiB entries.
            lowered = machine.mmioRo.overlaps(to, 2 ** order) && explain ? "read-only-frames" : "lower-table-present";
            order = outcome.rc - 1;
            ledger.retries++;
        }
        rc = outcome.rc;
        if (rc < 0) {
            ledger.orderDecisions++;
            break;
        }
        ledger.orderDecisions += outcome.blocks;
        ledger.iterations += outcome.blocks;
        if (explain)
            explainBlocks(domain, at, to, order, outcome.blocks, decision, lowered);
        budget -= outcome.blocks;
        done += outcome.blocks * 2 ** order;
    }
    if (done === pages)
        return 0;
    return done > 0 ? done : rc;
}
/** Note why these blocks have their order; pages of a demoted 2 MiB region all share its reason. */
function explainBlocks(domain, gfn, mfn, order, blocks, decision, lowered) {
    if (lowered)
        domain.demotion = { until: gfn + 2 ** decision.order, because: lowered };
    const { demotion } = domain;
    const demoted = demotion && order === 0 && gfn < demotion.until && gfn >= demotion.until - 512;
    note(domain, gfn, mfn, blocks * 2 ** order, order, demoted ? demotion.because : decision.because);
}
/** Map MMIO frames: 0, the positive number of frames done, or a negative error. */
export const mapMmioRegions = (domain, gfn, pages, mfn, access = ACCESS_RWX) => loop(domain, gfn, pages, mfn, (d, g, m, order, limit) => installMmio(d, g, m, order, limit, access), true);
/** Unmap MMIO frames; `mfn` only takes part in choosing orders. Returns as `mapMmioRegions`. */
export const unmapMmioRegions = (domain, gfn, pages, mfn) => loop(domain, gfn, pages, mfn, removeMmio, false);
