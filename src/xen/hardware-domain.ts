import type { Gfn, Mfn } from "../address.ts";
import type { FrameRange } from "../ranges.ts";
import { ACCESS_RW, ERRNO } from "./constants.ts";
import { type Domain, isTranslated } from "./domain.ts";
import { identityMap, isStrict, passesThrough } from "./identity.ts";
import { requestMap, requestRange, requestUnmap } from "./iommu/request.ts";
import { mapMmioRegions } from "./map-mmio.ts";
import { installMmio } from "./p2m/install.ts";
import { READ, type Rights, WRITE } from "./rights.ts";

/** The memory of a PV hardware domain, as its construction gets it. */
export interface Dom0Memory {
  /** Allocated at first, for the kernel and what comes with it. */
  readonly initial: readonly FrameRange[];
  readonly later: readonly FrameRange[];
  /** Frames of `initial` that hold its first page tables, ascending. */
  readonly pageTables: readonly FrameRange[];
}

const BOTH = (READ | WRITE) as Rights;

/**
 * The hardware domain's tables as boot makes them, before its devices' BARs and, for PVH, its RAM (xen-mapping.md 7.9,
 * 8.1). `memory` is a PV one's. Returns 0 or the first error; -EINVAL where the host's memory map is not known, and for
 * releases before 4.12, whose rules for PVH are others.
 */
export function setUpHardwareDomain(domain: Domain, memory: Dom0Memory): number {
  const { hostMap, release } = domain.machine;
  if (hostMap === null || !domain.hardwareDomain || !release.iommuRequests) return ERRNO.EINVAL;
  if (passesThrough(domain) || (domain.iommu === null && !isTranslated(domain))) return 0;
  const entered = !isTranslated(domain) && isStrict(domain) ? enterMemory(domain, memory) : 0;
  if (entered < 0) return entered;
  const { writable, readOnly } = identityMap(domain, hostMap);
  for (const range of writable.ranges) {
    const rc = isTranslated(domain) ? mapReserved(domain, range) : enter(domain, range, BOTH);
    if (rc < 0) return rc;
  }
  for (const range of readOnly.ranges) {
    const rc = enter(domain, range, READ as Rights);
    if (rc < 0) return rc;
  }
  return 0;
}

/** Identity map a range in the IOMMU's tables: in one request from 4.17 on, page by page before. */
function enter(domain: Domain, { start, end }: FrameRange, rights: Rights): number {
  if (domain.machine.release.iommuSuperpages) return requestRange(domain, start, start, end - start, rights);
  return requestMap(domain, start, start, 0, end - start, rights);
}

/** Strict mode of a PV hardware domain: its own memory. */
function enterMemory(domain: Domain, { initial, later, pageTables }: Dom0Memory): number {
  const { release } = domain.machine;
  for (const range of release.dom0EntersAllocations ? [...initial, ...later] : initial) {
    const rc = enter(domain, range, BOTH);
    if (rc < 0) return rc;
  }
  // Up to 4.16 pages enter as they are given the writable type: page tables not, but usually for the last one.
  const last = pageTables.at(-1)?.end ?? 0;
  for (const { start, end } of pageTables) {
    const stop = release.dom0EntersAllocations || end !== last ? end : end - 1;
    const rc = requestUnmap(domain, start, 0, stop - start);
    if (rc < 0) return rc;
  }
  return 0;
}

/** A reserved range in a PVH hardware domain's P2M: 4 KiB each up to 4.18, through the mapping loop later. */
function mapReserved(domain: Domain, { start, end }: FrameRange): number {
  if (domain.machine.release.dom0MapsByRanges) return mapMmio(domain, start as Gfn, start as Mfn, end - start);
  for (let frame = start; frame < end; frame++) {
    const { rc } = installMmio(domain, frame, frame, 0, 1, ACCESS_RW);
    if (rc < 0) return rc;
  }
  return 0;
}

/**
 * The mapping loop until it is done, as the hypervisor itself runs it: BARs of a PVH hardware domain's devices, ACPI
 * tables, what is left below 1 MiB (8.3, 8.5). Returns 0 or the error.
 */
export function mapMmio(domain: Domain, gfn: Gfn, mfn: Mfn, pages: number): number {
  for (let done = 0; done < pages; ) {
    const rc = mapMmioRegions(domain, (gfn + done) as Gfn, pages - done, (mfn + done) as Mfn);
    if (rc < 0) return rc;
    done = rc === 0 ? pages : done + rc;
  }
  return 0;
}
