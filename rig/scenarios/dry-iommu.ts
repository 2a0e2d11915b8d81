import type { ScriptDomain } from "../script.ts";
import { BAR, decrease, G, map, permit, populate, remove, type Scenario, unmap, WITH_IOMMU } from "./builders.ts";

/** Has the machine's memory, so that none is left for IOMMU tables. */
export const HOG: ScriptDomain = { id: 9, guest: "pv", iommu: "none", maxMemKiB: 2 ** 26 };

/** Little, since the hog has to be given it all; but above 1 GiB, or PV dom0 crashes for want of AMD-Vi levels (up to 4.17). */
export const MEMORY_MIB = 1280;

/** Pages left, so that each table of a way down is missing in turn. */
const LEFT = [0, 1, 2, 3, 4, 5, 6, 7, 8] as const;

const dryIommu = (leave: number): Scenario => ({
  name: `iommu-dry-after-${leave}`,
  says: `${leave} pages of memory left for IOMMU tables: mapping and splitting until there is none`,
  on: WITH_IOMMU,
  others: [HOG],
  memoryMiB: MEMORY_MIB,
  operations: [
    permit(),
    { op: "take_memory", domain: HOG.id, leave },
    map(BAR, BAR, 1024, { undoOnFailure: true }),
    map(2 ** 27, BAR + 1, 600, { raw: true }),
    map(2 ** 27, BAR + 1, 600, { raw: true }),
    map(BAR + G, BAR + 0x200, 1536, { undoOnFailure: true }),
    unmap(BAR + 3, BAR + 3, 1),
    map(BAR + 3, BAR + 3, 1),
  ],
});

/** IOMMU tables that memory runs out for, half-way. */
export const DRY_IOMMU: readonly Scenario[] = [
  ...LEFT.map(dryIommu),
  {
    name: "iommu-dry-split",
    says: "no page for the split of what is mapped: MMIO, RAM",
    on: WITH_IOMMU,
    others: [HOG],
    memoryMiB: MEMORY_MIB,
    operations: [
      permit(),
      populate(0x1000, 9, 2),
      map(BAR, BAR, G),
      { op: "take_memory", domain: HOG.id, leave: 0 },
      unmap(BAR + 0x234, BAR + 0x234, 1),
      unmap(BAR + 0x400, BAR + 0x400, 512),
      remove(0x1001),
      decrease(0x1203),
      map(0x1105, BAR + 5, 2),
    ],
  },
];
