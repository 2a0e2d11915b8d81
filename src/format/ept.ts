/** Intel EPT: page-table-formats.md 1.3 to 1.7. */
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
import type { LeafAttributes, MemoryType } from "./format.ts";
import { isPagedLeaf } from "./paged.ts";
import { pagedFormat } from "./paged-format.ts";
import { address, flag, ignored, reserved, value } from "./rows.ts";
import { p2mTypeOf, p2mTypeText } from "./software-bits.ts";

/** Memory types by EMT value; 2, 3 and 7 are reserved. */
const EMT: readonly MemoryType[] = ["UC", "WC", "reserved", "reserved", "WT", "WP", "WB", "reserved"];
const RECALCULATION = "EMT 7, reserved: Xen marks entries so whose memory type is to be recalculated";

const emtOf = (s: Shape): number => (s.lo >>> 3) & 7;
const recalculation = (s: Shape): boolean => emtOf(s) === 7;
const markedTable = (s: Shape): boolean => table(s) && recalculation(s);
const accessedDirty = (s: Shape): boolean => s.present && s.options.accessedDirty;
const xenType = (_: number, s: Shape): string =>
  `ignored by hardware; Xen keeps the type in 57:52: ${p2mTypeText(p2mTypeOf("ept", s.hi) ?? 0)}`;

const rows = [
  flag(0, "R", "reads are not allowed", "reads are allowed"),
  flag(1, "W", "writes are not allowed", "writes are allowed"),
  flag(2, "X", "execution is not allowed", "execution is allowed (in supervisor mode only, with MBEC)"),
  value(5, 3, "EMT", (v) => (v === 7 ? RECALCULATION : `memory type ${EMT[v]}`), leaf),
  flag(6, "IPAT", "the guest's PAT has a say in the memory type", "the guest's PAT is ignored", leaf),
  reserved(
    [6, 3],
    "reserved-bits",
    "a table entry carries no memory type",
    (s: Shape) => table(s) && !recalculation(s),
  ),
  reserved([6, 6], "reserved-bits", "a table entry carries no memory type", markedTable),
  value(5, 3, "EMT", RECALCULATION, markedTable),
  ignored(7, 7, "ignored in a 4 KiB leaf", smallLeaf),
  flag(7, "PS", "points to a table", "a large page", largeLeaf),
  flag(7, "PS", "points to a table", "a large page", lowerTable),
  reserved([7, 7], "large-page-illegal", "no large page may stand at this level", upperTable),
  ignored(8, 8, "ignored: accessed and dirty flags are off", present),
  flag(8, "A", "not accessed", "accessed", accessedDirty),
  ignored(9, 9, "ignored: accessed and dirty flags are off", present),
  ignored(9, 9, "ignored in a table entry", table),
  flag(9, "D", "not dirty", "dirty", (s: Shape) => leaf(s) && s.options.accessedDirty),
  ignored(10, 10, "ignored by hardware; Xen: the type may need recalculation", present),
  flag(10, "XU", "user-mode execution is not allowed", "user-mode execution is allowed", (s: Shape) => s.options.mbec),
  ignored(11, 11, "ignored by EPT; Xen: VT-d snoop, for tables shared with the IOMMU; KVM: present", present),
  address(51, 12, "address", "output address", leaf),
  address(51, 12, "address", "next table", table),
  reserved(
    (s: Shape) => [11 + s.order, 12],
    "misaligned-large-page",
    "the address is not aligned to the page",
    largeLeaf,
  ),
  reserved(
    (s: Shape) => [51, s.options.physBits],
    "address-beyond-width",
    "beyond the physical address width",
    present,
  ),
  ignored(56, 52, xenType, leaf),
  ignored(57, 57, "VGP (verify guest paging), if enabled; KVM: host-writable", leaf),
  ignored(58, 58, "PWA (paging-write access), if enabled; KVM: MMU-writable; Xen up to 4.19: access", leaf),
  ignored(59, 59, "ignored by hardware; Xen: P2M access right", leaf),
  ignored(60, 60, "SSS (supervisor shadow stack), if enabled; Xen: P2M access right", leaf),
  ignored(61, 61, "SPP (sub-page write permission), if enabled; Xen: P2M access right", leaf),
  ignored(62, 62, "ignored by hardware; Xen from 4.20: P2M access right", leaf),
  flag(63, "SVE", "a violation here may become a #VE", "suppress #VE", leaf),
  ignored(62, 52, "ignored by hardware; Xen: default access right", table),
  ignored(63, 63, "ignored while a table entry is present", table),
  ignored(9, 3, "not present: software's own", absent),
  ignored(10, 10, "not present: software's own", (s: Shape) => absent(s) && !s.options.mbec),
  ignored(51, 11, "not present: software's own", absent),
  ignored(57, 52, (v) => `not present: software's own; ${p2mTypeText(v)}`, absent),
  ignored(62, 58, "not present: software's own; Xen: P2M access right", absent),
  flag(63, "SVE", "a violation here may become a #VE", "suppress #VE", absent),
];

