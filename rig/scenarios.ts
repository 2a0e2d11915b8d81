import { hex } from "../src/address.ts";
import type { FormatTarget } from "./generate.ts";
import type { ScriptDomain, ScriptOperation } from "./script.ts";

/** A situation with a name: operations on one domain, run on each machine that it can be had on. */
export interface Scenario {
  readonly name: string;
  readonly says: string;
  /** Default: all. `npt` means the AMD machine without an IOMMU context for the domain. */
  readonly on?: readonly FormatTarget[];
  readonly cmdline?: string;
  readonly domain?: Partial<ScriptDomain>;
  readonly operations: readonly ScriptOperation[];
}

const G = 2 ** 18;
const BAR = 0x4000000;
const domain = 1;

const permit = (pages = 4 * G, mfn = BAR): ScriptOperation => ({
  op: "iomem_permission",
  domain,
  mfn: hex(mfn),
  pages,
  allow: true,
});
const revoke = (mfn: number, pages: number): ScriptOperation => ({
  op: "iomem_permission",
  domain,
  mfn: hex(mfn),
  pages,
  allow: false,
});

type Extra = Partial<Pick<Extract<ScriptOperation, { op: "memory_mapping" }>, "raw" | "maxCalls" | "undoOnFailure">>;
const mapping = (add: boolean, gfn: number, mfn: number, pages: number, extra: Extra = {}): ScriptOperation => ({
  op: "memory_mapping",
  domain,
  gfn: hex(gfn),
  mfn: hex(mfn),
  pages,
  add,
  ...extra,
});
const map = (gfn: number, mfn: number, pages: number, extra?: Extra): ScriptOperation =>
  mapping(true, gfn, mfn, pages, extra);
const unmap = (gfn: number, mfn: number, pages: number, extra?: Extra): ScriptOperation =>
  mapping(false, gfn, mfn, pages, extra);
const populate = (gfn: number, order: number, extents = 1): ScriptOperation => ({
  op: "populate",
  domain,
  gfn: hex(gfn),
  order,
  extents,
});
const decrease = (gfn: number, order = 0, extents = 1): ScriptOperation => ({
  op: "decrease_reservation",
  domain,
  gfn: hex(gfn),
  order,
  extents,
});
const remove = (gfn: number): ScriptOperation => ({ op: "remove_from_physmap", domain, gfn: hex(gfn) });
const assign: ScriptOperation = { op: "assign_device", domain };
const deassign: ScriptOperation = { op: "deassign_device", domain };

const WITH_IOMMU = ["amdvi", "vtd"] as const;
const QEMU = ["npt", "amdvi", "vtd"] as const;

/** Requests that are refused, by what is wrong with them. `width`: frames of the machine's address width. */
const errors = (width: number): ScriptOperation[] => [
  map(BAR, BAR, 512, { raw: true }),
  permit(4096),
  map(BAR, BAR, 0, { raw: true }),
  map(BAR, 0, 0, { raw: true }),
  { op: "memory_mapping", domain, gfn: hex(BAR), mfn: "0xfffffffffffffff0", pages: 32, add: true, raw: true },
  { op: "memory_mapping", domain, gfn: "0xfffffffffffffff0", mfn: hex(BAR), pages: 32, add: true, raw: true },
  map(BAR, width, 512, { raw: true }),
  map(BAR, width - 16, 32, { raw: true }),
  map(BAR, BAR + 4095, 2, { raw: true }),
  map(2 ** 36, BAR, 512, { raw: true }),
  map(2 ** 36 - 0x200, BAR, 1024, { raw: true }),
  map(2 ** 36 - 1, BAR + 1, 2, { raw: true }),
  map(2 ** 34, BAR, 512, { raw: true }),
  permit(1, 0xfee00),
  permit(0),
  unmap(BAR + 0x100000, BAR, 512, { raw: true }),
  map(BAR, BAR, 1024, { undoOnFailure: true }),
  map(BAR + 1024, BAR, 4097, { undoOnFailure: true }),
];

/** Pool pages beyond what creation takes, so that each table of a way down is missing in turn. */
const POOLS = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
const BEFORE_POOL = 12;

