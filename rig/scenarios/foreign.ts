import { hex } from "../../src/address.ts";
import type { ScriptDomain, ScriptOperation } from "../script.ts";
import { BAR, decrease, domain, map, permit, populate, remove, type Scenario, unmap } from "./builders.ts";

const GUEST: ScriptDomain = { id: 2, guest: "hvm", iommu: "none", p2mPoolMiB: 4 };
const STRANGER: ScriptDomain = { ...GUEST, id: 3 };

const of = (id: number, gfn: number, order: number, extents = 1): ScriptOperation => ({
  ...populate(gfn, order, extents),
  domain: id,
});
const foreign = (gfn: number, fromGfn: number, pages: number, from = GUEST.id): ScriptOperation => ({
  op: "map_foreign",
  domain,
  gfn: hex(gfn),
  from,
  fromGfn: hex(fromGfn),
  pages,
});

/** Pages of the guest that the domain is the device model of, and what is mapped over them. */
const scenarios: readonly Omit<Scenario, "xen" | "others">[] = [
  {
    name: "foreign",
    says: "foreign pages in a hole, over RAM, over each other, and taken away again",
    operations: [
      of(2, 0x200, 9),
      of(2, 0, 0, 4),
      populate(0x1000, 9),
      foreign(0x1002, 0x200, 2),
      foreign(0x3000, 0, 4),
      foreign(0x3001, 0x3, 1),
      foreign(0x3001, 0x1, 1),
      remove(0x1002),
      remove(0x1002),
      decrease(0x1003),
      decrease(0x1000, 0, 5),
      foreign(0x1010, 0x3fe, 3),
      foreign(0x1020, 0x100, 1),
    ],
  },
  {
    name: "foreign-strangers",
    says: "pages of a domain that it is not the device model of, of dom0, of itself, of nobody",
    operations: [
      of(2, 0, 0),
      of(3, 0, 0),
      populate(0, 0),
      foreign(0x1000, 0, 1),
      foreign(0x1001, 0, 1, 3),
      foreign(0x1001, 0, 1, 0),
      foreign(0x1001, 0, 1, 1),
      foreign(0x1001, 0, 1, 4),
    ],
  },
  {
    name: "map-over-foreign",
    says: "MMIO over a foreign page: refused, and the domain crashed; what lies before it stays",
    operations: [
      permit(),
      of(2, 0x200, 9),
      foreign(0x1000, 0x200, 4),
      map(0x1000, BAR, 2),
      foreign(0x2102, 0x210, 2),
      map(0x2000, BAR, 1024, { undoOnFailure: true }),
      unmap(0x1000, BAR, 2),
      map(0x2102, BAR, 1, { raw: true }),
    ],
  },
  {
    name: "ram-over-foreign",
    says: "RAM over a foreign page: refused, and the domain crashed",
    operations: [of(2, 0x200, 9), foreign(0x1005, 0x200, 1), populate(0x1000, 0, 8), populate(0x1000, 9)],
  },
  {
    name: "foreign-over-map",
    says: "a foreign page over MMIO in 2 MiB and in 4 KiB: refused, and the domain crashed",
    operations: [
      permit(),
      of(2, 0x200, 9),
      map(BAR, BAR, 512),
      map(BAR + 0x401, BAR + 0x401, 3),
      foreign(BAR + 2, 0x200, 1),
      foreign(BAR + 0x400, 0x200, 2),
    ],
  },
  {
    name: "foreign-after-map",
    says: "a foreign page where MMIO was, and MMIO where a foreign page was",
    operations: [
      permit(),
      of(2, 0x200, 9),
      map(BAR, BAR, 512),
      unmap(BAR, BAR, 512),
      foreign(BAR + 7, 0x200, 1),
      remove(BAR + 7),
      map(BAR, BAR, 512),
    ],
  },
];

/** Up to 4.17 the hardware domain alone may map foreign pages. */
export const FOREIGN: readonly Scenario[] = [
  ...scenarios.map((scenario): Scenario => ({ ...scenario, xen: ["4.20"], others: [GUEST, STRANGER] })),
  {
    name: "foreign-refused",
    says: "foreign pages, which a guest may not map",
    xen: ["4.14", "4.17"],
    others: [GUEST],
    operations: [
      of(2, 0, 0),
      foreign(0x1000, 0, 1),
      foreign(0x1000, 0, 1, 0),
      foreign(0x1000, 0, 1, 1),
      foreign(0, 0, 1, 4),
    ],
  },
];
