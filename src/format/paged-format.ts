/**
 * EPT, NPT and VT-d second stage as one family: present or not by a mask, a leaf by bit 7, nine index bits a level. What
 * one of them has of its own is a `PagedSpec`.
 */
import { decodeEntry, type EntryTable } from "./entry.ts";
import { EMPTY, type Format, type FormatName, LEAF, type LeafAttributes, type Raw, SOFTWARE, TABLE } from "./format.ts";
import {
  checkFrame,
  checkPagedOrder,
  compose,
  isPagedLeaf,
  pagedAddressMask,
  pagedFrame,
  pagedLeafOrders,
  pagedOrder,
  pagedResize,
} from "./paged.ts";

export interface PagedSpec {
  readonly name: FormatName;
  readonly title: string;
  readonly minLevels: number;
  /** The vendor's names of entries, level 1 first. */
  readonly names: readonly string[];
  readonly table: EntryTable;
  readonly empty: Raw;
  /** Low bits: an entry with none of them is not present. */
  readonly present: number;
  /** High bits that an empty entry may have: suppress-#VE, a contiguity marker. */
  readonly emptyHi: number;
  /** Low bits of a pointer with all rights. */
  readonly pointer: number;
  /** Low bits that every pointer has that hypervisors write: what a walker tests. */
  readonly plain: number;
  /** Flags of a leaf of an order, bit 7 aside. */
  readonly flags: (attributes: LeafAttributes, order: number) => Raw;
  readonly bookkeeping: Raw;
  readonly resizeLeaf?: Format["resizeLeaf"];
}

/** A format of this family. */
export function pagedFormat(spec: PagedSpec): Format {
  const { name, title, minLevels, names, table, present, bookkeeping, flags } = spec;
  const notEmptyHi = ~spec.emptyHi;
  const format: Format = {
    name,
    title,
    minLevels,
    maxLevels: names.length,
    entryName: (level) => names[level - 1] || `level ${level} entry`,
    indexBits: () => 9,
    leafOrders: pagedLeafOrders,
    empty: spec.empty,
    // Bit 7 would make a leaf at some levels.
    plain: { mask: spec.plain | 0x80, value: spec.plain, perLevel: 0, emptyHi: spec.empty.hi | 0 },
    kindOf(lo, hi, level) {
      if ((lo & present) === 0) return lo === 0 && (hi & notEmptyHi) === 0 ? EMPTY : SOFTWARE;
      return isPagedLeaf(lo, level) ? LEAF : TABLE;
    },
    frameOf: pagedFrame,
    nextLevelOf: (_lo, _hi, level) => level - 1,
    orderOf: pagedOrder,
    encodeLeaf(frame, order, attributes) {
      checkPagedOrder(order);
      checkFrame(frame, order);
      const { lo, hi } = flags(attributes, order);
      return compose(frame, lo | (order !== 0 ? 0x80 : 0), hi, attributes.software);
    },
    resizeLeaf: spec.resizeLeaf ?? pagedResize,
    encodeTable(frame, _nextLevel, software) {
      checkFrame(frame, 0);
      return compose(frame, spec.pointer, 0, software);
    },
    decode: (raw, level, options) => decodeEntry(format, table, raw, level, options),
    addressMask: (lo, _hi, level) => pagedAddressMask((lo & present) !== 0, lo, level),
    bookkeepingMask: () => bookkeeping,
  };
  return format;
}
