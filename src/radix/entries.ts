/** Loads and stores of whole stretches of one table. The only loops over entries that writers need. */
import type { Raw } from "../format/format.ts";

/** Store one entry. */
export function store(words: Uint32Array, index: number, lo: number, hi: number): void {
  words[2 * index] = lo;
  words[2 * index + 1] = hi;
}

/** Store the same value in `count` entries. */
export function storeSame(words: Uint32Array, index: number, count: number, lo: number, hi: number): void {
  for (let i = 2 * index, end = i + 2 * count; i < end; i += 2) {
    words[i] = lo;
    words[i + 1] = hi;
  }
}

/**
 * Store `count` entries whose output addresses are `step` bytes apart (4096 at level 1). The carry goes from the low to
 * the high half; addresses of one table never run into the flags above bit 51.
 */
export function storeRun(words: Uint32Array, index: number, count: number, lo: number, hi: number, step: number): void {
  if (count === 1) {
    store(words, index, lo, hi);
    return;
  }
  const stepHi = Math.floor(step / 2 ** 32);
  const stepLo = step % 2 ** 32;
  let low = lo | 0;
  let high = hi;
  let i = 2 * index;
  const stop = i + 2 * count;
  while (i < stop) {
    // As far as the low half does not wrap, the loop is one of 32-bit integers.
    const room = stepHi > 0 || stepLo === 0 ? 1 : Math.ceil((2 ** 32 - (low >>> 0)) / stepLo);
    const end = stepLo === 0 && stepHi === 0 ? stop : Math.min(stop, i + 2 * room);
    for (; i < end; i += 2) {
      words[i] = low;
      words[i + 1] = high;
      low = (low + stepLo) | 0;
    }
    high += stepHi + (low >>> 0 < stepLo ? 1 : 0);
  }
}

/** How many of the `limit` entries from `index` on hold exactly (lo, hi). */
export function countSame(words: Uint32Array, index: number, limit: number, lo: number, hi: number): number {
  let i = 2 * index;
  const end = i + 2 * limit;
  while (i < end && words[i] === lo && words[i + 1] === hi) i += 2;
  return i / 2 - index;
}

const NO_BITS: Raw = { lo: 0, hi: 0 };

/**
 * How many of the `limit` entries from `index` on continue (lo, hi) with addresses `step` bytes apart, bits in `ignore`
 * aside.
 */
export function countRun(
  words: Uint32Array,
  index: number,
  limit: number,
  lo: number,
  hi: number,
  step: number,
  ignore: Raw = NO_BITS,
): number {
  const keepLo = ~ignore.lo;
  const keepHi = ~ignore.hi;
  const stepLo = step | 0;
  const stepHi = Math.floor(step / 2 ** 32) | 0;
  // Signed halves, which are computed with much faster; with the top bit turned over they compare as unsigned ones.
  let low = lo | 0;
  let high = hi | 0;
  let i = 2 * index;
  const end = i + 2 * limit;
  while (i < end && ((words[i]! ^ low) & keepLo) === 0 && ((words[i + 1]! ^ high) & keepHi) === 0) {
    const next = (low + stepLo) | 0;
    if ((next ^ 0x80000000) < (low ^ 0x80000000)) high = (high + 1) | 0;
    high = (high + stepHi) | 0;
    low = next;
    i += 2;
  }
  return i / 2 - index;
}
