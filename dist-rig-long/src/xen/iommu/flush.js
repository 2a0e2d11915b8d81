/** What an IOMMU update asks of the flush that follows (xen-mapping.md 7.4). */
export const ADDED = 1;
export const MODIFIED = 2;
/** A table went: everything of the domain must go. */
export const ALL = 4;
/** Whether [dfn, dfn + pages) lies within one aligned block of 2^order. */
const within = (dfn, pages, order) => Math.floor(dfn / 2 ** order) === Math.floor((dfn + pages - 1) / 2 ** order);
/**
 * IOMMUs that get a command (10.1, "U"): the VT-d units with a device of the domain, `units` of them once it has any;
 * all AMD IOMMUs of the host.
 */
function unitsOf({ machine, devices, hardwareDomain }) {
    const { iommu } = machine;
    if (!iommu)
        return 0;
    return iommu.kind === "amdvi" || devices.size > 0 || hardwareDomain ? iommu.units : 0;
}
/** The vendor routine itself flushes the whole domain: merging, splitting and growing up to 4.16 (7.10). */
export function flushWholeDomain(domain) {
    domain.ledger.iotlbDomainCommands += unitsOf(domain);
}
/**
 * `times` IOTLB flush requests for ranges of `pages` like the one at `dfn`, and the commands that the hardware gets
 * (7.7, 7.10). Nothing happens without flags.
 */
export function flushIotlb(domain, dfn, pages, flags, times = 1) {
    const { ledger, machine } = domain;
    const { iommu } = machine;
    if (flags === 0 || pages === 0 || !iommu)
        return;
    ledger.iotlbFlushes += times;
    if ((flags & (MODIFIED | ALL)) === 0 && (iommu.kind === "amdvi" || !iommu.cachingMode))
        return;
    const order = Math.log2(pages);
    const whole = (flags & ALL) !== 0 ||
        (iommu.kind === "vtd"
            ? !Number.isInteger(order) || dfn % pages !== 0 || order > iommu.maxMask
            : !within(dfn, pages, 18));
    if (whole)
        ledger.iotlbDomainCommands += times * unitsOf(domain);
    else
        ledger.iotlbCommands += times * unitsOf(domain);
}
