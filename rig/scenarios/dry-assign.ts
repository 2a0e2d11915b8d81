import type { ScriptDomain, ScriptOperation } from "../script.ts";
import { BAR, map, permit, type Scenario, WITH_IOMMU } from "./builders.ts";
import { HOG, MEMORY_MIB } from "./dry-iommu.ts";

/** Pages left: none, one for each thing that a release needs some for, and enough for all. */
const LEFT = [0, 1, 2, 3, 4, 5, 6, 7, 9] as const;

const guest = (id: number): ScriptDomain => ({ id, guest: "hvm", iommu: "sync_pt", p2mPoolMiB: 8 });
const of = (domain: number, operation: ScriptOperation): ScriptOperation => ({ ...operation, domain });
const assign = (domain: number, device: string): ScriptOperation => ({ op: "assign_device", domain, device });
const deassign = (domain: number, device: string): ScriptOperation => ({ op: "deassign_device", domain, device });
const take = (domain: number, leave: number): ScriptOperation => ({ op: "take_memory", domain, leave });
const destroy = (domain: number): ScriptOperation => ({ op: "destroy", domain });

/** A guest, a hog and two devices of their own; the hog's memory comes back before the next ones' turn. */
function turn(leave: number): { readonly domains: readonly ScriptDomain[]; readonly operations: ScriptOperation[] } {
  const [id, hog, first, second] = [10 + leave, 100 + leave, `first-${leave}`, `second-${leave}`];
  return {
    domains: [guest(id), { ...HOG, id: hog }],
    operations: [
      of(id, permit()),
      take(hog, leave),
      assign(id, first),
      assign(id, first),
      of(id, map(BAR, BAR, 1024)),
      assign(id, second),
      deassign(id, first),
      deassign(id, second),
      assign(id, first),
      destroy(hog),
      assign(id, second),
      deassign(id, first),
    ],
  };
}

/** Devices that come and go while there is no memory. One boot for all of it: a device remembers where it has been. */
export const DRY_ASSIGN: readonly Scenario[] = [
  {
    name: "assign-dry",
    says: `devices assigned with ${LEFT.join(", ")} pages of memory left, mapping, devices taken away and assigned again`,
    on: WITH_IOMMU,
    memoryMiB: MEMORY_MIB,
    others: LEFT.flatMap((leave) => turn(leave).domains),
    operations: LEFT.flatMap((leave) => turn(leave).operations),
  },
  {
    name: "assign-dry-root",
    says: "devices assigned and taken away without memory, of a domain that has its tables",
    on: WITH_IOMMU,
    memoryMiB: MEMORY_MIB,
    others: [HOG],
    operations: [
      permit(),
      map(BAR, BAR, 1024),
      assign(1, "before"),
      take(HOG.id, 0),
      assign(1, "after"),
      deassign(1, "before"),
      deassign(1, "before"),
      assign(1, "before"),
      destroy(HOG.id),
      assign(1, "after"),
      deassign(1, "before"),
      deassign(1, "after"),
    ],
  },
  {
    name: "assign-dry-again",
    says: "devices that other domains have, had, or took with them, assigned without memory",
    on: WITH_IOMMU,
    memoryMiB: MEMORY_MIB,
    others: [guest(2), guest(3), HOG],
    operations: [
      permit(),
      of(2, permit()),
      of(2, map(BAR, BAR, 1024)),
      assign(1, "given-back"),
      assign(2, "given-back"),
      deassign(2, "given-back"),
      deassign(1, "given-back"),
      assign(1, "kept"),
      assign(3, "left-behind"),
      destroy(3),
      take(HOG.id, 0),
      assign(2, "given-back"),
      assign(1, "given-back"),
      assign(2, "kept"),
      assign(2, "left-behind"),
      deassign(2, "left-behind"),
      of(1, map(BAR, BAR, 1024)),
    ],
  },
];
