/** AMD-Vi v1 (host) tables: page-table-formats.md 4.2 to 4.4; Xen's use: xen-mapping.md 7.8, 7.10. */
import { absent, decodeEntry, type EntryTable, leaf, present, type Shape, table } from "./entry.ts";
import {
  type DecodeOptions,
  EMPTY,
  type EntryKind,
  FAULT,
  type Format,
  frameField,
  LEAF,
  type LeafAttributes,
  type Raw,
  SOFTWARE,
  TABLE,
} from "./format.ts";
import { ADDRESS, checkFrame, compose, NO_BITS } from "./paged.ts";
import { address, flag, ignored, reserved, value } from "./rows.ts";

/** Next Level value of a leaf whose size is encoded in its address field. */
const SIZED = 7;
/** 2^51 bytes, the largest size that an encoder may use (4.2). */
const MAX_ORDER = 39;

const nextLevelOf = (lo: number): number => (lo >>> 9) & 7;

/**
 * Order of a Next-Level-7 leaf: one more than the position of the lowest zero bit of its frame field (4.3). `~n & (n + 1)`
 * isolates the lowest zero. A field of ones only gives 41.
 */
function sizedOrder(lo: number, hi: number): number {
  const low = lo >>> 12;
  if (low !== 0xfffff) return 32 - Math.clz32(~low & (low + 1));
  const high = hi & 0xfffff;
  return 52 - Math.clz32(~high & (high + 1));
}

/** Structure only: Next Level not below this level, or a size below this level's or above the field, cannot be followed. */
function kindOf(lo: number, hi: number, level: number): EntryKind {
  if ((lo & 1) === 0) return hi === 0 && (lo & 0xffffffe0) === 0 ? EMPTY : SOFTWARE;
  const next = nextLevelOf(lo);
  if (next === 0) return level <= 5 ? LEAF : FAULT;
  if (next === SIZED) {
    const order = sizedOrder(lo, hi);
    return level <= 5 && order >= (level - 1) * 9 && order <= 40 ? LEAF : FAULT;
  }
  return next < level ? TABLE : FAULT;
}

/** `n & (n + 1)` clears the trailing ones of a sized leaf's field; the zero above them is clear already. */
function frameOf(lo: number, hi: number, level: number): number {
  const next = nextLevelOf(lo);
  let low = lo >>> 12;
  let high = hi & 0xfffff;
  if (next === SIZED) {
    if (low === 0xfffff) high &= high + 1;
    low &= low + 1;
  } else if (next === 0 && level > 1) {
    const shift = (level - 1) * 9;
    low = shift < 20 ? (low >>> shift) << shift : 0;
    if (shift > 20) high = (high >>> (shift - 20)) << (shift - 20);
  } else return frameField(lo, hi);
  return high * 0x100000 + low;
}

const orderOf = (lo: number, hi: number, level: number): number =>
  nextLevelOf(lo) === SIZED ? sizedOrder(lo, hi) : (level - 1) * 9;

/** Orders by level (4.2): the item's own with Next Level 0, larger ones up to just below the next level's with 7. */
const ORDERS: readonly (readonly number[])[] = [0, 1, 2, 3, 4, 5, 6].map((level) =>
  level === 0 || level === 6
    ? []
    : Array.from({ length: 9 }, (_, i) => (level - 1) * 9 + i).filter((order) => order <= MAX_ORDER),
);

function nextLevelText(next: number, s: Shape): string {
  if (next === 0)
    return s.level === 4 ? "a leaf of 512 GiB, which has an erratum: avoid" : "a leaf of this level's own size";
  if (next === SIZED) {
    const order = sizedOrder(s.lo, s.hi);
    const above = order >= s.level * 9 ? ", which belongs at a higher level" : "";
    return `a leaf of 2^${order + 12} bytes, encoded in the address${above}`;
  }
  if (next >= s.level) return "not below this level: illegal";
  return next === s.level - 1 ? "points to the next lower table" : "skips levels: legal but unusual";
}

const sized = (s: Shape): boolean => nextLevelOf(s.lo) === SIZED;
const plain = (s: Shape): boolean => nextLevelOf(s.lo) === 0;
/** First bit above the size bits of a sized leaf, which are not part of the output address. */
const sizeEnd = (s: Shape): number => (sized(s) ? 12 + sizedOrder(s.lo, s.hi) : 12);

