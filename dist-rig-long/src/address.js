/**
 * Frame numbers and orders: the only numbers that say where something is.
 *
 * A frame number counts 4 KiB pages. Frame numbers need at most 52 bits here (guest and machine addresses need 40), so
 * all of them are exact in a double. The brands cost nothing at run time and make passing one kind for another a
 * compile error.
 */
export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
export const ORDER_4K = 0;
export const ORDER_2M = 9;
export const ORDER_1G = 18;
const LIMIT = 2 ** 52;
function guarded(kind, frame) {
    if (!Number.isInteger(frame) || frame < 0 || frame >= LIMIT)
        throw new RangeError(`${kind} out of range: ${frame} (expected 0 to 2^52 - 1)`);
    return frame;
}
/** Throws RangeError unless 0 ≤ n < 2^52 and n is whole. */
export const gfn = (n) => guarded("gfn", n);
/** Throws RangeError unless 0 ≤ n < 2^52 and n is whole. */
export const mfn = (n) => guarded("mfn", n);
/** Throws RangeError unless 0 ≤ n < 2^52 and n is whole. */
export const dfn = (n) => guarded("dfn", n);
/** The frame `pages` further on. The caller keeps the result in range (the hot paths do not check). */
export const plus = (frame, pages) => (frame + pages);
/** A translated guest's device sees guest addresses: dfn = gfn (glossary of the mapping specification). */
export const dfnOfGfn = (frame) => frame;
/** A PV guest's device sees machine addresses: dfn = mfn. */
export const dfnOfMfn = (frame) => frame;
/** An identity mapping, as a PVH dom0 has for its devices: gfn = mfn. */
export const gfnOfMfn = (frame) => frame;
/** Pages of a block: 2^order. */
export const pagesOf = (order) => 2 ** order;
/** Bytes of a block: 2^(order + 12). */
export const bytesOf = (order) => 2 ** (order + PAGE_SHIFT);
/** Whether a frame number is a multiple of 2^order. Exact above 2^32, where bit operators would wrap. */
export const isAligned = (frame, order) => frame % 2 ** order === 0;
/** The multiple of 2^order at or below a frame number. */
export const alignDown = (frame, order) => frame - (frame % 2 ** order);
/** The multiple of 2^order at or above a frame number. */
export const alignUp = (frame, order) => Math.ceil(frame / 2 ** order) * 2 ** order;
/** The frame that holds a byte address. Throws RangeError for an address of 2^52 or above. */
export function frameOfAddress(address) {
    if (!Number.isInteger(address) || address < 0 || address >= LIMIT)
        throw new RangeError(`address out of range: ${address} (expected 0 to 2^52 - 1)`);
    return Math.floor(address / PAGE_SIZE);
}
/** A byte address or frame number as contract JSON shows it: lower-case `0x…`. */
export const hex = (n) => `0x${n.toString(16)}`;
/** Two unsigned 32-bit halves as one raw 64-bit word, `0x` and 16 digits. */
export const hex64 = (lo, hi) => `0x${(hi >>> 0).toString(16).padStart(8, "0")}${(lo >>> 0).toString(16).padStart(8, "0")}`;
