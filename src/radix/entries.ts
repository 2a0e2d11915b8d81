/** Loads and stores of whole stretches of one table. The only loops over entries that writers need. */
import type { Raw } from "../format/format.ts";

/** Store one entry. */
export function store(words: Uint32Array, index: number, lo: number, hi: number): void {
  words[index << 1] = lo;
  words[(index << 1) | 1] = hi;
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
  const stepLo = step | 0;
  const stepHi = Math.floor(step / 2 ** 32) | 0;
  // Signed halves, which are computed with much faster.
  let low = lo | 0;
  let high = hi | 0;
  let i = index << 1;
  const end = (i + (count << 1)) | 0;
  if (stepHi === 0 && stepLo >= 0 && (lo >>> 0) + (count - 1) * stepLo < 2 ** 32) {
    // The low half never wraps. Four at a time, which is most of the time of filling tables.
    for (const most = (end - 6) | 0; i < most; i = (i + 8) | 0) {
      words[i] = low;
      words[i | 1] = high;
      words[(i + 2) | 0] = low + stepLo;
      words[(i + 3) | 0] = high;
      low = (low + 2 * stepLo) | 0;
      words[(i + 4) | 0] = low;
      words[(i + 5) | 0] = high;
      words[(i + 6) | 0] = low + stepLo;
      words[(i + 7) | 0] = high;
      low = (low + 2 * stepLo) | 0;
    }
    for (; i < end; i = (i + 2) | 0) {
      words[i] = low;
      words[i | 1] = high;
      low = (low + stepLo) | 0;
    }
    return;
  }
  for (; i < end; i = (i + 2) | 0) {
    words[i] = low;
    words[i + 1] = high;
    const next = (low + stepLo) | 0;
    if (next >>> 0 < low >>> 0) high = (high + 1) | 0;
    high = (high + stepHi) | 0;
    low = next;
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