const rows = [
  flag(0, "PR", "not present", "present"),
  ignored(4, 1, (v) => `ignored by hardware; Xen from 4.17: contiguity marker ${v}`),
  ignored(6, 5, "ignored: accessed and dirty tracking is off", present),
  flag(5, "A", "not accessed", "accessed", (s: Shape) => s.present && s.options.accessedDirty),
  flag(6, "D", "not dirty", "dirty", (s: Shape) => leaf(s) && s.options.accessedDirty),
  ignored(6, 6, "ignored in a table entry", table),
  ignored(8, 7, "ignored by hardware", present),
  value(11, 9, "NextLevel", nextLevelText, present),
  address(51, 12, "address", "output address", (s: Shape) => leaf(s) && !sized(s)),
  address(51, 12, "address", "output address, with the page's size in its low bits", (s: Shape) => leaf(s) && sized(s)),
  address(51, 12, "address", "next table", table),
  reserved(
    (s: Shape) => [11 + Math.max(0, s.order), 12],
    "misaligned-large-page",
    "the address is not aligned to the page",
    (s: Shape) => leaf(s) && plain(s),
  ),
  reserved(
    (s: Shape) => [51, Math.max(s.options.physBits, sizeEnd(s))],
    "address-beyond-width",
    "beyond the physical address width",
    present,
  ),
  reserved([58, 52], "reserved-bits", "must be zero", present),
  flag(59, "U", "no user attribute in ATS responses", "user attribute in ATS responses", leaf),
  flag(60, "FC", "coherence as the device asks", "force coherent", leaf),
  reserved([60, 59], "reserved-bits", "reserved in a table entry", table),
  flag(61, "IR", "reads are not allowed", "reads are allowed", present),
  flag(62, "IW", "writes are not allowed", "writes are allowed", present),
  ignored(63, 63, "ignored by hardware; Xen up to 4.11: high bit of a merge count, in a table entry", present),
  ignored(63, 5, "not present: software's own", absent),
];

/** AMD-Vi v1 as a table: page-table-formats.md 4.2 to 4.4. */
export const amdviTable: EntryTable = {
  rows,
  checks: [
    {
      code: "illegal-next-level",
      when: (s) => table(s) && nextLevelOf(s.lo) >= s.level,
      says: "Next Level is not below the level of this table",
    },
    {
      code: "no-leaf-at-level",
      when: (s) => s.leaf && s.level > 5,
      says: "no leaf may stand at this level",
    },
    {
      code: "malformed-page-size",
      when: (s) => s.leaf && sized(s) && (sizedOrder(s.lo, s.hi) < (s.level - 1) * 9 || sizedOrder(s.lo, s.hi) > 40),
      says: "the size encoded in the address is below this level's, or above what the address can name",
    },
  ],
  accessedDirtyDefault: false,
  isLeaf: (lo) => nextLevelOf(lo) === 0 || nextLevelOf(lo) === SIZED,
  access: ({ hi }) => `${hi & 0x20000000 ? "r" : "-"}${hi & 0x40000000 ? "w" : "-"}-`,
  memoryType: () => null,
};

/** A leaf of these flags, its size in Next Level and, between the levels' own sizes, in the address (4.3). */
function composeSized(frame: number, order: number, lo: number, hi: number, software?: Raw): Raw {
  if (!Number.isInteger(order) || order < 0 || order > MAX_ORDER)
    throw new RangeError(`order ${order} has no encoding (expected 0 to ${MAX_ORDER})`);
  checkFrame(frame, order);
  return order % 9 === 0
    ? compose(frame, lo, hi, software)
    : compose(frame + 2 ** (order - 1) - 1, lo | (SIZED << 9), hi, software);
}

const BOOKKEEPING: Raw = { lo: 0x7e, hi: 0 };

export const amdvi: Format = {
  name: "amdvi",
  title: "AMD-Vi v1",
  minLevels: 1,
  maxLevels: 6,
  entryName: (level) => (level === 1 ? "PTE" : `level ${level} PDE/PTE`),
  indexBits: (level) => (level === 6 ? 7 : 9),
  leafOrders: (level) => ORDERS[level] ?? [],
  empty: { lo: 0, hi: 0 },
  // PR, and the next level.
  plain: { mask: 0xe01, value: 1 - 0x200, perLevel: 0x200, emptyHi: 0 },
  kindOf,
  frameOf,
  nextLevelOf,
  orderOf,

  /**
   * PR always; attributes left out are clear. A multiple of nine orders takes Next Level 0 (order 27 has an erratum:
   * page-table-formats.md 4.2), others 7; those must be written to all 2^(order mod 9) slots alike.
   */
  encodeLeaf(frame: number, order: number, a: LeafAttributes): Raw {
    const lo = 1 | (a.accessed ? 0x20 : 0) | (a.dirty ? 0x40 : 0);
    const hi =
      (a.user ? 0x08000000 : 0) | (a.snoop ? 0x10000000 : 0) | (a.read ? 0x20000000 : 0) | (a.write ? 0x40000000 : 0);
    return composeSized(frame, order, lo, hi, a.software);
  },

  resizeLeaf: (lo, hi, _level, frame, order) => composeSized(frame, order, lo & 0x1ff, hi & 0xfff00000),

  /** PR, IR, IW and Next Level. Throws RangeError unless 1 ≤ nextLevel ≤ 6. */
  encodeTable(frame: number, next: number, software?: Raw): Raw {
    if (!Number.isInteger(next) || next < 1 || next > 6)
      throw new RangeError(`next level ${next} has no encoding (expected 1 to 6)`);
    checkFrame(frame, 0);
    return compose(frame, 1 | (next << 9), 0x60000000, software);
  },

  decode: (raw: Raw, level: number, options?: DecodeOptions) => decodeEntry(amdvi, amdviTable, raw, level, options),
  /** Bits 51:12, the size bits of a Next-Level-7 leaf among them; none for an entry that is not present. */
  addressMask: (lo) => ((lo & 1) !== 0 ? ADDRESS : NO_BITS),
  /** A, D and the contiguity marker. */
  bookkeepingMask: () => BOOKKEEPING,
};
