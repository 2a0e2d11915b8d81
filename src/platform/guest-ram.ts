import { hex } from "../address.ts";
import { type ByteRange, GIB, MIB, overlaps, roundDown } from "./guest-device.ts";
import { LOW_HOLE_START } from "./hvmloader-hole.ts";
import { type PlatformCode, type Remark, remark } from "./reasons.ts";

export interface GuestRamInput {
  /** xl.cfg `memory` (or `maxmem`), MiB; video memory is part of it. */
  readonly memoryMiB: number;
  /** Taken from `memory` for the emulated display adapter, MiB. Default 0. */
  readonly videoRamMiB?: number;
  /** xl.cfg `mmio_hole`, MiB; null when not given. */
  readonly mmioHoleMiB: number | null;
  readonly hap: boolean;
  /** Reserved device memory (RMRR) of the assigned devices. */
  readonly rdm?: readonly ByteRange[];
  readonly rdmPolicy?: "strict" | "relaxed";
  /** MiB. Default 2048 (unverified). */
  readonly rdmBoundaryMiB?: number;
}

export interface GuestRam {
  /** End of RAM below 4 GiB, bytes. */
  readonly lowRamEnd: number;
  /** End of RAM that starts at 4 GiB, bytes; null without any. */
  readonly highRamEnd: number | null;
  /** The hole that is in force, MiB; null when the default is. Goes to `placeBars`. */
  readonly mmioHoleMiB: number | null;
  readonly because: PlatformCode;
  readonly remarks: readonly Remark[];
}

const HOLE_MIN_MIB = 256;
const HOLE_MAX_MIB = 3840;
const RDM_ALIGN_HAP = 2 * MIB;

/**
 * Where an HVM guest's RAM lies (guest-mmio-layout.md 3). That video memory lessens RAM agrees with hvmloader's
 * messages on real guests: 8 GiB with 8 MiB of video memory end at 0x20f800000. Never throws.
 */
export function guestRam(input: GuestRamInput): GuestRam {
  const {
    memoryMiB,
    videoRamMiB = 0,
    mmioHoleMiB,
    hap,
    rdm = [],
    rdmPolicy = "relaxed",
    rdmBoundaryMiB = 2048,
  } = input;
  const remarks: Remark[] = [];
  const valid = mmioHoleMiB !== null && mmioHoleMiB >= HOLE_MIN_MIB && mmioHoleMiB <= HOLE_MAX_MIB;
  if (mmioHoleMiB !== null && !valid) remarks.push(remark("mmio-hole-out-of-range", `mmio_hole = ${mmioHoleMiB}`));
  const holeStart = valid ? 4 * GIB - mmioHoleMiB * MIB : LOW_HOLE_START;

  const ram = Math.max(0, memoryMiB - videoRamMiB) * MIB;
  let lowRamEnd = Math.min(ram, holeStart);
  let because: PlatformCode = valid ? "hole-given" : "ram-default-hole";
  for (const range of [...rdm].sort((a, b) => a.start - b.start)) {
    if (!overlaps(range, { start: 0, end: lowRamEnd })) continue;
    const where = `${hex(range.start)} to ${hex(range.end)}`;
    if (range.start >= rdmBoundaryMiB * MIB) {
      lowRamEnd = hap ? roundDown(range.start, RDM_ALIGN_HAP) : range.start;
      because = "rdm-lowered-ram";
      remarks.push(remark("rdm-lowered-ram", where));
    } else remarks.push(remark(rdmPolicy === "strict" ? "rdm-conflict" : "rdm-ignored", where));
  }
  const high = ram - lowRamEnd;
  const highRamEnd = high > 0 ? 4 * GIB + high : null;
  return { lowRamEnd, highRamEnd, mmioHoleMiB: valid ? mmioHoleMiB : null, because, remarks };
}
