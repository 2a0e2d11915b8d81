import type { Mfn } from "../../address.ts";
import { frameField, frameHi, frameLo } from "../../format/format.ts";
import { store } from "../../radix/entries.ts";
import { newPosition, pagesAt, walk } from "../../radix/tree.ts";
import type { Domain } from "../domain.ts";
import { driverOf, giveIommuTable } from "./driver.ts";
import { ALL, flushIotlb, MODIFIED } from "./flush.ts";

/* The count of consecutive entries sits in the table pointer: bits 8:1 and, as its ninth bit, bit 63. */
const countOf = (lo: number, hi: number): number => ((lo >>> 1) & 0xff) | ((hi >>> 31) << 8);
const withCount = (lo: number, hi: number, count: number): [number, number] => [
  ((lo & ~0x1fe) | ((count & 0xff) << 1)) >>> 0,
  ((hi & 0x7fff_ffff) | ((count >>> 8) << 31)) >>> 0,
];

const at = newPosition();

/**
 * AMD-Vi up to 4.11: after a 4 KiB store, count consecutive entries in the pointers above it, bottom up, and replace a
 * full table by a leaf (xen-mapping.md 7.10). The slot 0 of the lower table says where a superpage would begin,
 * whatever that slot holds.
 */
export function mergeUpwards(domain: Domain, dfn: number, mfn: number): void {
  const { machine, ledger } = domain;
  const { tree } = domain.iommu!;
  for (let level = 1; level < tree.levels; level++) {
    walk(tree, dfn, level + 1, at);
    const { lo, hi, words, index } = at;
    const table = frameField(lo, hi) as Mfn;
    const below = machine.memory.words(table);
    const first = frameField(below[0]!, below[1]!);
    if (first === 0) return;
    const span = pagesAt(level + 1);
    if (first % span !== 0 || first + (dfn % span) !== mfn) {
      store(words, index, ...withCount(lo, hi, 0));
      return;
    }
    const count = countOf(lo, hi);
    if (count < 511) {
      store(words, index, ...withCount(lo, hi, count + 1));
      return;
    }
    const driver = driverOf(machine);
    const leaf = driver.leaf(machine, driver.rightsOf(below[0]!, below[1]!), 9 * level);
    store(words, index, (leaf.lo | frameLo(first)) >>> 0, (leaf.hi | frameHi(first)) >>> 0);
    ledger.iommuEntries++;
    ledger.iommuMerges++;
    giveIommuTable(domain, table);
    flushIotlb(domain, dfn, 1, ALL | MODIFIED);
  }
}
