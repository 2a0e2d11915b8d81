import { type Gfn, type Mfn, pagesOf } from "../address.ts";
import { EMPTY } from "../format/format.ts";
import { ACCESS_RWX, ERRNO, isGrantOrForeign, isRam, TYPE } from "./constants.ts";
import { crash, type Domain, isTranslated, logLine } from "./domain.ts";
import { requestMap } from "./iommu/request.ts";
import { takeRam } from "./machine.ts";
import { NONE } from "./p2m/backend.ts";
import { alikeBlocks, lookUp } from "./p2m/lookup.ts";
import { isOneEntry, setEntries } from "./p2m/write.ts";

/**
 * Give a domain RAM, as the toolstack's populate request does: `extents` blocks of 2^order frames from `gfn` on. `mfn`
 * null lets the hypervisor choose. Returns the number of extents populated (xen-mapping.md 4, "RAM").
 */
export function populate(domain: Domain, gfn: Gfn, order: number, extents: number, mfn: Mfn | null): number {
  const { machine } = domain;
  const pages = pagesOf(order);
  for (let i = 0; i < extents; ) {
    const allowed = Math.floor((domain.maxPages - domain.ownedPages) / pages);
    if (allowed < 1) return i;
    const at = gfn + i * pages;
    const frame = mfn === null ? takeRam(machine, order) : ((mfn + i * pages) as Mfn);
    const n = holesFrom(domain, at, frame, order, Math.min(extents - i, allowed));
    if (mfn === null) takeRam(machine, order, n - 1);
    domain.ownedPages += n * pages;
    const rc = addRam(domain, at, frame, order, n);
    // Up to 4.15 the rejection is ignored and the extent counts as populated.
    if (rc < 0 && machine.release.populateReportsRejection) return i;
    i += n;
  }
  return extents;
}

/** How many extents from here on go into empty slots of a table that is there, so that all are entered alike; at least 1. */
function holesFrom(domain: Domain, gfn: number, mfn: Mfn, order: number, limit: number): number {
  if (!isTranslated(domain) || limit === 1 || !isOneEntry(domain, gfn, mfn, order)) return 1;
  const met = lookUp(domain, gfn);
  const n = alikeBlocks(domain, met, gfn, mfn, order, limit);
  return n > 1 && met.at.kind === EMPTY && met.at.level === order / 9 + 1 ? n : 1;
}

/** A PV hardware domain's own memory is entered in strict mode only (7.9). */
const syncsOwnMemory = (domain: Domain): boolean =>
  domain.iommuMode === "sync" && (!domain.hardwareDomain || domain.machine.options.dom0Strict);

/** Enter `n` extents, several only where `holesFrom` says so. */
function addRam(domain: Domain, gfn: number, mfn: Mfn, order: number, n: number): number {
  const pages = n * pagesOf(order);
  if (!isTranslated(domain)) {
    domain.m2p.set(mfn, gfn as Gfn, pages);
    domain.ledger.m2pUpdates += pages;
    // Page by page, as each is given the writable type once (section 9).
    return syncsOwnMemory(domain) ? requestMap(domain, mfn, mfn, 0, pages, 3) : 0;
  }
  if (n > 1) domain.ledger.lookups += pages;
  else {
    const rc = replaceable(domain, gfn, mfn, pages);
    if (rc < 0) return rc;
  }
  const written = setEntries(domain, gfn, mfn, order, n, TYPE.ram_rw, ACCESS_RWX);
  if (written < 0) return written;
  domain.m2p.set(mfn, gfn as Gfn, pages);
  domain.ledger.m2pUpdates += pages;
  return 0;
}

/** Every frame is looked up: protected types refuse (identical or not), RAM found loses its M2P word. */
function replaceable(domain: Domain, gfn: number, mfn: number, pages: number): number {
  const { ledger, machine } = domain;
  const { release } = machine;
  for (let i = 0; i < pages; ) {
    const found = lookUp(domain, gfn + i);
    const span = pagesOf(found.order);
    const alike = found.mfn === NONE || found.order > 0 ? Math.min(pages - i, span - ((gfn + i) % span)) : 1;
    const isMmio = found.type === TYPE.mmio_direct;
    if (isGrantOrForeign(found.type) || (isMmio && release.guardsDirectMmio)) {
      ledger.lookups += 1;
      if (release.toleratesIdentical) {
        const hex = (n: number): string => `0x${n.toString(16)}`;
        const was = `${hex(found.mfn)},${found.type},${found.access}`;
        logLine(
          domain,
          `d${domain.id}: GFN ${hex(gfn + i)} (${was}) -> (${hex(mfn + i)},${TYPE.ram_rw},${ACCESS_RWX}) not permitted`,
        );
      }
      crash(domain);
      return release.guardsDirectMmio ? ERRNO.EPERM : ERRNO.EINVAL;
    }
    ledger.lookups += alike;
    if (isRam(found.type) && found.mfn !== NONE) {
      domain.m2p.invalidate(found.mfn as Mfn, alike);
      ledger.m2pUpdates += alike;
    }
    i += alike;
  }
  return 0;
}

/** Take one frame's entry away; the page stays allocated (3.5). -ENOENT where there is no RAM, and no foreign page. */
export function removeFromPhysmap(domain: Domain, gfn: Gfn): number {
  domain.ledger.lookups++;
  const found = lookUp(domain, gfn);
  const isForeign = found.type === TYPE.map_foreign;
  if ((!isRam(found.type) && !isForeign) || found.mfn === NONE) return ERRNO.ENOENT;
  const { mfn } = found;
  const rc = setEntries(domain, gfn, NONE, 0, 1, TYPE.invalid, ACCESS_RWX);
  if (rc < 0 || isForeign) return rc;
  domain.m2p.invalidate(mfn as Mfn, 1);
  domain.ledger.m2pUpdates++;
  return 0;
}

/**
 * Give RAM back: `extents` blocks of 2^order frames, frame by frame in ascending order. Returns the extents completely
 * done; frames of the one where it stopped stay removed (3.5).
 */
export function decreaseReservation(domain: Domain, gfn: Gfn, order: number, extents: number): number {
  const pages = pagesOf(order);
  for (let extent = 0; extent < extents; extent++)
    for (let i = 0; i < pages; i++) {
      const at = (gfn + extent * pages + i) as Gfn;
      const found = lookUp(domain, at);
      if (found.type === TYPE.mmio_direct && !domain.machine.release.guardsDirectMmio) {
        if (setEntries(domain, at, NONE, 0, 1, TYPE.invalid, ACCESS_RWX) < 0) return extent;
        continue;
      }
      if (found.type === TYPE.map_foreign || removeFromPhysmap(domain, at) < 0) return extent;
      domain.ownedPages--;
    }
  return extents;
}
