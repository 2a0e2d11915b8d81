import { alignDown, offsetIn, pagesOf } from "../../address.ts";
import { EMPTY, LEAF, TABLE } from "../../format/format.ts";
import { countRun, countSame } from "../../radix/entries.ts";
import { indexAt, newPosition, type Position, walk } from "../../radix/tree.ts";
import { ACCESS_RWX, type Access, GFN_LIMIT, type P2mType, TYPE } from "../constants.ts";
import type { Domain } from "../domain.ts";
import { isBeyond } from "../iommu/slots.ts";
import { uniformFrames } from "../machine.ts";
import { NONE } from "./backend.ts";
import { backendOf } from "./backends.ts";

/** What the P2M says about one gfn, and where that stands. Reused between look-ups: read it before the next one. */
export interface Found {
  /** Order of the level at which the walk stopped: "current order" (xen-mapping.md 3.4). */
  order: number;
  /** "mmio_dm" for a hole. */
  type: P2mType;
  access: Access;
  /** Machine frame of exactly this gfn; NONE for a hole. */
  mfn: number;
  /** An entry on the way awaits recalculation. */
  marked: boolean;
  /** False where the look-up did not walk, because the gfn lies above the highest ever mapped. */
  walked: boolean;
  readonly at: Position;
}

const found: Found = {
  order: 0,
  type: TYPE.mmio_dm,
  access: ACCESS_RWX,
  mfn: NONE,
  marked: false,
  walked: false,
  at: newPosition(),
};

/** Look a gfn up without side effects and without booking. */
export function lookUp(domain: Domain, gfn: number): Found {
  found.type = TYPE.mmio_dm;
  found.access = ACCESS_RWX;
  found.mfn = NONE;
  if (gfn > domain.highestGfn) {
    found.walked = false;
    found.marked = false;
    found.order = 0;
    while (found.order < 27 && alignDown(gfn, found.order + 9) > domain.highestGfn) found.order += 9;
    return found;
  }
  const backend = backendOf(domain);
  const { at } = found;
  found.walked = true;
  found.marked = backend.isMarkedOnWay(domain, gfn);
  walk(domain.p2m, gfn, 1, at);
  found.order = 9 * (at.level - 1);
  if (at.kind === EMPTY || at.kind === TABLE) return found;
  found.type = backend.typeOf(at.lo, at.hi);
  found.access = backend.accessOf(domain, at.lo, at.hi);
  if (at.kind === LEAF) found.mfn = domain.p2m.format.frameOf(at.lo, at.hi, at.level) + offsetIn(gfn, found.order);
  return found;
}

/** Whether an IOMMU update here may fail half-way through a stretch: pages may run out, or the tables be too shallow. */
const iommuMayRefuse = ({ iommu, machine }: Domain, gfn: number): boolean =>
  machine.iommuPages !== Number.POSITIVE_INFINITY || (iommu !== null && isBeyond(iommu.tree, gfn));

/**
 * How many of the next `limit` blocks of 2^order frames from (gfn, mfn) on meet exactly what the first one meets, lie in
 * one table, and are alike to the memory-type and read-only rules: the unit of work of everything that writes. At
 * least 1. `met` is the look-up of `gfn`, not used for another one since; `mfn` may be NONE (removing).
 */
export function alikeBlocks(
  domain: Domain,
  met: Found,
  gfn: number,
  mfn: number,
  order: number,
  limit: number,
): number {
  const { machine } = domain;
  if (limit <= 1 || machine.stepwise || iommuMayRefuse(domain, gfn)) return 1;
  // Frame 0 is what an empty slot seems to hold, so its block differs from the next ones (5.5 step 6).
  if (gfn >= GFN_LIMIT || mfn === 0) return 1;
  const level = order / 9 + 1;
  const size = pagesOf(order);
  let n = Math.min(limit, 512 - indexAt(gfn, level));
  if (mfn !== NONE) n = Math.min(n, Math.floor(uniformFrames(machine, mfn) / size));
  if (n <= 1) return 1;
  const { at } = met;
  // Above the highest gfn ever mapped the look-up did not walk.
  if (!met.walked) walk(domain.p2m, gfn, level, at);
  if (at.level < level) return 1;
  const { arena } = domain.p2m.memory;
  // Marks on the way are passed down by the first write and do not touch empty slots.
  if (at.kind === EMPTY) return at.level > level ? n : countSame(arena, at.index, n, at.lo, at.hi);
  if (at.level > level || at.kind === TABLE || met.marked || !met.walked) return 1;
  if (at.kind !== LEAF) return countSame(arena, at.index, n, at.lo, at.hi);
  if (met.mfn !== NONE) n = Math.max(1, Math.min(n, Math.floor(uniformFrames(machine, met.mfn) / size)));
  return countRun(arena, at.index, n, at.lo, at.hi, size * 4096);
}
