import { offsetIn } from "../../address.ts";
import { frameField, LEAF } from "../../format/format.ts";
import { newPosition, walk } from "../../radix/tree.ts";
import { crash, type Domain, logLine } from "../domain.ts";
import type { Rights } from "../rights.ts";
import { driverOf } from "./driver.ts";
import { ADDED, flushIotlb, MODIFIED } from "./flush.ts";
import { mapRun } from "./map.ts";
import { mergeUpwards, storesBeforeMerge } from "./merging.ts";
import { isBeyond } from "./slots.ts";
import { unmapRun } from "./unmap.ts";
import { fillTablesByPage, TABLE_PAGES } from "./whole.ts";

/**
 * IOMMU updates up to 4.11 (xen-mapping.md 7.4, 7.7, 7.10): one call a frame, and the vendor routine flushes by itself.
 */

const at = newPosition();

/** Frame number that the slot of a dfn holds now; 0 for an empty slot or none. */
function frameNow(domain: Domain, dfn: number): number {
  const { tree } = domain.iommu!;
  if (isBeyond(tree, dfn)) return 0;
  walk(tree, dfn, 1, at);
  if (at.kind !== LEAF) return 0;
  return frameField(at.lo, at.hi) + offsetIn(dfn, 9 * (at.level - 1));
}

/** Whether this mapping may still merge; ends merging for good where the release says so (7.5). */
function merges(domain: Domain, rights: Rights, replaced: boolean): boolean {
  if (!domain.amdMerging) return false;
  if (!domain.machine.release.amdMergesWhileCreated) return true;
  if (domain.started || replaced) domain.amdMerging = false;
  return domain.amdMerging && rights === 3;
}

/**
 * Map like frames of one table with AMD-Vi. Returns how many, or a negative error. Early releases send HVM domains a
 * command for every changed frame number and count only then; later ones a command for a replaced entry.
 */
function amdMap(domain: Domain, dfn: number, mfn: number, limit: number, rights: Rights): number {
  const late = domain.machine.release.amdMergesWhileCreated;
  const changed = frameNow(domain, dfn) !== mfn;
  // Frame 0 is what an empty slot seems to hold, so its page differs from the next ones.
  const alike = mfn === 0 ? 1 : limit;
  const run = mapRun(
    domain,
    dfn,
    mfn,
    0,
    domain.amdMerging ? Math.min(alike, storesBeforeMerge(domain, dfn)) : alike,
    rights,
  );
  if (run.rc < 0) return run.rc;
  const { count } = run;
  const replaced = (run.flags & MODIFIED) !== 0;
  if (late ? replaced : changed && domain.kind !== "pv") flushIotlb(domain, dfn, 1, ADDED | MODIFIED, count);
  if (merges(domain, rights, replaced) && (late || changed)) mergeUpwards(domain, dfn, mfn, count);
  return count;
}

function vtdMap(domain: Domain, dfn: number, mfn: number, limit: number, rights: Rights): number {
  const tables = fillTablesByPage(domain, dfn, mfn, limit, rights);
  if (tables > 0) {
    flushIotlb(domain, dfn, 1, ADDED, tables * TABLE_PAGES);
    return tables * TABLE_PAGES;
  }
  const { rc, count, flags } = mapRun(domain, dfn, mfn, 0, limit, rights);
  if (rc < 0) return rc;
  flushIotlb(domain, dfn, 1, flags, count);
  return count;
}

/**
 * Map frames one by one. When one fails, those of its block (`blockPages` frames from a multiple of it on) are
 * unmapped again from 4.8 on, the line is logged and the domain crashes.
 */
export function singleMap(
  domain: Domain,
  dfn: number,
  mfn: number,
  pages: number,
  blockPages: number,
  rights: Rights,
): number {
  const { ledger, machine } = domain;
  const amd = driverOf(machine).kind === "amdvi";
  for (let i = 0; i < pages; ) {
    const count = (amd ? amdMap : vtdMap)(domain, dfn + i, mfn + i, pages - i, rights);
    ledger.iommuMapCalls += Math.max(count, 1);
    ledger.iommuVendorCalls += Math.max(count, 1);
    if (count < 0) {
      const place = `gfn 0x${(dfn + i).toString(16)} to mfn 0x${(mfn + i).toString(16)}`;
      logLine(domain, `d${domain.id}: IOMMU mapping ${place} failed: ${count}`);
      if (machine.release.iommuErrorsReturned) singleUnmap(domain, dfn + i - (i % blockPages), i % blockPages);
      if (!domain.hardwareDomain || amd) crash(domain);
      return count;
    }
    i += count;
  }
  return 0;
}

/** Unmap frames one by one; AMD-Vi flushes each unconditionally, VT-d those that were present. */
export function singleUnmap(domain: Domain, dfn: number, pages: number): number {
  const { ledger, machine } = domain;
  const amd = driverOf(machine).kind === "amdvi";
  if (amd && machine.release.amdMergesWhileCreated && pages > 0) domain.amdMerging = false;
  for (let i = 0; i < pages; ) {
    const { rc, count, flags } = unmapRun(domain, dfn + i, 0, pages - i);
    ledger.iommuUnmapCalls += Math.max(count, 1);
    ledger.iommuVendorCalls += Math.max(count, 1);
    if (rc < 0) {
      if (!domain.hardwareDomain || amd) crash(domain);
      return rc;
    }
    flushIotlb(domain, dfn + i, 1, amd ? MODIFIED : flags, count);
    i += count;
  }
  return 0;
}
