/**
 * The contract of a page-table format: everything that the radix engine, the hypervisor models and the inspector need
 * to know about the bits of one vendor's entries. A format is a plain value, made of constants and pure functions.
 *
 * Conventions (page-table-formats.md): entries are 64 bits, handled as two unsigned 32-bit halves (`lo`, `hi`). Levels
 * are counted from the leaf table: level 1 holds 4 KiB leaves. An entry of level L covers 2^(9(L-1)) pages.
 */

/** One entry as two halves. Both are unsigned (`>>> 0`). */
export interface Raw {
  readonly lo: number;
  readonly hi: number;
}

export type FormatName = "ept" | "npt" | "vtd" | "amdvi";

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
export type EntryKind = typeof EMPTY | typeof LEAF | typeof TABLE | typeof SOFTWARE | typeof FAULT;

/** Memory type of a leaf where the format has one. "recalc" is EPT's reserved value 7, which Xen uses as a mark. */
export type MemoryType = "UC" | "WC" | "WT" | "WP" | "WB" | "UC-" | "reserved";

/** A field of an entry, for people: `bits` is "hi:lo" or "n". */
export interface Field {
  readonly bits: string;
  readonly name: string;
  /** The field's value, unshifted hex or decimal as a string. */
  readonly value: string;
  /** One clause on what this value means. */
  readonly says: string;
}

/** Something the hardware would fault on. `code` is stable and kebab-case. */
export interface EntryFault {
  readonly code: string;
  readonly says: string;
}

export interface DecodedEntry {
  readonly kind: EntryKind;
  /** Output frame of a leaf (first frame of the page), or the frame of the next table. */
  readonly frame: number | null;
  /** log2 of pages that a leaf maps. AMD-Vi leaves may have any order; others 0, 9 or 18. */
  readonly order: number | null;
  /** Level of the table pointed to. */
  readonly nextLevel: number | null;
  /** Of this entry alone, as "rwx", "r-x", "rw-", …; formats without an execute right print "rw-" or "r--". */
  readonly access: string;
  readonly memoryType: MemoryType | null;
  /** Every field of the entry in descending bit order, tiling all 64 bits. */
  readonly fields: readonly Field[];
  readonly faults: readonly EntryFault[];
}

/** What the entry depends on beside its own bits: the processor's or the IOMMU's abilities. */
export interface DecodeOptions {
  /** Width of a legal physical address (MAXPHYADDR, HAW): bits 51:physBits are reserved. 32 to 52, default 52. */
  readonly physBits?: number;
  /** Leaves of 1 GiB (2 MiB) are legal. Default true. */
  readonly has1g?: boolean;
  readonly has2m?: boolean;
  /** Accessed and dirty bits mean something (EPTP bit 6; VT-d SSADE; AMD-Vi HAD). Default true for NPT, else false. */
  readonly accessedDirty?: boolean;
  /** EPT: X without R is legal (capability bit 0). Default true. */
  readonly executeOnly?: boolean;
  /** EPT: mode-based execute control (bit 10 is XU). Default false. */
  readonly mbec?: boolean;
  /** VT-d: snoop control (bit 11 legal in leaves). Default true. */
  readonly snoopControl?: boolean;
  /** VT-d: device-TLB support (bit 62 legal in leaves). Default false. */
  readonly deviceTlb?: boolean;
  /** NPT: EFER.NXE (bit 63 legal). Default true. */
  readonly nx?: boolean;
}

/** What to put in a leaf. A format ignores what it has no bits for. */
export interface LeafAttributes {
  readonly read?: boolean;
  readonly write?: boolean;
  readonly execute?: boolean;
  /** EPT EMT field 0-7 (0 UC, 1 WC, 4 WT, 5 WP, 6 WB; 7 marks a recalculation). */
  readonly emt?: number;
  /** EPT ignore-PAT; NPT/x86 PAT index bits go in `pwt`, `pcd`, `pat`. */
  readonly ipat?: boolean;
  readonly accessed?: boolean;
  readonly dirty?: boolean;
  /** VT-d SNP (and EPT bit 11 where tables are shared); AMD-Vi FC. */
  readonly snoop?: boolean;
  readonly pwt?: boolean;
  readonly pcd?: boolean;
  readonly pat?: boolean;
  readonly user?: boolean;
  readonly noExecute?: boolean;
  /** EPT bit 63. */
  readonly suppressVe?: boolean;
  /** Further bits that software owns, ORed in as they are (contiguity markers, P2M type, …). */
  readonly software?: Raw;
}

