import { isAligned, type Mfn, offsetIn } from "../../address.ts";
import { frameField, frameHi, frameLo, TABLE } from "../../format/format.ts";
import { store } from "../../radix/entries.ts";
import { newPosition, walk } from "../../radix/tree.ts";
import type { Domain } from "../domain.ts";
import { driverOf, giveIommuTable } from "./driver.ts";
import { flushWholeDomain } from "./flush.ts";

/** A table pointer counts consecutive entries up to this; the next one makes the table whole. */
const FULL = 511;

/* The count sits in the table pointer: bits 8:1 and, as its ninth bit, bit 63. */
const countOf = (lo: number, hi: number): number => ((lo >>> 1) & 0xff) | ((hi >>> 31) << 8);

function storeCount(words: Uint32Array, index: number, lo: number, hi: number, count: number): void {
  store(
    words,
    index,
    ((lo & ~0x1fe) | ((count & 0xff) << 1)) >>> 0,
    ((hi & 0x7fff_ffff) | ((count >>> 8) << 31)) >>> 0,
  );
}

const at = newPosition();

/** How often the pointer to a dfn's table of a level can be counted on before the next time makes that table whole. */
export function countsLeft(domain: Domain, dfn: number, level: number): number {
  const { tree } = domain.iommu!;
  if (level >= tree.levels) return Number.POSITIVE_INFINITY;
  walk(tree, dfn, level + 1, at);
  return at.level === level + 1 && at.kind === TABLE ? FULL - countOf(at.lo, at.hi) : FULL;
}

/** How many 4 KiB stores from a dfn on can be counted together: all of them, before the one that may merge. */
export const storesBeforeMerge = (domain: Domain, dfn: number): number => Math.max(1, countsLeft(domain, dfn, 1));

/**
 * AMD-Vi up to 4.11: after 4 KiB stores, count consecutive entries in the pointers above them, bottom up, and replace a
 * full table by a leaf (xen-mapping.md 7.10). The slot 0 of the lower table says where a superpage would begin,
 * whatever that slot holds. `n` stores of one table, consecutive from (dfn, mfn) on, as `storesBeforeMerge` allows.
 * `from` is the level of the lowest table that may be full.
 */
export function mergeUpwards(domain: Domain, dfn: number, mfn: number, n: number, from = 1): void {
  const { machine, ledger } = domain;
  const { tree } = domain.iommu!;
  for (let level = from; level < tree.levels; level++) {
    walk(tree, dfn, level + 1, at);
    const { lo, hi, index } = at;
    const table = frameField(lo, hi) as Mfn;
    const below = 2 * tree.memory.locate(table);
    const { arena } = tree.memory;
    const first = frameField(arena[below]!, arena[below + 1]!);
    if (first === 0) return;
    const fits = isAligned(first, 9 * level) && first + offsetIn(dfn, 9 * level) === mfn;
    const count = fits ? countOf(lo, hi) + n : 0;
    if (count <= FULL) {
      storeCount(arena, index, lo, hi, count);
      return;
    }
    const driver = driverOf(machine);
    const leaf = driver.leaf(machine, driver.rightsOf(arena[below]!, arena[below + 1]!), 9 * level);
    store(arena, index, (leaf.lo | frameLo(first)) >>> 0, (leaf.hi | frameHi(first)) >>> 0);
    ledger.iommuEntries++;
    ledger.iommuMerges++;
    domain.upperStores?.push({ op: "merge", level: level + 1, dfn, mfn });
    giveIommuTable(domain, table);
    flushWholeDomain(domain);
  }
}
