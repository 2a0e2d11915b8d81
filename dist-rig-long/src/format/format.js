/**
 * The contract of a page-table format: everything that the radix engine, the hypervisor models and the inspector need
 * to know about the bits of one vendor's entries. A format is a plain value, made of constants and pure functions.
 *
 * Conventions (page-table-formats.md): entries are 64 bits, handled as two unsigned 32-bit halves (`lo`, `hi`). Levels
 * are counted from the leaf table: level 1 holds 4 KiB leaves. An entry of level L covers 2^(9(L-1)) pages.
 */
/** What an entry is to a walker. Small integers, since the engine asks once an entry. */
export const EMPTY = 0;
/** Ends the walk with an output address. */
export const LEAF = 1;
/** Points to a lower table. */
export const TABLE = 2;
/** Not present for the hardware, yet not empty: software keeps something there. */
export const SOFTWARE = 3;
/** Present, and wrong: the hardware faults on it. */
export const FAULT = 4;
/**
 * The frame in bits 51:12 of an entry. `lo >>> 12` gives 20 bits, `hi & 0xfffff` 20 more; shifting `hi` left by 20
 * with bit operators would wrap at 2^44 bytes, so it is multiplied.
 */
export const frameField = (lo, hi) => (hi & 0xfffff) * 0x100000 + (lo >>> 12);
/** Low half of a frame placed in bits 51:12. */
export const frameLo = (frame) => ((frame % 0x100000) * 0x1000) >>> 0;
/** High half of a frame placed in bits 51:12. */
export const frameHi = (frame) => Math.floor(frame / 0x100000) >>> 0;
/** A 64-bit value as two halves; for vectors and edges, not for loops. */
export const raw64 = (value) => ({
    lo: Number(value & 0xffffffffn),
    hi: Number((value >> 32n) & 0xffffffffn),
});
/** Two halves as one 64-bit value; for edges, not for loops. */
export const bits64 = ({ lo, hi }) => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
