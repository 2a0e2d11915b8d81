/** Loads and stores of whole stretches of one table. The only loops over entries that writers need. */

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
 * Store `count` entries whose output addresses are `step` bytes apart (step < 2^32; 4096 at level 1). The carry goes
 * from the low to the high half; addresses of one table never run into the flags above bit 51.
 */
export function storeRun(words: Uint32Array, index: number, count: number, lo: number, hi: number, step: number): void {
  let low = lo >>> 0;
  let high = hi;
  for (let i = 2 * index, end = i + 2 * count; i < end; i += 2) {
    words[i] = low;
    words[i + 1] = high;
    const next = (low + step) >>> 0;
    if (next < low) high++;
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

/** How many of the `limit` entries from `index` on continue (lo, hi) with addresses `step` bytes apart. */
export function countRun(
  words: Uint32Array,
  index: number,
  limit: number,
  lo: number,
  hi: number,
  step: number,
): number {
  let low = lo >>> 0;
  let high = hi;
  let i = 2 * index;
  const end = i + 2 * limit;
  while (i < end && words[i] === low && words[i + 1] === high) {
    const next = (low + step) >>> 0;
    if (next < low) high = (high + 1) >>> 0;
    low = next;
    i += 2;
  }
  return i / 2 - index;
}
