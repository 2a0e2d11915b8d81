/** A PCI function as the guest's firmware finds it on the guest's bus 0, emulated or passed through. */

/** A half-open range of byte addresses. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export interface GuestBar {
  /** 0 to 5; a 64-bit BAR has the number of its lower half. */
  readonly index: number;
  readonly kind: "memory" | "io";
  /** Bytes, a power of two. */
  readonly size: number;
  readonly width: 32 | 64;
  readonly prefetchable: boolean;
}

export interface GuestDevice {
  /** The caller's name for it; comes back in every result. */
  readonly id: string;
  /** Device (bits 7:3) and function (bits 2:0) on the guest's bus 0; null where the bus had no slot left. */
  readonly devfn: number | null;
  readonly bars: readonly GuestBar[];
  /** Bytes of the expansion ROM, a power of two; null without one. */
  readonly rom: number | null;
  /** 5853:0001 or :0002, the Xen platform device. */
  readonly xenPlatform?: true;
  /** Assumed, not confirmed by a document or a capture: a slot, a size or a type bit may differ. */
  readonly unverified?: true;
}

/** Index that stands for the expansion ROM, as in `inventory/types.ts`. */
export const ROM_INDEX = 6;

export const KIB = 1024;
export const MIB = 1024 * KIB;
export const GIB = 1024 * MIB;

/** Exact for every double; `n & (n - 1)` would wrap at 2^32. */
export const isPowerOfTwo = (n: number): boolean => Number.isInteger(n) && n > 0 && 2 ** Math.round(Math.log2(n)) === n;

export const roundUp = (n: number, to: number): number => Math.ceil(n / to) * to;
export const roundDown = (n: number, to: number): number => Math.floor(n / to) * to;

export const overlaps = (a: ByteRange, b: ByteRange): boolean => a.start < b.end && b.start < a.end;
