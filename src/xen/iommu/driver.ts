import type { Mfn } from "../../address.ts";
import type { Raw } from "../../format/format.ts";
import { frameHi, frameLo } from "../../format/format.ts";
import { FORMATS } from "../../format/index.ts";
import type { WritableTree } from "../../radix/tree.ts";
import { ERRNO } from "../constants.ts";
import type { Domain } from "../domain.ts";
import { topOfRam } from "../host-map.ts";
import type { Machine } from "../machine.ts";
import { READ, type Rights, WRITE } from "../rights.ts";
import { initMarkers, type MarkerPlace } from "./contiguity.ts";

/** What VT-d and AMD-Vi do differently; both are written by the same code (xen-mapping.md 7.7, 7.10). */
export interface IommuDriver {
  readonly kind: "vtd" | "amdvi";
  readonly marker: MarkerPlace;
  /** No memory for a table but the root. AMD-Vi reports it as -EFAULT and crashes the domain, even the hardware domain. */
  readonly noMemory: number;
  /** Bits of a leaf with these rights, its address left out. */
  leaf(machine: Machine, rights: Rights, order: number): Raw;
  /** Rights in a leaf. */
  rightsOf(lo: number, hi: number): Rights;
  pointer(table: number, level: number): Raw;
  /** Flags that mapping reports when the entry is there already, unchanged. */
  readonly unchangedFlags: number;
  /** Whether 512 like leaves of `level` may become one of the level above, in tables of this depth. */
  coalesces(machine: Machine, level: number, levels: number): boolean;
}

const VTD: IommuDriver = {
  kind: "vtd",
  marker: { word: 1, shift: 20 },
  noMemory: ERRNO.ENOMEM,
  leaf: (machine, rights, order) => ({
    lo: rights | (order > 0 ? 1 << 7 : 0) | (machine.iommu?.snoopControl ? 1 << 11 : 0),
    hi: 0,
  }),
  rightsOf: (lo) => (lo & 3) as Rights,
  pointer: (table) => ({ lo: (frameLo(table) | 3) >>> 0, hi: frameHi(table) }),
  unchangedFlags: 0,
  coalesces: (machine, level) => machine.iommuOrders.includes(9 * level),
};

const FORCE_COHERENT = 1 << 28;
const IR = 1 << 29;
const IW = 1 << 30;

const AMDVI: IommuDriver = {
  kind: "amdvi",
  marker: { word: 0, shift: 1 },
  noMemory: ERRNO.EFAULT,
  leaf: (_machine, rights) => ({
    lo: 1,
    hi: (FORCE_COHERENT | (rights & READ ? IR : 0) | (rights & WRITE ? IW : 0)) >>> 0,
  }),
  rightsOf: (_lo, hi) => ((hi >>> 29) & 3) as Rights,
  pointer: (table, level) => ({
    lo: (frameLo(table) | (level << 9) | 1) >>> 0,
    hi: (frameHi(table) | IR | IW) >>> 0,
  }),
  unchangedFlags: 1,
  // Whatever `superpages` says: only the depth limits it (7.8).
  coalesces: (_machine, level, levels) => level + 1 < levels,
};

export const driverOf = (machine: Machine): IommuDriver => (machine.iommu?.kind === "amdvi" ? AMDVI : VTD);

/** The root's page from the domain heap, once; false when none is left. */
export function takeRoot({ machine, iommu }: Domain): boolean {
  if (iommu === null || iommu.rootTaken) return true;
  if (machine.iommuPages <= 0) return false;
  machine.iommuPages--;
  iommu.rootTaken = true;
  return true;
}

/** A table from the domain heap; null when none is left. From 4.17 on, all but roots start with markers. */
export function takeIommuTable(domain: Domain): Mfn | null {
  const { machine, ledger } = domain;
  if (!takeRoot(domain) || machine.iommuPages <= 0) return null;
  machine.iommuPages--;
  ledger.iommuTables++;
  const table = machine.memory.allocate();
  if (machine.release.iommuSuperpages) initMarkers(machine.memory.words(table), driverOf(machine).marker);
  return table;
}

export function giveIommuTable(domain: Domain, table: Mfn): void {
  domain.machine.memory.free(table);
  domain.machine.iommuPages++;
  domain.ledger.iommuTablesFreed++;
}

/** Levels of a new domain's tables (7.7, 7.10). */
function depth({ machine, kind }: Domain): number {
  const { release } = machine;
  if (machine.iommu?.kind !== "amdvi") return 4;
  if (release.amdDepthByDomainWidth) return Math.max(2, Math.ceil((Math.min(machine.physBits, 48) - 12) / 9));
  if (kind === "pv" && machine.hostMap !== null) return levelsFor(topOfRam(machine.hostMap));
  return release.amdFixedDepth ? 4 : 2;
}

/** Levels that cover so many frames, as a PV domain's tables have them. */
function levelsFor(frames: number): number {
  let levels = 2;
  while (512 ** levels < frames) levels++;
  return levels;
}

/** Why a table could not be had: that of a root is told apart. */
export const noTable = ({ machine, iommu }: Domain): number =>
  iommu?.rootTaken ? driverOf(machine).noMemory : ERRNO.ENOMEM;

/** The domain's own tables: a root without markers. */
export function makeTables(domain: Domain): void {
  const { machine } = domain;
  const driver = driverOf(machine);
  const tree: WritableTree = {
    format: FORMATS[driver.kind],
    memory: machine.memory,
    root: machine.memory.allocate(),
    levels: depth(domain),
  };
  domain.iommu = { tree, rootTaken: false };
}
