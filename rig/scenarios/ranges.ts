import { BAR, G, map, permit, QEMU, type Scenario, unmap } from "./builders.ts";

/** Where ranges lie, and what is taken out of them and put in again. */
export const RANGES: readonly Scenario[] = [
  {
    name: "bar-32g-aligned",
    says: "a 32 GiB BAR, guest and machine congruent modulo 1 GiB",
    on: ["npt", "amdvi", "vtd"],
    operations: [permit(32 * G), map(BAR, BAR, 32 * G)],
  },
  {
    name: "bar-4g-aligned",
    says: "a 4 GiB BAR, congruent modulo 1 GiB, elsewhere in the guest",
    operations: [permit(), map(0x1000000, BAR, 4 * G)],
  },
  {
    name: "bar-off-by-a-page",
    says: "64 MiB one page off: 4 KiB entries only",
    operations: [permit(), map(BAR, BAR + 1, 0x4000)],
  },
  {
    name: "bar-off-by-2m",
    says: "2 GiB congruent modulo 2 MiB but not 1 GiB",
    operations: [permit(), map(BAR, BAR + 0x200, 2 * G)],
  },
  {
    name: "bar-unaligned-ends",
    says: "head and tail that are no whole 2 MiB",
    operations: [permit(), map(BAR + 0x1f1, BAR + 0x1f1, 0x1000)],
  },
  {
    name: "page-out-and-in",
    says: "one page of a 1 GiB mapping removed and mapped again: the P2M stays split, the IOMMU coalesces",
    operations: [permit(), map(BAR, BAR, G), unmap(BAR + 0x234, BAR + 0x234, 1), map(BAR + 0x234, BAR + 0x234, 1)],
  },
  {
    name: "page-out",
    says: "one page of a 1 GiB mapping removed",
    operations: [permit(), map(BAR, BAR, G), unmap(BAR + 0x234, BAR + 0x234, 1)],
  },
  {
    name: "block-out-and-in",
    says: "a whole 2 MiB removed and mapped again",
    operations: [permit(), map(BAR, BAR, G), unmap(BAR + 0x400, BAR + 0x400, 512), map(BAR + 0x400, BAR + 0x400, 512)],
  },
  {
    name: "unmap-all",
    says: "everything removed: which tables stay",
    operations: [permit(), map(BAR, BAR, G + 0x400), unmap(BAR, BAR, G + 0x400)],
  },
  {
    name: "unmap-with-hole",
    says: "the library's removal over a range with a hole",
    operations: [permit(), map(BAR, BAR, 4096), unmap(BAR + 1024, BAR + 1024, 512), unmap(BAR, BAR, 4096)],
  },
  {
    name: "unmap-wrong-frame",
    says: "removal that names another machine frame",
    operations: [permit(), map(BAR, BAR, 1024), unmap(BAR, BAR + 0x800, 1024)],
  },
  {
    name: "read-only-in-the-middle",
    says: "frames that are read-only to guests (an IO-APIC's) in the middle",
    operations: [permit(0x500, 0xfe800), map(0x100000 + 0xfe800, 0xfe800, 0x500), unmap(0x1fec00, 0xfec00, 0x80)],
  },
  {
    name: "read-only-window",
    says: "a range that is read-only as a whole (the PCI configuration window)",
    on: QEMU,
    operations: [permit(0x1000, 0xb0000), map(0x200000, 0xb0000, 0x800), map(0x300001, 0xb0001, 0x20)],
  },
  {
    name: "level-edges",
    says: "ranges across the edges of 2 MiB, 1 GiB and 512 GiB tables",
    operations: [
      permit(),
      map(G - 0x300, BAR + G - 0x300, 0x900),
      map(2 ** 27 - 0x201, BAR + 0x1ff, 0x403),
      map(2 ** 36 - 0x600, BAR + 0x200, 0x600),
    ],
  },
];