/** EPT as a table: page-table-formats.md 1.4, 1.5; the checks are 1.6's misconfigurations. */
export const eptTable: EntryTable = {
  rows,
  checks: [
    { code: "write-without-read", when: (s) => (s.lo & 3) === 2, says: "misconfiguration: W without R" },
    {
      code: "execute-only-unsupported",
      when: (s) => (s.lo & 3) === 0 && !s.options.executeOnly,
      says: "misconfiguration: X without R, and execute-only translations are not supported",
    },
    {
      code: "reserved-memory-type",
      when: (s) => s.leaf && (emtOf(s) === 2 || emtOf(s) === 3),
      says: "misconfiguration: reserved memory type",
    },
    { code: "recalculation-mark", when: recalculation, says: `misconfiguration: ${RECALCULATION}` },
    unsupportedSize,
  ],
  marker: {
    code: "mmio-marker",
    when: (s) => (s.lo & 7) === 6,
    says: "misconfiguration: W and X without R. KVM marks emulated MMIO so, with a generation in the other bits",
  },
  accessedDirtyDefault: false,
  kindWith: (lo, hi, level, { mbec }) => ept.kindOf(mbec && (lo & 0x407) === 0x400 ? lo | 4 : lo, hi, level),
  isLeaf: isPagedLeaf,
  access: ({ lo }) => `${lo & 1 ? "r" : "-"}${lo & 2 ? "w" : "-"}${lo & 4 ? "x" : "-"}`,
  memoryType: (s) => EMT[emtOf(s)] ?? null,
};

/** Attributes left out are clear; a leaf without any right is not present for the hardware. */
const flags = (a: LeafAttributes) => ({
  lo:
    (a.read ? 1 : 0) |
    (a.write ? 2 : 0) |
    (a.execute ? 4 : 0) |
    (((a.emt ?? 0) & 7) << 3) |
    (a.ipat ? 0x40 : 0) |
    (a.accessed ? 0x100 : 0) |
    (a.dirty ? 0x200 : 0) |
    (a.snoop ? 0x800 : 0),
  hi: a.suppressVe ? 0x80000000 : 0,
});

export const ept = pagedFormat({
  name: "ept",
  title: "Intel EPT",
  minLevels: 4,
  names: ["PTE", "PDE", "PDPTE", "PML4E", "PML5E"],
  table: eptTable,
  // Empty is zero or suppress-#VE alone; both occur side by side (1.7).
  empty: { lo: 0, hi: 0x80000000 },
  emptyHi: 0x80000000,
  // Any of R, W, X, MBEC aside.
  present: 7,
  // R, W and X; Xen adds A, its default access and suppress-#VE as `software`.
  pointer: 7,
  plain: 7,
  flags,
  // A and D, which the processor sets as it runs.
  bookkeeping: { lo: 0x300, hi: 0 },
});
