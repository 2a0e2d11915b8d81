import { newPosition } from "../radix/tree.ts";
import { ERRNO } from "./constants.ts";
import { makeContext } from "./context.ts";
import type { Domain } from "./domain.ts";
import { takeRoot } from "./iommu/driver.ts";
import { ALL, flushIotlb, MODIFIED } from "./iommu/flush.ts";
import { requestMap } from "./iommu/request.ts";
import { reach } from "./iommu/slots.ts";
import { canQuarantine, deviceOf, takeFromDom0 } from "./quarantine.ts";

/**
 * Assign a device. From 4.13 on this changes no table, and needs a domain that was created with a context; before, the
 * first device makes the context and, with tables of their own, enters the RAM frame by frame (7.2, last paragraph).
 */
export function assignDevice(domain: Domain, bdf: string): number {
  const { machine } = domain;
  if (domain.destroyed) return ERRNO.ESRCH;
  if (machine.iommu === null) return ERRNO.EOPNOTSUPP;
  if (domain.iommuMode === "none") {
    if (machine.release.iommuFixedAtCreation) return ERRNO.EOPNOTSUPP;
    makeContext(domain);
    if (domain.iommu !== null) {
      const entered = enterRam(domain);
      if (entered < 0) return entered;
    }
  }
  const device = deviceOf(machine, bdf);
  if (device.assigned) return ERRNO.EBUSY;
  if (!takeFromDom0(machine, device)) return ERRNO.ENOMEM;
  const tables = rootForDevice(domain);
  if (tables < 0) return tables;
  device.assigned = true;
  domain.devices.add(bdf);
  return 0;
}

/**
 * The root, where it is not there yet. Up to 4.16 VT-d gets it by a walk to dfn 0 that makes the tables on the way, as
 * many as there is memory for. Returns 0 or an error.
 */
function rootForDevice(domain: Domain): number {
  const { machine, iommu } = domain;
  if (iommu === null || iommu.rootTaken) return 0;
  if (!takeRoot(domain)) return ERRNO.ENOMEM;
  if (machine.iommu?.kind === "vtd" && !machine.release.vtdAssignTakesRootOnly) reach(domain, 0, 1, newPosition());
  return 0;
}

/** The RAM page list, 4 KiB each, flushes suppressed, one whole flush at the end. Direct MMIO is not in it. */
function enterRam(domain: Domain): number {
  const { iotlbFlushes, iotlbCommands, iotlbDomainCommands } = domain.ledger;
  for (const { mfn, gfn, pages } of domain.m2p.stretches) {
    const rc = requestMap(domain, domain.kind === "pv" ? mfn : gfn, mfn, 0, pages, 3);
    if (rc < 0) return rc;
  }
  Object.assign(domain.ledger, { iotlbFlushes, iotlbCommands, iotlbDomainCommands });
  flushIotlb(domain, 0, 1, ALL | MODIFIED);
  return 0;
}

/**
 * Take a device away. Tables stay as they are (12.3: what is left behind is known for tables only). -EOPNOTSUPP without
 * an IOMMU context, -ENODEV for a device that the domain does not have (as real Xen 4.14 to 4.20 answer), -ENOMEM when
 * it cannot be put into quarantine: then the domain keeps it.
 */
export function deassignDevice(domain: Domain, bdf: string): number {
  if (domain.destroyed) return ERRNO.ESRCH;
  if (domain.iommuMode === "none") return ERRNO.EOPNOTSUPP;
  if (!domain.devices.has(bdf)) return ERRNO.ENODEV;
  if (!canQuarantine(domain.machine)) return ERRNO.ENOMEM;
  Object.assign(deviceOf(domain.machine, bdf), { assigned: false, quarantined: true });
  domain.devices.delete(bdf);
  return 0;
}

/** A destroyed domain's devices go into quarantine. */
export function giveUpDevices({ machine, devices }: Domain): void {
  for (const bdf of devices) Object.assign(deviceOf(machine, bdf), { assigned: false, quarantined: true });
}
