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

/** Runs of at least so many entries are stored as doubles, two words at a time. */
const LONG_RUN = 32;

/**
 * Store `count` entries whose output addresses are `step` bytes apart (4096 at level 1). The carry goes from the low to
 * the high half; addresses of one table never run into the flags above bit 51.
 */
export function storeRun(words: Uint32Array, index: number, count: number, lo: number, hi: number, step: number): void {
  if (count >= LONG_RUN && (hi & EXPONENT) !== EXPONENT && words.byteOffset % 8 === 0) {
    storeDoubles(doublesOf(words), index, count, lo, hi, step);
    return;
  }
  const stepLo = step | 0;
  const stepHi = Math.floor(step / 2 ** 32) | 0;
  // Signed halves, which are computed with much faster.
  let low = lo | 0;
  let high = hi | 0;
  for (let i = index << 1, end = (i + (count << 1)) | 0; i < end; i = (i + 2) | 0) {
    words[i] = low;
    words[i | 1] = high;
    const next = (low + stepLo) | 0;
    if (next >>> 0 < low >>> 0) high = (high + 1) | 0;
    high = (high + stepHi) | 0;
    low = next;
  }
}

/** Bits 62:52 of an entry, in its high half; where all are set, the bits are no number. */
const EXPONENT = 0x7ff0_0000;
const pair = new Uint32Array(2);
const double = new Float64Array(pair.buffer);

/** The double that has these 64 bits. */
function doubleOf(lo: number, hi: number): number {
  pair[0] = lo;
  pair[1] = hi;
  return double[0]!;
}

let lastWords = new Uint32Array(0);
let lastDoubles = new Float64Array(0);

/** The same bytes as doubles; the last one is kept, since there is mostly but one. */
function doublesOf(words: Uint32Array): Float64Array {
  if (words === lastWords) return lastDoubles;
  lastWords = words as typeof lastWords;
  lastDoubles = new Float64Array(words.buffer, words.byteOffset, words.length >>> 1) as typeof lastDoubles;
  return lastDoubles;
}

/**
 * As `storeRun`. Taken for a double, an entry has its address in the mantissa, bits 51:0, and its flags above are sign and
 * exponent: doubles of one exponent add as whole numbers do, exactly, also the very small ones.
 */
function storeDoubles(doubles: Float64Array, index: number, count: number, lo: number, hi: number, step: number): void {
  const nextLo = (lo >>> 0) + (step % 2 ** 32);
  let value = doubleOf(lo, hi);
  const one = doubleOf(nextLo, hi + Math.floor(step / 2 ** 32) + (nextLo >= 2 ** 32 ? 1 : 0)) - value;
  const two = one + one;
  const three = two + one;
  const four = two + two;
  const end = (index + count) | 0;
  let i = index;
  for (const most = (end - 3) | 0; i < most; i = (i + 4) | 0) {
    doubles[i] = value;
    doubles[(i + 1) | 0] = value + one;
    doubles[(i + 2) | 0] = value + two;
    doubles[(i + 3) | 0] = value + three;
    value += four;
  }
  for (; i < end; i = (i + 1) | 0) {
    doubles[i] = value;
    value += one;
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
