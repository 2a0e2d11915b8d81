/**
 * What hypervisors write into tables, beside what hardware allows: pointers with all rights, no bit that nobody uses.
 * Used to tell tables from other memory and formats from each other, never to judge a table that is known to be one.
 */
import { EMPTY, FAULT, type FormatName, LEAF, SOFTWARE, TABLE } from "../format/format.ts";
import { FORMATS } from "../format/index.ts";

interface Convention {
  pointer(lo: number, hi: number, level: number): boolean;
  leaf(lo: number, hi: number, level: number): boolean;
  /** An entry that is not present, yet not empty. */
  software(lo: number, hi: number): boolean;
}

/** Bits 51:48: no machine's memory is that large. */
const TOO_FAR = 0x000f0000;
/** Xen's P2M types are numbered up to 15 (xen-mapping.md 3.1). */
const MAX_TYPE = 15;

/** Low address bits that must be zero in a large leaf (bit 12 is NPT's PAT). */
const aligned = (lo: number, level: number): boolean =>
  level < 2 || (lo & (level === 2 ? 0x001fe000 : 0x3fffe000)) === 0;

export const CONVENTIONS: Readonly<Record<FormatName, Convention>> = {
  ept: {
    // R, W, X; no memory type, or Xen's mark for a recalculation (page-table-formats.md 1.5, 1.6).
    pointer: (lo) => (lo & 0xc7) === 7 && ((lo & 0x38) === 0 || (lo & 0x38) === 0x38),
    leaf: (lo, hi, level) => {
      const type = (lo >>> 3) & 7;
      return (lo & 1) !== 0 && type !== 2 && type !== 3 && (hi & TOO_FAR) === 0 && aligned(lo, level);
    },
    software: (_lo, hi) => ((hi >>> 20) & 0x3f) <= MAX_TYPE,
  },
  npt: {
    // P, RW, U/S; or Xen's mark for a recalculation: U/S and A clear, D set (page-table-formats.md 2.3).
    pointer: (lo, hi, level) =>
      ((lo & 7) === 7 || (lo & 0x67) === 0x43) && hi >>> 20 === 0 && (level < 4 || (lo & 0x180) === 0),
    leaf: (lo, hi, level) => ((lo & 4) !== 0 || (lo & 0x20) === 0) && (hi & TOO_FAR) === 0 && aligned(lo, level),
    software: (_lo, hi) => ((hi >>> 20) & 0x7f) <= MAX_TYPE,
  },
  vtd: {
    // R and W; a marker in 55:52 (page-table-formats.md 3.4).
    pointer: (lo, hi) => (lo & 0x8ff) === 3 && hi >>> 24 === 0,
    leaf: (lo, hi, level) =>
      (lo & 0x7c) === 0 &&
      hi >>> 24 === 0 &&
      (hi & TOO_FAR) === 0 &&
      aligned(lo, level) &&
      (level < 2 || (lo & 0x1000) === 0),
    software: () => false,
  },
  amdvi: {
    // IR and IW, no level skipped (page-table-formats.md 4.2, 4.4).
    pointer: (lo, hi, level) => (hi & 0x7ff00000) === 0x60000000 && ((lo >>> 9) & 7) === level - 1,
    leaf: (_lo, hi) => (hi & 0x07f00000) === 0 && (hi & 0x60000000) !== 0 && (hi & TOO_FAR) === 0,
    software: () => false,
  },
};

export const NOTHING = 0;
export const GOOD_LEAF = 1;
export const GOOD_POINTER = 2;
export const NEUTRAL = 3;
export const BAD = 4;

/** How an entry fits into a table of this level of this format. */
export function fitOf(name: FormatName, lo: number, hi: number, level: number): number {
  const convention = CONVENTIONS[name];
  switch (FORMATS[name].kindOf(lo, hi, level)) {
    case EMPTY:
      return NOTHING;
    case LEAF:
      if (name === "ept" && (lo & 7) === 6) return NEUTRAL;
      return convention.leaf(lo, hi, level) ? GOOD_LEAF : BAD;
    case TABLE:
      return convention.pointer(lo, hi, level) ? GOOD_POINTER : BAD;
    case SOFTWARE:
      return convention.software(lo, hi) ? NEUTRAL : BAD;
    case FAULT:
      return BAD;
  }
}
