import { assign, BAR, deassign, G, map, permit, populate, QEMU, type Scenario, unmap, WITH_IOMMU } from "./builders.ts";

/** IOMMU contexts, assigned devices, command lines and kinds of guest. */
export const IOMMU: readonly Scenario[] = [
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
];
