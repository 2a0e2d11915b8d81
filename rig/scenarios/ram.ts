import { BAR, decrease, G, map, permit, populate, QEMU, remove, revoke, type Scenario, unmap } from "./builders.ts";

/** Pool pages beyond what creation takes, so that each table of a way down is missing in turn. */
const POOLS = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;
const BEFORE_POOL = 12;

/** Until it is dry: mapping, populating, splitting, removing. */
const DRYING = [
  map(BAR, BAR, 512, { undoOnFailure: true }),
  populate(0x200, 9, 2),
  map(0x210, BAR + 0x10, 4, { undoOnFailure: true }),
  remove(0x401),
  map(2 ** 27, BAR, 1024, { undoOnFailure: true }),
  map(BAR + 512, BAR + 513, 600, { undoOnFailure: true }),
  unmap(BAR + 3, BAR + 3, 1),
  decrease(0x205, 0, 3),
];

const dryPool = (extra: number): Scenario => ({
  name: `pool-dry-after-${extra}`,
  says: `a pool with ${extra} pages left: mapping, populating and splitting until it is dry`,
  domain: { p2mPoolMiB: (BEFORE_POOL + extra) / 256 },
  operations: [permit(), ...DRYING],
});

/** Where nothing else is: in the guest's upper half. */
const ELSEWHERE = 2 ** 35;

/** Up to 4.16 pools are counted in MiB: pages far apart take one of 256 pages each, beside two for the tables above them. */
const dryMiB = (extra: number): Scenario => ({
  name: `pool-of-1m-dry-after-${extra}`,
  says: `a pool of 1 MiB with ${extra} pages left, after pages far apart`,
  on: QEMU,
  xen: ["4.14"],
  domain: { p2mPoolMiB: 1 },
  operations: [
    permit(),
    ...Array.from({ length: 256 - BEFORE_POOL - 2 - extra }, (_, i) =>
      map(ELSEWHERE + 512 * i, BAR + G + i, 1, { raw: true }),
    ),
    ...DRYING,
  ],
});

/** RAM, what happens to it, and pools that run dry. */
export const RAM: readonly Scenario[] = [
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
  ...POOLS.map(dryPool),
  ...POOLS.map(dryMiB),
];
