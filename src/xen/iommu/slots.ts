import { pagesOf } from "../../address.ts";
import { frameHi, frameLo, LEAF } from "../../format/format.ts";
import { fillWithParts } from "../../radix/edit.ts";
import { store } from "../../radix/entries.ts";
import { type Position, slotOfIndex, type WritableTree, walk, widthOf } from "../../radix/tree.ts";
import { ERRNO } from "../constants.ts";
import type { Domain } from "../domain.ts";
import { COMPLETE, type StoredKind, updateMarkers } from "./contiguity.ts";
import { driverOf, noTable, takeIommuTable } from "./driver.ts";
import { flushWholeDomain, MODIFIED } from "./flush.ts";

/**
 * Store an entry of a table of `level` at its place in memory (its marker becomes 0) and bring the table's markers up to
 * date; root tables have none (xen-mapping.md 7.8). Returns whether the table is complete.
 */
export function put(domain: Domain, index: number, lo: number, hi: number, level: number, kind: StoredKind): boolean {
  const { arena } = domain.machine.memory;
  store(arena, index, lo, hi);
  if (domain.upperStores && level > 1)
    domain.upperStores.push({ op: "put", level, slot: slotOfIndex(index), lo, hi, kind });
  if (!domain.machine.release.iommuSuperpages || level === domain.iommu!.tree.levels) return false;
  const updated = updateMarkers(arena, index, level, kind, driverOf(domain.machine).marker);
  domain.ledger.markerStores += updated & ~COMPLETE;
  domain.markerStores[level]! += updated & ~COMPLETE;
  return (updated & COMPLETE) !== 0;
}

/** A leaf found above the wanted level becomes a table of its 512 parts; false without memory (7.7, 7.10). */
function split(domain: Domain, at: Position): boolean {
  const { ledger, machine } = domain;
  const driver = driverOf(machine);
  const table = takeIommuTable(domain);
  if (table === null) return false;
  const words = machine.memory.words(table);
  const keepsRights = driver.kind === "vtd" || machine.release.amdSplitKeepsRights;
  const flags = driver.leaf(machine, keepsRights ? driver.rightsOf(at.lo, at.hi) : 3, 9 * (at.level - 2));
  const frame = domain.iommu!.tree.format.frameOf(at.lo, at.hi, at.level);
  const fresh = machine.release.iommuSuperpages ? words.slice() : null;
  fillWithParts(words, { lo: (flags.lo | frameLo(frame)) >>> 0, hi: (flags.hi | frameHi(frame)) >>> 0 }, at.level);
  // Markers as in a fresh table: all parts are one group.
  if (fresh) for (let i = driver.marker.word; i < 1024; i += 2) words[i] = (words[i]! | fresh[i]!) >>> 0;
  ledger.iommuSplitStores += 512;
  const to = driver.pointer(table, at.level - 1);
  put(domain, at.index, to.lo, to.hi, at.level, "table");
  ledger.iommuPointers++;
  if (!machine.release.iommuSuperpages) flushWholeDomain(domain);
  return true;
}

/**
 * Walk `at` to the slot of `level`, making tables and splitting leaves on the way. Returns the flush flags that this
 * alone asks for, or a negative error.
 */
export function reach(domain: Domain, dfn: number, level: number, at: Position): number {
  const { tree } = domain.iommu!;
  const driver = driverOf(domain.machine);
  let flags = 0;
  for (;;) {
    walk(tree, dfn, level, at);
    if (at.level === level) return flags;
    if (at.kind === LEAF) {
      if (!split(domain, at)) return noTable(domain);
      if (domain.machine.release.iommuSuperpages) flags = MODIFIED;
      continue;
    }
    const table = takeIommuTable(domain);
    if (table === null) return noTable(domain);
    const to = driver.pointer(table, at.level - 1);
    put(domain, at.index, to.lo, to.hi, at.level, "table");
    domain.ledger.iommuPointers++;
  }
}

/** Whether a dfn lies beyond what the tables cover at their present depth (2^(9L) frames, 7.10). */
export const isBeyond = (tree: WritableTree, dfn: number): boolean =>
  // No format has less than seven index bits at its top level, and most frames lie far below.
  dfn >= pagesOf(9 * tree.levels - 2) && dfn >= widthOf(tree.format, tree.levels);

/**
 * Make the tables deep enough for a dfn: AMD-Vi without fixed depth puts new roots on top, which rewrites device-table
 * entries and flushes everything (7.10). Returns 0 or a negative error.
 */
export function deepen(domain: Domain, dfn: number): number {
  const { machine, ledger } = domain;
  const driver = driverOf(machine);
  for (;;) {
    const { tree } = domain.iommu!;
    if (!isBeyond(tree, dfn)) return 0;
    if (driver.kind === "vtd" || machine.release.amdFixedDepth) return ERRNO.EFAULT;
    const root = takeIommuTable(domain);
    if (root === null) return noTable(domain);
    const to = driver.pointer(tree.root, tree.levels);
    store(tree.memory.words(root), 0, to.lo, to.hi);
    ledger.iommuPointers++;
    domain.iommu!.tree = { ...tree, root, levels: tree.levels + 1 };
    flushWholeDomain(domain);
  }
}
