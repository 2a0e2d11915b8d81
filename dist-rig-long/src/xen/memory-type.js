import { hasIoPermission, usesIommu } from "./domain.js";
import { markAll } from "./p2m/ept-marks.js";
/**
 * The memory-type-changed action (xen-mapping.md 2.4), the hidden cost of each mapping hypercall up to 4.16: mark the
 * whole EPT for recalculation, and make every CPU of the host write back and invalidate its caches.
 */
export function memoryTypeChanged(domain) {
    const { machine, ledger } = domain;
    const { release } = machine;
    const isEpt = domain.p2m.format.name === "ept";
    if (domain.vcpus === 0)
        return;
    if (release.memoryTypeFlushConditional) {
        if (!hasIoPermission(domain) || !isEpt)
            return;
        markAll(domain);
        const mustFlush = !machine.selfSnoop || (usesIommu(domain) && machine.iommu?.snoopControl !== true);
        if (!domain.started || !mustFlush)
            return;
    }
    else {
        const concerned = usesIommu(domain) || (release.memoryTypeCountsPermissions && hasIoPermission(domain));
        if (!concerned)
            return;
        if (isEpt)
            markAll(domain);
    }
    ledger.cacheFlushes++;
    ledger.wbinvd += machine.cpus;
}
