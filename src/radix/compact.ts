import { isAligned, type Mfn } from "../address.ts";
import { EMPTY, LEAF, type Raw, TABLE } from "../format/format.ts";
import { store } from "./entries.ts";
import { pagesAt, type WritableTree } from "./tree.ts";

/** Called for each table but the root, children first; a returned entry replaces the pointer, and the table is freed. */
type Replace = (child: Mfn, below: number, level: number) => Raw | null;

/** Bottom up, replace tables by single entries. Returns how many were freed. */
function replaceTables(tree: WritableTree, replace: Replace): number {
  const { format, memory } = tree;
  let freed = 0;
  const visit = (table: Mfn, level: number): void => {
    const words = memory.words(table);
    for (let i = 0; i < 2 ** format.indexBits(level); i++) {
      const lo = words[2 * i]!;
      const hi = words[2 * i + 1]!;
      if (format.kindOf(lo, hi, level) !== TABLE) continue;
      const child = format.frameOf(lo, hi, level) as Mfn;
      const below = format.nextLevelOf(lo, hi, level);
      if (below > 1) visit(child, below);
      const entry = replace(child, below, level);
      if (!entry) continue;
      // Reading tables below may have moved this one.
      store(memory.words(table), i, entry.lo, entry.hi);
      memory.free(child);
      freed++;
    }
  };
  if (tree.levels > 1) visit(tree.root, tree.levels);
  return freed;
}

/**
 * Free tables in which nothing is left, bottom up. The root stays. Returns how many were freed. Expects, as `merge`
 * does, that each table has one parent; throws RangeError when a table is not in memory.
 */
export function prune(tree: WritableTree): number {
  const { format, memory } = tree;
  return replaceTables(tree, (child, below) => {
    const words = memory.words(child);
    for (let i = 0; i < 2 ** format.indexBits(below); i++)
      if (format.kindOf(words[2 * i]!, words[2 * i + 1]!, below) !== EMPTY) return null;
    return format.empty;
  });
}

/**
 * Replace every full table of like leaves with consecutive aligned addresses by one leaf of the next size, bottom up,
 * where the format has that size. Returns how many tables were freed.
 */
export function merge(tree: WritableTree): number {
  return replaceTables(tree, (child, below, level) => (below === level - 1 ? wholeLeaf(tree, child, level) : null));
}

/** The leaf of `level` that says the same as all 512 entries of the table below it; null when there is none. */
function wholeLeaf({ format, memory }: WritableTree, child: Mfn, level: number): Raw | null {
  const order = 9 * (level - 1);
  if (!format.leafOrders(level).includes(order)) return null;
  const words = memory.words(child);
  const span = pagesAt(level - 1);
  let first = 0;
  let whole: Raw | null = null;
  for (let i = 0; i < 512; i++) {
    const lo = words[2 * i]!;
    const hi = words[2 * i + 1]!;
    if (format.kindOf(lo, hi, level - 1) !== LEAF) return null;
    const size = format.orderOf(lo, hi, level - 1);
    if (size > order) return null;
    const output = format.frameOf(lo, hi, level - 1) + ((i * span) % 2 ** size);
    if (i === 0) first = output;
    if (!isAligned(first, order) || output !== first + i * span) return null;
    const entry = format.resizeLeaf(lo, hi, level - 1, first, order);
    if (whole && (entry.lo !== whole.lo || entry.hi !== whole.hi)) return null;
    whole = entry;
  }
  return whole;
}
