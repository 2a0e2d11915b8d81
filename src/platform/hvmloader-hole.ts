import { hex } from "../address.ts";
import { type ByteRange, GIB, MIB, overlaps } from "./guest-device.ts";
import { type Remark, remark } from "./reasons.ts";

/** Where the low hole starts unless told otherwise (guest-mmio-layout.md 2.2). */
export const LOW_HOLE_START = 0xf0000000;
/** Where the low hole ends (guest-mmio-layout.md 2.2). */
export const LOW_HOLE_END = 0xfc000000;

export interface LowHoleInput {
  /** Bytes of BARs and ROMs that count: `mmio_total`. */
  readonly total: number;
  /** End of the hole, bytes. */
  readonly end: number;
  readonly lowRamEnd: number;
  readonly highRamEnd: number | null;
  readonly mmioHoleMiB: number | null;
  readonly allowRelocate: boolean;
  readonly rdm: readonly ByteRange[];
}

export interface LowHole {
  readonly start: number;
  /** RAM after hvmloader has moved what lay in the hole. */
  readonly lowRamEnd: number;
  readonly highRamEnd: number | null;
  readonly remarks: readonly Remark[];
}

/** The start by `mmio_hole`, or null where it is not given or ignored. */
function givenStart(mmioHoleMiB: number | null): number | null {
  if (mmioHoleMiB === null) return null;
  const start = 4 * GIB - mmioHoleMiB * MIB;
  return start >= 0 && start <= LOW_HOLE_START ? start : null;
}

/** Doubles the hole by shifting its start left as a 32-bit number, while that helps and is allowed. */
function grownStart({ total, end, lowRamEnd, allowRelocate }: LowHoleInput): number {
  let start = LOW_HOLE_START;
  while (total > end - start) {
    const next = (start << 1) >>> 0;
    if (next === 0 || (!allowRelocate && next < lowRamEnd)) break;
    start = next;
  }
  return start;
}

/** hvmloader's low hole, and what becomes of RAM in it (guest-mmio-layout.md 2.2). All numbers are bytes. */
export function lowHole(input: LowHoleInput): LowHole {
  const { total, end, lowRamEnd, highRamEnd, mmioHoleMiB, allowRelocate, rdm } = input;
  const remarks: Remark[] = [];
  const given = givenStart(mmioHoleMiB);
  let start = given ?? grownStart(input);
  if (given !== null) remarks.push(remark("hole-given", hex(start)));
  else {
    if (mmioHoleMiB !== null) remarks.push(remark("hole-ignored", `mmio_hole = ${mmioHoleMiB} MiB`));
    if (start < LOW_HOLE_START) remarks.push(remark("hole-grown", `from ${hex(LOW_HOLE_START)} to ${hex(start)}`));
    if (total > end - start && !allowRelocate) remarks.push(remark("hole-limited-by-ram", hex(start)));
  }
  if (lowRamEnd < start && rdm.some((r) => overlaps(r, { start, end }))) {
    start = lowRamEnd;
    remarks.push(remark("hole-lowered-for-rdm", hex(start)));
  }
  if (start >= lowRamEnd) return { start, lowRamEnd, highRamEnd, remarks };
  if (!allowRelocate)
    return { start, lowRamEnd, highRamEnd, remarks: [...remarks, remark("hole-overlaps-ram", hex(start))] };
  const moved = lowRamEnd - start;
  remarks.push(remark("ram-relocated", `${hex(moved)} bytes from ${hex(start)}`));
  return { start, lowRamEnd: start, highRamEnd: (highRamEnd ?? 4 * GIB) + moved, remarks };
}
