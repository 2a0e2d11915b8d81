/** AMD nested paging, which is x86-64 long-mode paging: page-table-formats.md 2.2, 2.3; Xen's use: xen-mapping.md 6.1. */
import {
  absent,
  type EntryTable,
  largeLeaf,
  leaf,
  lowerTable,
  present,
  type Shape,
  smallLeaf,
  table,
  unsupportedSize,
  upperTable,
} from "./entry.ts";
import type { LeafAttributes, MemoryType, Raw } from "./format.ts";
import { isPagedLeaf, NO_BITS, pagedOrder, pagedResize } from "./paged.ts";
import { pagedFormat } from "./paged-format.ts";
import { address, flag, ignored, reserved, value } from "./rows.ts";
import { p2mTypeText } from "./software-bits.ts";

/** Types of PAT indices 0 to 3, the same at power-up and under Xen; 4 to 7 differ between hosts. */
const PAT: readonly MemoryType[] = ["WB", "WT", "UC-", "UC"];

/** The PAT bit of a leaf: bit 7 at 4 KiB, bit 12 in a large page. */
const patBit = (order: number): number => (order === 0 ? 0x80 : 0x1000);

/** PAT, PCD, PWT as an index into the host's PAT. */
const patIndex = ({ lo, order }: Shape): number => ((lo & patBit(order)) !== 0 ? 4 : 0) | ((lo >>> 3) & 3);

const accessedDirty = (s: Shape): boolean => s.present && s.options.accessedDirty;

const rows = [
  flag(0, "P", "not present", "present"),
  flag(1, "RW", "writes are not allowed", "writes are allowed", present),
  flag(2, "US", "supervisor: every guest access faults", "user, as nested paging needs", present),
  flag(3, "PWT", "no page write-through", "page write-through", present),
  flag(4, "PCD", "no page cache disable", "page cache disable", present),
  ignored(6, 5, "accessed and dirty flags are not looked at", present),
  flag(5, "A", "not accessed", "accessed", accessedDirty),
  flag(6, "D", "not dirty", "dirty", (s: Shape) => leaf(s) && s.options.accessedDirty),
  ignored(6, 6, "ignored in a table entry", table),
  flag(7, "PAT", "lower half of the PAT", "upper half of the PAT", smallLeaf),
  flag(7, "PS", "points to a table", "a large page", largeLeaf),
  flag(7, "PS", "points to a table", "a large page", lowerTable),
  reserved([7, 7], "large-page-illegal", "no large page may stand at this level", upperTable),
  flag(8, "G", "not global", "global, which nested paging ignores", leaf),
  ignored(8, 8, "ignored in a table entry", lowerTable),
  reserved([8, 8], "reserved-bits", "reserved at this level", upperTable),
  ignored(11, 9, "software; KVM: 9 host-writable, 10 MMU-writable, 11 present", present),
  address(51, 12, "address", "output address", leaf),
  address(51, 12, "address", "next table", table),
  reserved(
    (s: Shape) => [11 + s.order, 13],
    "misaligned-large-page",
    "the address is not aligned to the page",
    largeLeaf,
  ),
  flag(12, "PAT", "lower half of the PAT", "upper half of the PAT", largeLeaf),
  reserved(
    (s: Shape) => [51, s.options.physBits],
    "address-beyond-width",
    "beyond the physical address width (KVM sets bit 51 to mark emulated MMIO)",
    present,
  ),
  ignored(58, 52, (v) => `software; ${p2mTypeText(v)}`, leaf),
  ignored(58, 52, "software", table),
  value(62, 59, "PKEY", "software, or a protection key", present),
  flag(63, "NX", "execution is allowed", "execution is not allowed", present),
  reserved([63, 63], "reserved-bits", "EFER.NXE is off", (s: Shape) => s.present && !s.options.nx),
  ignored(51, 1, "not present: software's own", absent),
  ignored(58, 52, (v) => `not present: software's own; ${p2mTypeText(v)}`, absent),
  ignored(63, 59, "not present: software's own", absent),
];

/** NPT as a table: page-table-formats.md 2.3. */
export const nptTable: EntryTable = {
  rows,
  checks: [
    {
      code: "supervisor-entry",
      when: (s) => (s.lo & 4) === 0,
      says: "U/S is clear: every guest access faults. Xen marks entries so whose type is to be recalculated",
    },
    unsupportedSize,
  ],
  accessedDirtyDefault: true,
  isLeaf: isPagedLeaf,
  access: ({ lo, hi, options }) => `r${lo & 2 ? "w" : "-"}${options.nx && hi >>> 31 ? "-" : "x"}`,
  memoryType: (s) => PAT[patIndex(s)] ?? null,
};

/**
 * Attributes left out are clear, but `user` is set unless false: nested paging needs it. `read` is P. NX is `noExecute`, or
 * where that is left out, an `execute` that is given as false.
 */
const flags = (a: LeafAttributes, order: number) => ({
  lo:
    (a.read ? 1 : 0) |
    (a.write ? 2 : 0) |
    (a.user === false ? 0 : 4) |
    (a.pwt ? 8 : 0) |
    (a.pcd ? 0x10 : 0) |
    (a.accessed ? 0x20 : 0) |
    (a.dirty ? 0x40 : 0) |
    (a.pat ? patBit(order) : 0),
  hi: (a.noExecute ?? a.execute === false) ? 0x80000000 : 0,
});

export const npt = pagedFormat({
  name: "npt",
  title: "AMD NPT",
  minLevels: 4,
  names: ["PTE", "PDE", "PDPE", "PML4E", "PML5E"],
  table: nptTable,
  empty: { lo: 0, hi: 0 },
  emptyHi: 0,
  present: 1,
  // P, RW and U/S; Xen adds A and D as `software`, which makes 0x67, and takes U/S away to mark an entry.
  pointer: 7,
  plain: 1,
  flags,
  resizeLeaf(lo: number, hi: number, level: number, frame: number, order: number): Raw {
    const raw = pagedResize(lo, hi, level, frame, order);
    const pat = (lo & patBit(pagedOrder(lo, hi, level))) !== 0;
    return pat ? { lo: (raw.lo | patBit(order)) >>> 0, hi: raw.hi } : raw;
  },
  // None: Xen writes A and D itself in every NPT entry (xen-mapping.md 6.1) and clears A together with U/S to mark an entry
  // for recalculation (6.5), so here they carry meaning.
  bookkeeping: NO_BITS,
});
