/**
 * Frame numbers and orders: the only numbers that say where something is.
 *
 * A frame number counts 4 KiB pages. Frame numbers need at most 52 bits here (guest and machine addresses need 40), so
 * all of them are exact in a double. The brands cost nothing at run time and make passing one kind for another a
 * compile error.
 */

declare const brand: unique symbol;
type Brand<B extends string> = number & { readonly [brand]: B };

/** Guest frame number: a page of the guest's physical address space. 0 ≤ gfn < 2^52. */
export type Gfn = Brand<"gfn">;
/** Machine frame number: a page of the host's physical address space, RAM or MMIO. 0 ≤ mfn < 2^52. */
export type Mfn = Brand<"mfn">;
/** Device frame number: what a device puts on the bus. Equal to the gfn for translated guests, to the mfn for PV. */
export type Dfn = Brand<"dfn">;
export type Frame = Gfn | Mfn | Dfn;

/** log2 of a naturally aligned block's pages: 0 = 4 KiB, 9 = 2 MiB, 18 = 1 GiB, 27 = 512 GiB. */
export type Order = number;

export const PAGE_SHIFT = 12;
export const PAGE_SIZE = 4096;
export const ORDER_4K = 0;
export const ORDER_2M = 9;
export const ORDER_1G = 18;

const LIMIT = 2 ** 52;

function guarded(kind: string, frame: number): number {
  if (!Number.isInteger(frame) || frame < 0 || frame >= LIMIT)
    throw new RangeError(`${kind} out of range: ${frame} (expected 0 to 2^52 - 1)`);
  return frame;
}

/** Throws RangeError unless 0 ≤ n < 2^52 and n is whole. */
export const gfn = (n: number): Gfn => guarded("gfn", n) as Gfn;
/** Throws RangeError unless 0 ≤ n < 2^52 and n is whole. */
export const mfn = (n: number): Mfn => guarded("mfn", n) as Mfn;
/** Throws RangeError unless 0 ≤ n < 2^52 and n is whole. */
export const dfn = (n: number): Dfn => guarded("dfn", n) as Dfn;

/** The frame `pages` further on. The caller keeps the result in range (the hot paths do not check). */
export const plus = <F extends Frame>(frame: F, pages: number): F => (frame + pages) as F;

/** A translated guest's device sees guest addresses: dfn = gfn (glossary of the mapping specification). */
export const dfnOfGfn = (frame: Gfn): Dfn => frame as number as Dfn;
/** A PV guest's device sees machine addresses: dfn = mfn. */
export const dfnOfMfn = (frame: Mfn): Dfn => frame as number as Dfn;
/** An identity mapping, as a PVH dom0 has for its devices: gfn = mfn. */
export const gfnOfMfn = (frame: Mfn): Gfn => frame as number as Gfn;

/** Looked up, since a power costs more than all the rest of a step of the mapping loop. */
const POWERS = Float64Array.from({ length: 65 }, (_, order) => 2 ** order);
/** Pages of a block: 2^order, for orders 0 to 64. */
export const pagesOf = (order: Order): number => POWERS[order]!;
/** Bytes of a block: 2^(order + 12). */
export const bytesOf = (order: Order): number => POWERS[order + PAGE_SHIFT]!;

/**
 * Pages from the start of its block of 2^order to a frame: its remainder. Bit operators keep the low 32 bits of any whole
 * number below 2^53, which is all that the usual orders need and much cheaper than `%`.
 */
export const offsetIn = (frame: number, order: Order): number =>
  order < 32 ? (frame & ((1 << order) - 1)) >>> 0 : frame % POWERS[order]!;
/** Whether a frame number is a multiple of 2^order. */
export const isAligned = (frame: number, order: Order): boolean => offsetIn(frame, order) === 0;
/** The multiple of 2^order at or below a frame number. */
export const alignDown = (frame: number, order: Order): number => frame - offsetIn(frame, order);
/** The multiple of 2^order at or above a frame number. */
export const alignUp = (frame: number, order: Order): number => Math.ceil(frame / pagesOf(order)) * pagesOf(order);

/** The frame that holds a byte address. Throws RangeError for an address of 2^52 or above. */
export function frameOfAddress(address: number): number {
  if (!Number.isInteger(address) || address < 0 || address >= LIMIT)
    throw new RangeError(`address out of range: ${address} (expected 0 to 2^52 - 1)`);
  return Math.floor(address / PAGE_SIZE);
}

/** A byte address or frame number as contract JSON shows it: lower-case `0x…`. */
export const hex = (n: number | bigint): string => `0x${n.toString(16)}`;

/** Two unsigned 32-bit halves as one raw 64-bit word, `0x` and 16 digits. */
export const hex64 = (lo: number, hi: number): string =>
  `0x${(hi >>> 0).toString(16).padStart(8, "0")}${(lo >>> 0).toString(16).padStart(8, "0")}`;