/** What a walker tells of an entry without a call. Signed 32-bit numbers, which are computed with fastest. */
export interface PlainBits {
  /**
   * Above level 1, an entry of level L with `lo & mask === value + L * perLevel` is a pointer to a table of the next
   * lower level. Entries that fail the test may be pointers all the same.
   */
  readonly mask: number;
  readonly value: number;
  readonly perLevel: number;
  /** The high half of `empty`, whose low half is 0. */
  readonly emptyHi: number;
}

export interface Format {
  readonly name: FormatName;
  /** "Intel EPT", "AMD NPT", "Intel VT-d second stage", "AMD-Vi v1". */
  readonly title: string;
  readonly minLevels: number;
  readonly maxLevels: number;
  /** The vendor's name of an entry at a level: "PML4E", "PDE", … */
  entryName(level: number): string;
  /** Index bits of the table at a level: 9, except AMD-Vi level 6: 7. */
  indexBits(level: number): number;
  /** Orders of leaves that may stand at a level, ascending; empty where none may. */
  leafOrders(level: number): readonly number[];
  /** The value of a slot in a table that this format's hypervisors have just made (EPT: suppress-#VE alone). */
  readonly empty: Raw;

  /** Hot path: the common cases. */
  readonly plain: PlainBits;
  /** Hot path: what a walker does with this entry. Reserved bits are not examined here; `decode` does that. */
  kindOf(lo: number, hi: number, level: number): EntryKind;
  /** Hot path: output frame of a LEAF (first frame of its page), or frame of the next TABLE. Exact to 2^40. */
  frameOf(lo: number, hi: number, level: number): number;
  /** Level of the table that a TABLE entry points to. */
  nextLevelOf(lo: number, hi: number, level: number): number;
  /** log2 of pages that a LEAF maps. */
  orderOf(lo: number, hi: number, level: number): number;

  /** Throws RangeError for an order with no encoding or a frame not aligned to it. Bits of a leaf, address included. */
  encodeLeaf(frame: number, order: number, attributes: LeafAttributes): Raw;
  /**
   * A leaf of `level` at another size and frame: every bit but the address, its size and the bits that move with it (bit
   * 7, NPT's PAT, AMD-Vi's Next Level) stays. Contiguity markers stay too: who uses them sets them anew. Throws
   * RangeError as `encodeLeaf` does.
   */
  resizeLeaf(lo: number, hi: number, level: number, frame: number, order: number): Raw;
  /** A pointer with all rights to a table of level `nextLevel`. `software` bits are ORed in. */
  encodeTable(frame: number, nextLevel: number, software?: Raw): Raw;

  /** Everything about an entry, for people and for audits. Never throws. */
  decode(raw: Raw, level: number, options?: DecodeOptions): DecodedEntry;
  /** All bits of the address field of an entry of this kind at this level (so `flags` = the others). */
  addressMask(lo: number, hi: number, level: number): Raw;
  /**
   * Bits that are bookkeeping, not meaning: contiguity markers, accessed, dirty. They neither split a run nor show in
   * its flags (contract, "tables --json").
   */
  bookkeepingMask(level: number): Raw;
}

/**
 * The frame in bits 51:12 of an entry. `lo >>> 12` gives 20 bits, `hi & 0xfffff` 20 more; shifting `hi` left by 20
 * with bit operators would wrap at 2^44 bytes, so it is multiplied.
 */
export const frameField = (lo: number, hi: number): number => (hi & 0xfffff) * 0x100000 + (lo >>> 12);
/** Low half of a frame placed in bits 51:12. */
export const frameLo = (frame: number): number => (frame << 12) >>> 0;
/** High half of a frame placed in bits 51:12. */
export const frameHi = (frame: number): number =>
  // Most frames have 31 bits, for which there is a cheaper way.
  frame <= 0x7fff_ffff ? frame >>> 20 : (frame * 2 ** -20) >>> 0;

/** A 64-bit value as two halves; for vectors and edges, not for loops. */
export const raw64 = (value: bigint): Raw => ({
  lo: Number(value & 0xffffffffn),
  hi: Number((value >> 32n) & 0xffffffffn),
});
/** Two halves as one 64-bit value; for edges, not for loops. */
export const bits64 = ({ lo, hi }: Raw): bigint => (BigInt(hi >>> 0) << 32n) | BigInt(lo >>> 0);
