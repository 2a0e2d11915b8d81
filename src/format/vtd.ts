/** Intel VT-d second stage: page-table-formats.md 3.3, 3.4; Xen's use: xen-mapping.md 7.7, 7.8. */
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
import type { LeafAttributes } from "./format.ts";
import { isPagedLeaf } from "./paged.ts";
import { pagedFormat } from "./paged-format.ts";
import { address, flag, ignored, reserved } from "./rows.ts";

const MARKER = (v: number): string => `ignored by hardware; Xen from 4.17: contiguity marker ${v}`;
const accessedDirty = (s: Shape): boolean => s.present && s.options.accessedDirty;

const rows = [
  flag(0, "R", "reads are not allowed", "reads are allowed"),
  flag(1, "W", "writes are not allowed", "writes are allowed"),
  ignored(2, 2, "X, which counts only for requests with an execute right", present),
  ignored(5, 3, "ignored in a table entry", table),
  ignored(5, 3, (v) => `EMT ${v}, which counts only with memory-type support`, leaf),
  ignored(6, 6, "ignored in a table entry", table),
  ignored(6, 6, "IPAT, which counts only with memory-type support", leaf),
  ignored(7, 7, "ignored in a 4 KiB leaf", smallLeaf),
  flag(7, "PS", "points to a table", "a large page", largeLeaf),
  flag(7, "PS", "points to a table", "a large page", lowerTable),
  reserved([7, 7], "large-page-illegal", "no large page may stand at this level", upperTable),
  ignored(8, 8, "ignored: accessed and dirty flags are off", present),
  flag(8, "A", "not accessed", "accessed", accessedDirty),
  ignored(9, 9, "ignored: accessed and dirty flags are off", present),
  ignored(9, 9, "ignored in a table entry", table),
  flag(9, "D", "not dirty", "dirty", (s: Shape) => leaf(s) && s.options.accessedDirty),
  ignored(10, 10, "ignored by hardware", present),
  reserved([11, 11], "reserved-bits", "reserved in a table entry", table),
  flag(11, "SNP", "accesses may be non-coherent", "accesses snoop the caches", leaf),
  reserved([11, 11], "snoop-unsupported", "no snoop control", (s: Shape) => leaf(s) && !s.options.snoopControl),
  address(51, 12, "address", "output address", leaf),
  address(51, 12, "address", "next table", table),
  reserved(
    (s: Shape) => [11 + s.order, 12],
    "misaligned-large-page",
    "the address is not aligned to the page",
    largeLeaf,
  ),
  reserved((s: Shape) => [51, s.options.physBits], "address-beyond-width", "beyond the host address width", present),
  ignored(51, 2, "not present: software's own", absent),
  ignored(55, 52, MARKER),
  ignored(61, 56),
  ignored(62, 62, "not present: software's own", absent),
  reserved([62, 62], "reserved-bits", "reserved in a table entry", table),
  reserved([62, 62], "transient-mapping-unsupported", "no device-TLB support", leaf),
  flag(62, "TM", "not transient", "transient mapping", (s: Shape) => leaf(s) && s.options.deviceTlb),
  ignored(63, 63),
];

/** VT-d second stage as a table: page-table-formats.md 3.4. */
export const vtdTable: EntryTable = {
  rows,
  checks: [unsupportedSize],
  accessedDirtyDefault: false,
  isLeaf: isPagedLeaf,
  access: ({ lo }) => `${lo & 1 ? "r" : "-"}${lo & 2 ? "w" : "-"}-`,
  memoryType: () => null,
};

/** Attributes left out are clear; a leaf without R and W is not present. `execute` is ignored. */
const flags = (a: LeafAttributes) => ({
  lo:
    (a.read ? 1 : 0) |
    (a.write ? 2 : 0) |
    (((a.emt ?? 0) & 7) << 3) |
    (a.ipat ? 0x40 : 0) |
    (a.accessed ? 0x100 : 0) |
    (a.dirty ? 0x200 : 0) |
    (a.snoop ? 0x800 : 0),
  hi: 0,
});

export const vtd = pagedFormat({
  name: "vtd",
  title: "Intel VT-d second stage",
  minLevels: 3,
  names: ["SS-PTE", "SS-PDE", "SS-PDPE", "SS-PML4E", "SS-PML5E"],
  table: vtdTable,
  empty: { lo: 0, hi: 0 },
  // An entry that holds a contiguity marker (55:52) and nothing else is empty.
  emptyHi: 0x00f00000,
  // R or W.
  present: 3,
  pointer: 3,
  plain: 3,
  flags,
  // A, D and the contiguity marker.
  bookkeeping: { lo: 0x300, hi: 0x00f00000 },
});
