import { isAligned, type Mfn } from "../../address.ts";
import { EMPTY, frameField, frameHi, frameLo, TABLE } from "../../format/format.ts";
import type { SimulatedMemory } from "../../memory/simulated.ts";
import { type Placed, patternsOf } from "../../radix/pattern.ts";
import { newPosition, slotOfIndex, walk } from "../../radix/tree.ts";
import type { Domain } from "../domain.ts";
import type { Rights } from "../rights.ts";
import { driverOf } from "./driver.ts";
import { isBeyond, put } from "./slots.ts";

/*
 * Up to 4.16 a request of 2 MiB, or a list of pages one by one, fills or empties whole tables of 4 KiB entries. Where
 * nothing else is in those tables, they are described instead of written; what is booked is the same.
 */

const ORDER = 9;
/** Entries of a table. */
export const TABLE_PAGES = 512;
const at = newPosition();

/** The slot above the table of 4 KiB entries for `dfn`; false where it cannot be told without the ordinary way. */
function slotAbove(domain: Domain, dfn: number, order: number): boolean {
  const { release, stepwise, iommuPages } = domain.machine;
  if (release.iommuSuperpages || stepwise || Number.isFinite(iommuPages)) return false;
  if (order !== ORDER) return false;
  const { tree } = domain.iommu!;
  if (isBeyond(tree, dfn)) return false;
  walk(tree, dfn, 2, at);
  return at.level === 2;
}

/** How many of `limit` slots from `at` on are empty. */
function emptySlots(domain: Domain, limit: number): number {
  const { format, memory } = domain.iommu!.tree;
  const { arena } = memory;
  const room = Math.min(limit, TABLE_PAGES - slotOfIndex(at.index));
  let n = 0;
  while (n < room && format.kindOf(arena[2 * (at.index + n)]!, arena[2 * (at.index + n) + 1]!, 2) === EMPTY) n++;
  return n;
}

/** Point `count` slots from `at` on at neighbouring tables, keeping what else is in the entries. */
function point({ arena }: SimulatedMemory, first: number, count: number): void {
  for (let i = 0; i < count; i++) {
    const w = 2 * (at.index + i);
    arena[w] = ((arena[w]! & 0xfff) | frameLo(first + i)) >>> 0;
    arena[w + 1] = ((arena[w + 1]! & 0xfff0_0000) | frameHi(first + i)) >>> 0;
  }
}

/** Fill whole tables for requests of a page each; returns how many tables. What a page costs is for the caller to book. */
export const fillTablesByPage = (domain: Domain, dfn: number, mfn: number, pages: number, rights: Rights): number =>
  isAligned(dfn, ORDER) ? fillTables(domain, dfn, mfn, ORDER, Math.floor(pages / TABLE_PAGES), rights) : 0;

/**
 * Fill whole tables for up to `limit` requests of 2 MiB. Books tables, pointers and entries; returns how many requests
 * were done, 0 where they must go the ordinary way.
 */
export function fillTables(
  domain: Domain,
  dfn: number,
  mfn: number,
  order: number,
  limit: number,
  rights: Rights,
): number {
  if (limit < 1 || !slotAbove(domain, dfn, order)) return 0;
  const { ledger, machine } = domain;
  const { tree } = domain.iommu!;
  const driver = driverOf(machine);
  const patterns = patternsOf(tree);
  const leaf = driver.leaf(machine, rights, 0);
  const full: Placed = patterns.uniform(1, (leaf.lo | frameLo(mfn)) >>> 0, (leaf.hi | frameHi(mfn)) >>> 0);
  if (at.kind === TABLE) {
    const table = frameField(at.lo, at.hi) as Mfn;
    const standing = patterns.standing(table);
    if (!standing?.pattern.leafless || standing.pattern.step === null) return 0;
    return restate(domain, limit, full);
  }
  const count = emptySlots(domain, limit);
  if (count === 0) return 0;
  const first = patterns.makeRun(full, count, TABLE_PAGES);
  for (let i = 0; i < count; i++) {
    const to = driver.pointer(first + i, 1);
    put(domain, at.index + i, to.lo, to.hi, 2, "table");
  }
  machine.iommuPages -= count;
  ledger.iommuTables += count;
  ledger.iommuPointers += count;
  ledger.iommuEntries += count * TABLE_PAGES;
  return count;
}

/** Empty whole tables for up to `limit` requests of 2 MiB, as `fillTables`. */
export function clearTables(domain: Domain, dfn: number, order: number, limit: number): number {
  if (!slotAbove(domain, dfn, order) || at.kind !== TABLE) return 0;
  const patterns = patternsOf(domain.iommu!.tree);
  const standing = patterns.standing(frameField(at.lo, at.hi) as Mfn);
  if (!standing || standing.pattern.leafless || standing.pattern.step === null) return 0;
  return restate(domain, limit, patterns.uniform(1, 0, 0));
}

/** Let tables from `at` on, as far as they stand for one pattern as the first does, stand for another. */
function restate(domain: Domain, limit: number, placed: Placed): number {
  const { tree } = domain.iommu!;
  const patterns = patternsOf(tree);
  const first = frameField(at.lo, at.hi) as Mfn;
  const pattern = patterns.standing(first)?.pattern;
  const room = Math.min(limit, TABLE_PAGES - slotOfIndex(at.index));
  const { arena } = tree.memory;
  let count = 1;
  for (; count < room; count++) {
    const w = 2 * (at.index + count);
    if (tree.format.kindOf(arena[w]!, arena[w + 1]!, 2) !== TABLE) break;
    if (patterns.standing(frameField(arena[w]!, arena[w + 1]!) as Mfn)?.pattern !== pattern) break;
  }
  if (count === 1) patterns.restate(first, placed);
  else {
    for (let i = 0; i < count; i++) {
      const w = 2 * (at.index + i);
      tree.memory.free(frameField(arena[w]!, arena[w + 1]!) as Mfn);
    }
    point(tree.memory, patterns.makeRun(placed, count, TABLE_PAGES), count);
  }
  domain.ledger.iommuEntries += count * TABLE_PAGES;
  return count;
}
