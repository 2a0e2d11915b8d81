/** Store one entry. */
export function store(words, index, lo, hi) {
    words[2 * index] = lo;
    words[2 * index + 1] = hi;
}
/** Store the same value in `count` entries. */
export function storeSame(words, index, count, lo, hi) {
    for (let i = 2 * index, end = i + 2 * count; i < end; i += 2) {
        words[i] = lo;
        words[i + 1] = hi;
    }
}
/**
 * Store `count` entries whose output addresses are `step` bytes apart (4096 at level 1). The carry goes from the low to
 * the high half; addresses of one table never run into the flags above bit 51.
 */
export function storeRun(words, index, count, lo, hi, step) {
    const stepHi = Math.floor(step / 2 ** 32);
    let low = lo >>> 0;
    let high = hi;
    for (let i = 2 * index, end = i + 2 * count; i < end; i += 2) {
        words[i] = low;
        words[i + 1] = high;
        const next = (low + step) >>> 0;
        high += next < low ? stepHi + 1 : stepHi;
        low = next;
    }
}
/** How many of the `limit` entries from `index` on hold exactly (lo, hi). */
export function countSame(words, index, limit, lo, hi) {
    let i = 2 * index;
    const end = i + 2 * limit;
    while (i < end && words[i] === lo && words[i + 1] === hi)
        i += 2;
    return i / 2 - index;
}
const NO_BITS = { lo: 0, hi: 0 };
/**
 * How many of the `limit` entries from `index` on continue (lo, hi) with addresses `step` bytes apart, bits in `ignore`
 * aside.
 */
export function countRun(words, index, limit, lo, hi, step, ignore = NO_BITS) {
    const keepLo = ~ignore.lo;
    const keepHi = ~ignore.hi;
    const stepHi = Math.floor(step / 2 ** 32);
    let low = lo >>> 0;
    let high = hi;
    let i = 2 * index;
    const end = i + 2 * limit;
    while (i < end && ((words[i] ^ low) & keepLo) === 0 && ((words[i + 1] ^ high) & keepHi) === 0) {
        const next = (low + step) >>> 0;
        high += next < low ? stepHi + 1 : stepHi;
        low = next;
        i += 2;
    }
    return i / 2 - index;
}
