import type { Gfn, Mfn } from "../address.ts";
import type { FrameSet } from "../ranges.ts";
import { ERRNO } from "./constants.ts";
import { type Domain, domainTag, isTranslated, logHasRoom, logLine, usesIommu } from "./domain.ts";
import type { Machine } from "./machine.ts";
import { mapMmioRegions, unmapMmioRegions } from "./map-mmio.ts";
import { memoryTypeChanged } from "./memory-type.ts";

/** A 64-bit field of a hypercall: numbers where they are exact, bigint for the rest. */
export type U64 = number | bigint;

const MAX = 2n ** 64n;

/** Last of a range, or null when it wraps (a count of 0 does, except from 0 on). */
function lastOf(first: U64, pages: U64): U64 | null {
  if (typeof first === "number" && typeof pages === "number" && pages > 0 && first + pages <= Number.MAX_SAFE_INTEGER)
    return first + pages - 1;
  const last = (BigInt(first) + BigInt(pages) - 1n + MAX) % MAX;
  return last < BigInt(first) ? null : last;
}

/**
 * A frame beyond what a double holds becomes one that is as large and as aligned for every rule that looks at it: all
 * rules refuse frames of 2^36 and above, and only the low 27 bits take part in choosing an order.
 */
const narrowed = (frame: U64): number => {
  if (typeof frame === "number") return frame;
  const value = BigInt(frame);
  return value < 2n ** 52n ? Number(value) : 2 ** 51 + Number(value % 2n ** 40n);
};

/** `XEN_DOMCTL_memory_mapping`, in the order of its checks (xen-mapping.md 2.2). All numbers are frames. */
export function memoryMapping(domain: Domain, gfnField: U64, mfnField: U64, pagesField: U64, add: boolean): number {
  const { machine, ledger } = domain;
  const { release } = machine;
  ledger.hypercalls++;
  if (domain.destroyed) return ERRNO.ESRCH;
  const lastMfn = lastOf(mfnField, pagesField);
  if (lastMfn === null || lastOf(gfnField, pagesField) === null) return ERRNO.EINVAL;
  // The last frame of a range that does not wrap is its largest.
  if (lastMfn >= 2 ** (machine.physBits - 12)) return ERRNO.EINVAL;
  const gfn = narrowed(gfnField) as Gfn;
  const mfn = Number(mfnField) as Mfn;
  const pages = Number(pagesField);
  const permitted = (): boolean =>
    machine.callerPermissions.contains(mfn, pages) &&
    (domain.permissions.frames.contains(mfn, pages) || (!add && release.removeNeedsCallerOnly));
  if (!release.domctlUnlocked && !permitted()) return ERRNO.EPERM;
  if (!isTranslated(domain) && release.loopRefusesPv) return 0;
  if (release.domctlUnlocked && !permitted()) return ERRNO.EPERM;

  const line = (event: string, rest = ""): void =>
    logLine(
      domain,
      `memory_map:${event}: ${domainTag(domain)} gfn=${gfn.toString(16)} mfn=${mfn.toString(16)} nr=${pages.toString(16)}${rest}`,
    );
  if (logHasRoom(domain)) line(add ? "add" : "remove");
  const rc = (add ? mapMmioRegions : unmapMmioRegions)(domain, gfn, pages, mfn);
  if (rc > 0) ledger.positiveReturns++;
  if (rc < 0 && add) line("fail", ` ret:${rc}`);
  else if (rc < 0) {
    const frames = `[${mfn.toString(16)},${lastMfn.toString(16)}]`;
    logLine(domain, `memory_map: error ${rc} removing ${domainTag(domain)} access to ${frames}`);
  }
  if (!release.domctlLeavesMemoryTypes) memoryTypeChanged(domain);
  return rc;
}

/**
 * What is left of a permission after a revocation. Where the range to revoke begins in a gap and reaches into a later
 * permission, the permission before the gap grew up to the range (seen on real Xen 4.14.6 and 4.17.7, not on 4.20.4):
 * the frames in between could then be mapped.
 */
function revoked({ release }: Machine, frames: FrameSet<Mfn>, start: number, pages: number): FrameSet<Mfn> {
  const rest = frames.remove(start, pages);
  const before = frames.ranges.findLast((range) => range.start <= start);
  const last = frames.ranges.findLast((range) => range.start < start + pages);
  if (release.revocationOnlyRemoves || !before || before === last || before.end >= start) return rest;
  return rest.add(before.end, start - before.end);
}

/**
 * `XEN_DOMCTL_iomem_permission`: grant or revoke the right to have machine frames mapped (2.4, end). Granting what is
 * granted and revoking what is not both succeed.
 */
export function iomemPermission(domain: Domain, mfnField: U64, pagesField: U64, allow: boolean): number {
  const { machine } = domain;
  if (domain.destroyed) return ERRNO.ESRCH;
  const last = lastOf(mfnField, pagesField);
  if (last === null) return ERRNO.EINVAL;
  if (last >= 2 ** 40 || !machine.callerPermissions.contains(Number(mfnField), Number(pagesField))) return ERRNO.EPERM;
  const mfn = Number(mfnField);
  const pages = Number(pagesField);
  const { permissions } = domain;
  const wasEmpty = permissions.frames.isEmpty;
  permissions.frames = allow ? permissions.frames.add(mfn, pages) : revoked(machine, permissions.frames, mfn, pages);
  // Up to 4.16 every success acts; later only the first grant, to a domain without IOMMU context (the last revocation
  // too, in vain: its condition no longer holds).
  const first = wasEmpty && !permissions.frames.isEmpty;
  if (!machine.release.domctlLeavesMemoryTypes || (first && !usesIommu(domain))) memoryTypeChanged(domain);
  return 0;
}
