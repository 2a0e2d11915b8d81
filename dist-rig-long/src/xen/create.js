import { newTable } from "../radix/edit.js";
import { store } from "../radix/entries.js";
import { ERRNO } from "./constants.js";
import { makeDomain } from "./domain.js";
import { makeTables } from "./iommu/driver.js";
import { ALL, flushIotlb, MODIFIED } from "./iommu/flush.js";
import { requestMap } from "./iommu/request.js";
import { backendOf } from "./p2m/backends.js";
/** Create a domain; its IOMMU context comes with it from 4.13 on, and with the first device before (7.2). */
export function createDomain(machine, spec = {}) {
    const domain = makeDomain(machine, spec);
    if (!machine.release.startsWithRootOnly && domain.kind !== "pv")
        buildTablesAtZero(domain);
    if (machine.release.iommuFixedAtCreation && (spec.iommu ?? "default") !== "none")
        makeContext(domain);
    return domain;
}
/** Up to 4.13 every P2M starts with a PDPT, PD and PT for gfn 0, all empty (3.4); `makeDomain` has counted them. */
function buildTablesAtZero(domain) {
    const { p2m } = domain;
    let parent = p2m.root;
    for (let level = p2m.levels - 1; level >= 1; level--) {
        const table = newTable(p2m);
        const to = backendOf(domain).pointer(domain, table, level);
        store(p2m.memory.words(parent), 0, to.lo, to.hi);
        parent = table;
    }
}
/** Decide sharing (7.2) and make tables where they are the domain's own. Returns 0 or an error. */
function makeContext(domain) {
    const { machine } = domain;
    if (machine.iommu === null)
        return 0;
    if (domain.hap && machine.sharesTables && domain.wantsSharing) {
        domain.iommuMode = "shared";
        return 0;
    }
    const rc = makeTables(domain);
    if (rc === 0)
        domain.iommuMode = "sync";
    return rc;
}
/**
 * Assign a device. From 4.13 on this changes no table, and needs a domain that was created with a context; before, the
 * first device makes the context and, with tables of their own, enters the RAM frame by frame (7.2, last paragraph).
 */
export function assignDevice(domain, bdf) {
    const { machine } = domain;
    if (domain.destroyed)
        return ERRNO.ESRCH;
    if (machine.iommu === null)
        return ERRNO.EOPNOTSUPP;
    if (domain.iommuMode === "none") {
        if (machine.release.iommuFixedAtCreation)
            return ERRNO.EOPNOTSUPP;
        const rc = makeContext(domain);
        if (rc < 0)
            return rc;
        if (domain.iommuMode === "sync") {
            const entered = enterRam(domain);
            if (entered < 0)
                return entered;
        }
    }
    if (domain.devices.has(bdf))
        return ERRNO.EBUSY;
    domain.devices.add(bdf);
    return 0;
}
/** The RAM page list, 4 KiB each, flushes suppressed, one whole flush at the end. Direct MMIO is not in it. */
function enterRam(domain) {
    const { iotlbFlushes, iotlbCommands, iotlbDomainCommands } = domain.ledger;
    for (const { mfn, gfn, pages } of domain.m2p.stretches) {
        const rc = requestMap(domain, domain.kind === "pv" ? mfn : gfn, mfn, 0, pages, 3);
        if (rc < 0)
            return rc;
    }
    Object.assign(domain.ledger, { iotlbFlushes, iotlbCommands, iotlbDomainCommands });
    flushIotlb(domain, 0, 1, ALL | MODIFIED);
    return 0;
}
/**
 * Take a device away. Tables stay as they are (12.3: what is left behind is known for tables only). -EOPNOTSUPP without
 * an IOMMU context, -ENODEV for a device that the domain does not have (as real Xen 4.14 to 4.20 answer).
 */
export function deassignDevice(domain, bdf) {
    if (domain.destroyed)
        return ERRNO.ESRCH;
    if (domain.iommuMode === "none")
        return ERRNO.EOPNOTSUPP;
    return domain.devices.delete(bdf) ? 0 : ERRNO.ENODEV;
}
/** Destroy a domain: later requests find none. */
export function destroyDomain(domain) {
    if (domain.destroyed)
        return ERRNO.ESRCH;
    domain.destroyed = true;
    return 0;
}
