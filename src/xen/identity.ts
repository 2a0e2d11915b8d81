import type { Mfn } from "../address.ts";
import { FrameSet } from "../ranges.ts";
import { type Domain, isTranslated } from "./domain.ts";
import { common, framesOf, type HostMap, topOfRam, union, without } from "./host-map.ts";

/** What the hardware domain's devices reach at the same address as its own (xen-mapping.md 7.9). */
export interface IdentityMap {
  readonly writable: FrameSet<Mfn>;
  readonly readOnly: FrameSet<Mfn>;
}

const FOUR_GIB = 0x100000;
const INTERRUPTS = FrameSet.of<Mfn>({ start: 0xfee00, end: 0xfef00 });
const NONE = FrameSet.empty<Mfn>();

/** Only its own memory is entered: a PVH hardware domain always, a PV one with `dom0-iommu=strict`. */
export const isStrict = (domain: Domain): boolean => isTranslated(domain) || domain.machine.options.dom0Strict;

/** Its devices reach all memory, untranslated. */
export const passesThrough = (domain: Domain): boolean =>
  !isTranslated(domain) && domain.machine.options.dom0Passthrough;

/** Frames that are wanted, by what the memory map says of them. A frame that is partly reserved counts as reserved. */
function wanted(domain: Domain, map: HostMap): FrameSet<Mfn> {
  const { options, release } = domain.machine;
  const strict = isStrict(domain);
  const inclusive = options.dom0Inclusive && !isTranslated(domain);
  const below4g = FrameSet.of<Mfn>({ start: 0, end: FOUR_GIB });
  const [ram, reserved, unusable] = [framesOf(map, "ram"), framesOf(map, "reserved"), framesOf(map, "unusable")];
  const reservedToo = options.dom0Reserved ? reserved : NONE;
  if (release.dom0MapsByRanges) {
    const set = union(union(inclusive ? below4g : NONE, reservedToo), strict ? NONE : ram);
    return without(set, unusable);
  }
  const others = inclusive ? without(without(below4g, ram), reserved) : NONE;
  const set = union(union(others, strict ? NONE : without(ram, reserved)), inclusive ? reserved : reservedToo);
  const limit = Math.max(topOfRam(map), FOUR_GIB);
  return without(without(set, unusable), FrameSet.of<Mfn>({ start: limit, end: 2 ** 40 }));
}

/** The frames that are identity mapped for the hardware domain, before its devices' own ranges. */
export function identityMap(domain: Domain, map: HostMap): IdentityMap {
  const { machine } = domain;
  const { release, mmioRo } = machine;
  const translated = isTranslated(domain);
  const emulated = translated ? union(map.ioApics, map.configWindows) : NONE;
  const permitted = without(
    union(machine.callerPermissions, map.vtdRegisters),
    release.dom0MapsPermittedOnly ? emulated : NONE,
  );
  const usable = without(wanted(domain, map), map.own);
  const allowed = release.dom0MapsPermittedOnly
    ? common(usable, permitted)
    : without(without(usable, INTERRUPTS), emulated);
  if (translated || !release.dom0MapsReadOnly) return { writable: allowed, readOnly: NONE };
  return { writable: without(allowed, mmioRo), readOnly: common(mmioRo, permitted) };
}
