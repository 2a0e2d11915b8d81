import { newTable } from "../radix/edit.ts";
import { store } from "../radix/entries.ts";
import { newPosition } from "../radix/tree.ts";
import { ERRNO } from "./constants.ts";
import { type Domain, type DomainSpec, makeDomain } from "./domain.ts";
import { makeTables, takeRoot } from "./iommu/driver.ts";
import { ALL, flushIotlb, MODIFIED } from "./iommu/flush.ts";
import { requestMap } from "./iommu/request.ts";
import { reach } from "./iommu/slots.ts";
import type { Machine } from "./machine.ts";
import { backendOf } from "./p2m/backends.ts";

/** Create a domain; its IOMMU context comes with it from 4.13 on, and with the first device before (7.2). */
export function createDomain(machine: Machine, spec: DomainSpec = {}): Domain {
  const domain = makeDomain(machine, spec);
  if (!machine.release.startsWithRootOnly && domain.kind !== "pv") buildTablesAtZero(domain);
  if (machine.release.iommuFixedAtCreation && (spec.iommu ?? "default") !== "none") makeContext(domain);
  return domain;
}

/** Up to 4.13 every P2M starts with a PDPT, PD and PT for gfn 0, all empty (3.4); `makeDomain` has counted them. */
function buildTablesAtZero(domain: Domain): void {
  const { p2m } = domain;
  let parent = p2m.root;
  for (let level = p2m.levels - 1; level >= 1; level--) {
    const table = newTable(p2m);
    const to = backendOf(domain).pointer(domain, table, level);
    store(p2m.memory.words(parent), 0, to.lo, to.hi);
    parent = table;
  }
}

/** Decide sharing (7.2) and make tables where they are the domain's own. */
function makeContext(domain: Domain): void {
  const { machine } = domain;
  if (machine.iommu === null) return;
  if (domain.hap && machine.sharesTables && domain.wantsSharing) {
    domain.iommuMode = "shared";
    return;
  }
  makeTables(domain);
  domain.iommuMode = "sync";
}

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
  if (domain.devices.has(bdf)) return ERRNO.EBUSY;
  const tables = reachForDevice(domain);
  if (tables < 0) return tables;
  domain.devices.add(bdf);
  return 0;
}

/**
 * The root, for the first device. Up to 4.16 VT-d gets it, if nothing has been mapped before, by a walk to dfn 0 that
 * makes the tables on the way. Returns 0 or an error.
 */
function reachForDevice(domain: Domain): number {
  const { machine, iommu } = domain;
  if (!takeRoot(domain)) return ERRNO.ENOMEM;
  if (iommu === null || machine.iommu?.kind !== "vtd" || machine.release.vtdAssignTakesRootOnly) return 0;
  if (machine.memory.words(iommu.tree.root).some((word) => word !== 0)) return 0;
  return Math.min(0, reach(domain, 0, 1, newPosition()));
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
 * an IOMMU context, -ENODEV for a device that the domain does not have (as real Xen 4.14 to 4.20 answer).
 */
export function deassignDevice(domain: Domain, bdf: string): number {
  if (domain.destroyed) return ERRNO.ESRCH;
  if (domain.iommuMode === "none") return ERRNO.EOPNOTSUPP;
  return domain.devices.delete(bdf) ? 0 : ERRNO.ENODEV;
}

/** Destroy a domain: later requests find none. */
export function destroyDomain(domain: Domain): number {
  if (domain.destroyed) return ERRNO.ESRCH;
  domain.destroyed = true;
  return 0;
}
