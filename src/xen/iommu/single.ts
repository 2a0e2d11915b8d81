import { frameField } from "../../format/format.ts";
import { newPosition, walk, widthOf } from "../../radix/tree.ts";
import { crash, type Domain, logLine } from "../domain.ts";
import type { Rights } from "../rights.ts";
import { driverOf } from "./driver.ts";
import { ADDED, flushIotlb, MODIFIED } from "./flush.ts";
import { mergeUpwards } from "./merging.ts";
import { mapRun, unmapRun } from "./tables.ts";

/**
 * IOMMU updates up to 4.11 (xen-mapping.md 7.4, 7.7, 7.10): one call a frame, and the vendor routine flushes by itself.
 */

const at = newPosition();

/** Frame number that the slot of a dfn holds now; 0 for an empty slot or none. */
function frameNow(domain: Domain, dfn: number): number {
  const { tree } = domain.iommu!;
  if (dfn >= widthOf(tree.format, tree.levels)) return 0;
  walk(tree, dfn, 1, at);
  return at.level === 1 ? frameField(at.lo, at.hi) : 0;
}

/** Flush flags that AMD-Vi's map call of these releases has: a command for every changed frame, or only for replaced ones. */
function amdFlags(domain: Domain, flags: number, changed: boolean): number {
  if (domain.machine.release.amdMergesWhileCreated) return (flags & MODIFIED) !== 0 ? ADDED | MODIFIED : 0;
  return changed && domain.kind !== "pv" ? ADDED | MODIFIED : 0;
}

/** Whether this mapping may still merge, and ends merging for good where the release says so (7.5). */
function merges(domain: Domain, rights: Rights, replaced: boolean): boolean {
  const { release } = domain.machine;
  if (!domain.amdMerging) return false;
  if (!release.amdMergesWhileCreated) return true;
  if (domain.started || replaced) domain.amdMerging = false;
  return domain.amdMerging && rights === 3;
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
    const before = amd ? frameNow(domain, dfn + i) : 0;
    const run = mapRun(domain, dfn + i, mfn + i, 0, amd ? 1 : pages - i, rights);
    ledger.iommuMapCalls += Math.max(run.count, 1);
    ledger.iommuVendorCalls += Math.max(run.count, 1);
    if (run.rc < 0) {
      const { rc } = run;
      logLine(
        domain,
        `d${domain.id}: IOMMU mapping gfn 0x${(dfn + i).toString(16)} to mfn 0x${(mfn + i).toString(16)} failed: ${rc}`,
      );
      if (machine.release.iommuErrorsReturned) singleUnmap(domain, dfn + i - (i % blockPages), i % blockPages);
      if (!domain.hardwareDomain || amd) crash(domain);
      return rc;
    }
    const { count, flags } = run;
    if (!amd) flushIotlb(domain, dfn + i, 1, flags, count);
    else {
      const changed = before !== mfn + i;
      flushIotlb(domain, dfn + i, 1, amdFlags(domain, flags, changed));
      // Early releases skip the counting walk when the slot already held that frame number.
      if (merges(domain, rights, (flags & MODIFIED) !== 0) && (changed || machine.release.amdMergesWhileCreated))
        mergeUpwards(domain, dfn + i, mfn + i);
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
    const run = unmapRun(domain, dfn + i, 0, pages - i);
    ledger.iommuUnmapCalls += Math.max(run.count, 1);
    ledger.iommuVendorCalls += Math.max(run.count, 1);
    if (run.rc < 0) {
      if (!domain.hardwareDomain || amd) crash(domain);
      return run.rc;
    }
    flushIotlb(domain, dfn + i, 1, amd ? MODIFIED : run.flags, run.count);
    i += run.count;
  }
  return 0;
}
