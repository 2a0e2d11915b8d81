import { type Mfn, PAGE_SIZE } from "../address.ts";
import { type FrameRange, FrameSet } from "../ranges.ts";
import { type ByteRange, GIB, MIB } from "./guest-device.ts";
import type { PlatformCode } from "./reasons.ts";
import { has, type ReleaseNumber } from "./release.ts";

export interface Dom0IomemInput {
  readonly release: ReleaseNumber;
  readonly pvh: boolean;
  /** The physical address width: 32 to 52. */
  readonly physBits: number;
  readonly cpu: "intel" | "amd";
  /** AMD: the processor's family, e.g. 0x17. */
  readonly family: number;
  /** Machine frames of the IO-APICs; `readOnly`: in `mmio_ro_ranges`, as they normally are. */
  readonly ioApics: readonly { readonly mfn: number; readonly readOnly: boolean }[];
  /** Unusable ranges of the host's E820 map, bytes. */
  readonly unusable: readonly ByteRange[];
  readonly mmcfg: readonly FrameRange[];
  /** The HPET's frames where the ACPI table demands that pages be protected; else null. */
  readonly protectedHpet: FrameRange | null;
}

interface Denied extends FrameRange {
  readonly because: PlatformCode;
}

const APIC = 0xfee00;
const APIC_RANGE_END = 0xfef00;
const AMD_HOLE = (12 * GIB) / PAGE_SIZE;
const AMD_HOLE_BITS = 40;

/** Machine frames that dom0 may map, and what is denied and why (xen-mapping.md 7.9). */
export function dom0Iomem(input: Dom0IomemInput): {
  readonly permitted: FrameSet<Mfn>;
  readonly denied: readonly Denied[];
} {
  const { release, pvh, physBits, cpu, family, ioApics, unusable, mmcfg, protectedHpet } = input;
  const emulated = pvh && has(release, "pvhDom0DeniedIoApicsAndMmcfg");
  const apicEnd = has(release, "dom0OnlyApicPageDenied") ? APIC + 1 : APIC_RANGE_END;
  const denied: Denied[] = [{ start: APIC, end: apicEnd, because: "denied-local-apic" }];
  for (const { mfn, readOnly } of ioApics)
    if (emulated || !readOnly) denied.push({ start: mfn, end: mfn + 1, because: "denied-io-apic" });
  if (cpu === "amd") {
    const bits = has(release, "dom0AmdHoleAtTop") && family >= 0x17 ? physBits : AMD_HOLE_BITS;
    const end = 2 ** bits / PAGE_SIZE;
    denied.push({ start: Math.max(0, end - AMD_HOLE), end, because: "denied-amd-hypertransport" });
  }
  for (const { start, end } of unusable) {
    const from = Math.floor(Math.max(start, MIB) / PAGE_SIZE);
    const to = Math.ceil(end / PAGE_SIZE);
    if (to > from) denied.push({ start: from, end: to, because: "denied-unusable" });
  }
  if (protectedHpet !== null) denied.push({ ...protectedHpet, because: "denied-hpet" });
  if (emulated) for (const range of mmcfg) denied.push({ ...range, because: "denied-mmcfg" });

  const all = FrameSet.of<Mfn>({ start: 0, end: 2 ** physBits / PAGE_SIZE });
  const permitted = denied.reduce((set, { start, end }) => set.remove(start, end - start), all);
  return { permitted, denied };
}