const dryPool = (extra: number): Scenario => ({
  name: `pool-dry-after-${extra}`,
  says: `a pool with ${extra} pages left: mapping, populating and splitting until it is dry`,
  domain: { p2mPoolMiB: (BEFORE_POOL + extra) / 256 },
  operations: [
    permit(),
    map(BAR, BAR, 512, { undoOnFailure: true }),
    populate(0x200, 9, 2),
    map(0x210, BAR + 0x10, 4, { undoOnFailure: true }),
    remove(0x401),
    map(2 ** 27, BAR, 1024, { undoOnFailure: true }),
    map(BAR + 512, BAR + 513, 600, { undoOnFailure: true }),
    unmap(BAR + 3, BAR + 3, 1),
    decrease(0x205, 0, 3),
  ],
});

/** The named scenarios (everything that people or the specification make a point of). */
export const SCENARIOS: readonly Scenario[] = [
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
    name: "over-ram-4k",
    says: "MMIO over RAM populated at order 0",
    operations: [permit(), populate(0x1000, 0, 1024), map(0x1000, BAR, 512), map(0x1200, BAR + 0x201, 100)],
  },
  {
    name: "over-ram-2m",
    says: "MMIO over RAM populated at order 9: whole blocks and parts of them",
    operations: [
      permit(),
      populate(0x1000, 9, 3),
      map(0x1000, BAR, 512),
      map(0x1210, BAR + 0x10, 3),
      unmap(0x1000, BAR, 512),
    ],
  },
  {
    name: "over-ram-1g",
    says: "MMIO over RAM populated at order 18",
    on: QEMU,
    operations: [permit(), populate(G, 18), map(G + 0x200, BAR + 0x200, 512), map(G + 0x800, BAR + 0x1, 5)],
  },
  {
    name: "ram-over-mmio",
    says: "RAM over MMIO: refused, and the domain crashed",
    operations: [
      permit(),
      map(BAR, BAR, 1024),
      populate(BAR, 0, 1),
      populate(BAR + 0x200, 9, 1),
      populate(BAR + 0x3ff, 0, 3),
    ],
  },
  {
    name: "same-frame-twice",
    says: "mapped twice to the same frame, and again in other pieces",
    operations: [permit(), map(BAR, BAR, 2048), map(BAR, BAR, 2048), map(BAR + 0x10, BAR + 0x10, 7)],
  },
  {
    name: "another-frame",
    says: "mapped to another frame: refused, the domain crashed; later calls still work",
    operations: [
      permit(),
      map(BAR, BAR, 2048),
      map(BAR + 0x200, BAR + 0x400, 512, { undoOnFailure: true }),
      map(BAR + 0x2000, BAR + 0x2000, 512),
    ],
  },
  {
    name: "conflict-in-the-middle",
    says: "a conflict in the middle of a range",
    operations: [permit(), map(BAR + 0x600, BAR + 0x800, 512), map(BAR, BAR, 4096, { undoOnFailure: true })],
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
    name: "ram-holes",
    says: "RAM at orders 0 and 9, and holes punched at both",
    operations: [
      populate(0x1000, 0, 512),
      populate(0x1200, 9, 4),
      decrease(0x1005, 0, 2),
      decrease(0x1200, 9, 1),
      decrease(0x1403, 0, 1),
      remove(0x1601),
      remove(0x1601),
      decrease(0x1600, 9, 1),
      populate(0x1403, 0, 1),
      populate(0x1200, 9, 1),
    ],
  },
  {
    name: "ram-1g-holes",
    says: "RAM at order 18, and holes in it",
    on: QEMU,
    operations: [populate(G, 18), remove(G + 0x12345), decrease(G + 0x400, 9, 1), decrease(G + 0x800, 0, 1)],
  },
  {
    name: "ram-filled-up",
    says: "a memory limit that populating meets",
    domain: { maxMemKiB: 4096 },
    operations: [
      populate(0x1000, 9, 1),
      populate(0x1200, 0, 700),
      populate(0x2000, 9, 1),
      decrease(0x1000, 0, 5),
      populate(0x3000, 0, 9),
    ],
  },
  {
    name: "errors",
    says: "requests that are refused, by what is wrong with them",
    on: QEMU,
    operations: errors(2 ** 34),
  },
  {
    name: "errors-40-bits",
    says: "the same on the processor with 40 address bits",
    on: ["ept"],
    operations: errors(2 ** 28),
  },
  {
    name: "permission-revoked",
    says: "permission revoked in the middle of what is mapped: neither mapping nor removing goes on",
    operations: [
      permit(),
      map(BAR, BAR, 2048),
      revoke(BAR + 0x300, 1),
      unmap(BAR, BAR, 2048),
      unmap(BAR, BAR, 512),
      map(BAR + 0x800, BAR + 0x800, 64),
    ],
  },
  {
    name: "max-calls",
    says: "stopped after some calls, and single calls with their positive counts",
    operations: [
      permit(),
      map(BAR, BAR + 1, 500, { maxCalls: 3 }),
      map(BAR + 0x400, BAR + 0x400, G, { raw: true }),
      map(BAR + 0x1ff, BAR + 0x200, 64, { raw: true }),
    ],
  },
  {
    name: "no-context",
    says: "no IOMMU context",
    on: ["npt"],
    domain: { iommu: "none" },
    operations: [permit(), map(BAR, BAR, 4096)],
  },
  {
    name: "share-asked",
    says: "sharing asked for where it cannot be had",
    on: WITH_IOMMU,
    domain: { iommu: "share_pt" },
    operations: [permit(), map(BAR, BAR, 4096), populate(0, 9, 2)],
  },
  {
    name: "context-default",
    says: "the default context",
    on: WITH_IOMMU,
    domain: { iommu: "default" },
    operations: [permit(), map(BAR, BAR, 4096)],
  },
  {
    name: "assigned-before",
    says: "a device assigned before anything is mapped",
    on: WITH_IOMMU,
    operations: [assign, permit(), map(BAR, BAR, G), populate(0x1000, 9, 2), deassign],
  },
  {
    name: "assigned-after",
    says: "a device assigned after mapping, twice, and taken away twice",
    on: WITH_IOMMU,
    operations: [
      permit(),
      populate(0x1000, 9, 2),
      map(BAR, BAR, G),
      assign,
      assign,
      deassign,
      deassign,
      unmap(BAR, BAR, 4096),
    ],
  },
  {
    name: "assign-without-context",
    says: "a device for a domain without an IOMMU context",
    on: ["npt"],
    domain: { iommu: "none" },
    operations: [assign, deassign],
  },
  {
    name: "iommu-no-superpages",
    says: "iommu=no-superpages",
    on: WITH_IOMMU,
    cmdline: "iommu=no-superpages",
    operations: [permit(), map(BAR, BAR, G), populate(0x1000, 9, 2), unmap(BAR + 3, BAR + 3, 1)],
  },
  {
    name: "hap-2mb-off",
    says: "hap_2mb=0",
    cmdline: "hap_2mb=0",
    operations: [permit(), map(BAR, BAR, 4096), populate(0x1000, 9, 2)],
  },
  {
    name: "hap-superpages-off",
    says: "hap_2mb=0 hap_1gb=0",
    cmdline: "hap_2mb=0 hap_1gb=0",
    operations: [permit(), map(BAR, BAR, 4096), populate(0x1000, 9, 2)],
  },
  {
    name: "ept-exec-sp",
    says: "ept=exec-sp: executable superpages",
    on: ["ept"],
    cmdline: "ept=exec-sp",
    operations: [permit(), map(BAR, BAR, 4096), populate(0x1000, 9, 2)],
  },
  {
    name: "memory-types",
    says: "RAM before and after the first I/O permission, and after the last is gone",
    operations: [
      populate(0x1000, 9, 1),
      permit(),
      populate(0x1200, 9, 1),
      populate(0x1400, 0, 5),
      map(BAR, BAR, 513),
      revoke(BAR, 4 * G),
      populate(0x1600, 9, 1),
    ],
  },
  {
    name: "pvh-guest",
    says: "a PVH guest",
    domain: { guest: "pvh" },
    operations: [permit(), map(BAR, BAR, 4096), populate(0, 9, 2)],
  },
  {
    name: "pv-guest",
    says: "a PV guest: the library makes no call, a single call does nothing",
    on: QEMU,
    domain: { guest: "pv" },
    operations: [permit(), map(BAR, BAR, 64), map(BAR, BAR, 64, { raw: true }), unmap(BAR, BAR, 64, { raw: true })],
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
  {
    name: "destroyed",
    says: "requests to a domain that is gone",
    operations: [
      permit(),
      map(BAR, BAR, 512),
      { op: "destroy", domain },
      map(BAR, BAR, 512),
      populate(0, 0),
      decrease(0),
      remove(0),
      permit(),
    ],
  },
  ...POOLS.map(dryPool),
];
