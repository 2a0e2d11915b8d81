import { isAligned } from "../address.ts";
/**
 * What EPT, NPT and VT-d second stage share: nine index bits a level, bit 7 marks a leaf at levels 2 and 3, level 1
 * holds only leaves, levels 4 and 5 only tables (page-table-formats.md 0.1). Hot path: integer operations only.
 */
import { frameField, frameHi, frameLo, type Raw } from "./format.ts";

/** 2^40 frames: all that bits 51:12 can name. */
const FRAMES = 2 ** 40;
export const NO_BITS: Raw = { lo: 0, hi: 0 };

/** Whether a present entry of a bit-7 format ends the walk. */
export const isPagedLeaf = (lo: number, level: number): boolean => level <= 1 || (level <= 3 && (lo & 0x80) !== 0);

/** Output frame; the bits below a large leaf's address field (reserved, or NPT's PAT) are dropped. */
export function pagedFrame(lo: number, hi: number, level: number): number {
  if ((lo & 0x80) !== 0) {
    if (level === 2) return frameField(lo & 0xffe00000, hi);
    if (level === 3) return frameField(lo & 0xc0000000, hi);
  }
  return frameField(lo, hi);
}

export const pagedOrder = (_lo: number, _hi: number, level: number): number => (level - 1) * 9;

const ORDERS: readonly (readonly number[])[] = [[], [0], [9], [18]];
export const pagedLeafOrders = (level: number): readonly number[] => ORDERS[level] ?? [];

export const ADDRESS: Raw = { lo: 0xfffff000, hi: 0xfffff };
const ADDRESS_2M: Raw = { lo: 0xffe00000, hi: 0xfffff };
const ADDRESS_1G: Raw = { lo: 0xc0000000, hi: 0xfffff };

/** Bits 51:12, or 51:21 and 51:30 in a large leaf. An entry that is not present has no address field. */
export function pagedAddressMask(present: boolean, lo: number, level: number): Raw {
  if (!present) return NO_BITS;
  if (level <= 1 || !isPagedLeaf(lo, level)) return ADDRESS;
  return level === 2 ? ADDRESS_2M : ADDRESS_1G;
}

/** Throws RangeError unless 0 ≤ frame < 2^40 and frame is a multiple of 2^order. */
export function checkFrame(frame: number, order: number): void {
  if (!Number.isInteger(frame) || frame < 0 || frame >= FRAMES)
    throw new RangeError(`frame out of range: ${frame} (expected 0 to 2^40 - 1)`);
  if (!isAligned(frame, order)) throw new RangeError(`frame 0x${frame.toString(16)} is not aligned to order ${order}`);
}

/** Throws RangeError unless the order is 0, 9 or 18. */
export function checkPagedOrder(order: number): void {
  if (order !== 0 && order !== 9 && order !== 18)
    throw new RangeError(`order ${order} has no encoding (expected 0, 9 or 18)`);
}

/**
 * The flags of a leaf around another frame at another order; bit 7 follows the order. Bits that were reserved below a
 * large leaf's address have no place in a smaller one.
 */
export function pagedResize(lo: number, hi: number, _level: number, frame: number, order: number): Raw {
  checkPagedOrder(order);
  checkFrame(frame, order);
  return compose(frame, (lo & 0xf7f) | (order !== 0 ? 0x80 : 0), hi & 0xfff00000);
}

/** Flags and a frame in bits 51:12, with software's bits ORed in. */
export function compose(frame: number, lo: number, hi: number, software: Raw = NO_BITS): Raw {
  return {
    lo: (frameLo(frame) | lo | software.lo) >>> 0,
    hi: (frameHi(frame) | hi | software.hi) >>> 0,
  };
}
