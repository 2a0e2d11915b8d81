import { isAligned, type Mfn } from "../address.ts";
import { type Format, LEAF, type LeafAttributes, type Raw, TABLE } from "../format/format.ts";
import { store, storeRun, storeSame } from "./entries.ts";
import { newPosition, type Position, pagesAt, type Tree, type WritableTree, walk, widthOf } from "./tree.ts";

/** A fresh table with every slot holding the format's empty value. */
export function newTable(tree: Pick<WritableTree, "format" | "memory">): Mfn {
  const table = tree.memory.allocate();
  const { lo, hi } = tree.format.empty;
  if (lo !== 0 || hi !== 0) storeSame(tree.memory.words(table), 0, 512, lo, hi);
  return table;
}

/**
 * Fill a table of level `level - 1` with the 512 parts of a leaf of `level`. `first` is what the first part looks like
 * (flags as the hypervisor wants them, address of the whole leaf).
 */
export function fillWithParts(words: Uint32Array, first: Raw, level: number): void {
  storeRun(words, 0, 512, first.lo, first.hi, pagesAt(level - 1) * 4096);
}

/** Every table below an entry (the one that it points to included) is handed to `free`, children first. */
export function freeTables(tree: Tree, lo: number, hi: number, level: number, free: (table: Mfn) => void): void {
  if (tree.format.kindOf(lo, hi, level) !== TABLE) return;
  const table = tree.format.frameOf(lo, hi, level) as Mfn;
  const below = tree.format.nextLevelOf(lo, hi, level);
  const words = tree.memory.frame(table);
  if (words && below > 1)
    for (let i = 0; i < 2 ** tree.format.indexBits(below); i++)
      freeTables(tree, words[2 * i]!, words[2 * i + 1]!, below, free);
  free(table);
}

/** The leaf (lo, hi) of `level` as attributes-preserving first part one level down. */
function firstPart(format: Format, lo: number, hi: number, level: number): Raw {
  const order = format.orderOf(lo, hi, level);
  const mask = format.addressMask(lo, hi, level);
  const frame = format.frameOf(lo, hi, level);
  // Re-encoding through the plain leaf of the lower level moves what differs between levels (SP, PAT, size bits).
  const upper = format.encodeLeaf(frame, order, {});
  const lower = format.encodeLeaf(frame, 9 * (level - 2), {});
  const keep = (value: number, addressBits: number, upperBits: number, lowerBits: number): number =>
    (((value & ~addressBits & ~upperBits) | lowerBits) >>> 0) >>> 0;
  return {
    lo: keep(lo, mask.lo, upper.lo & ~mask.lo, lower.lo),
    hi: keep(hi, mask.hi, upper.hi & ~mask.hi, lower.hi),
  };
}

/**
 * Map `2^order` pages with one leaf (AMD-Vi sizes between levels: with all its replicas), making tables and splitting
 * larger leaves on the way and freeing tables that the leaf replaces. The plain editor for tests, tools and images;
 * a hypervisor's writers have rules of their own.
 *
 * Throws RangeError when frame or output is not aligned to the order, or no level can hold it.
 */
export function setLeaf(
  tree: WritableTree,
  frame: number,
  output: number,
  order: number,
  attributes: LeafAttributes,
): void {
  const level = Math.floor(order / 9) + 1;
  if (!isAligned(frame, order) || frame + 2 ** order > widthOf(tree.format, tree.levels))
    throw new RangeError(`frame ${frame} is not aligned to order ${order} or beyond the tree's width`);
  if (level > tree.levels) throw new RangeError(`order ${order} needs level ${level}; the tree has ${tree.levels}`);
  const { lo, hi } = tree.format.encodeLeaf(output, order, attributes);
  const at = descend(tree, frame, level);
  for (let i = 0; i < 2 ** (order % 9); i++) {
    freeTables(tree, at.words[2 * (at.index + i)]!, at.words[2 * (at.index + i) + 1]!, level, (t) =>
      tree.memory.free(t),
    );
    store(at.words, at.index + i, lo, hi);
  }
}

/** Position of a frame's slot at `level`, with every table on the way made or split out of a leaf. */
function descend(tree: WritableTree, frame: number, level: number): Position {
  const at = newPosition();
  for (;;) {
    if (!walk(tree, frame, level, at)) throw new RangeError("a table on the way is not in memory");
    if (at.level === level) return at;
    const child = newTable(tree);
    if (at.kind === LEAF) split(tree, at, child);
    const { lo, hi } = tree.format.encodeTable(child, at.level - 1);
    store(at.words, at.index, lo, hi);
  }
}

/** Replace nothing yet: fill `child` with the parts of the leaf at `at`. All replicas of a larger leaf keep their own. */
function split(tree: WritableTree, at: Position, child: Mfn): void {
  const { format } = tree;
  const order = format.orderOf(at.lo, at.hi, at.level);
  const part = firstPart(format, at.lo, at.hi, at.level);
  const offset = (at.index % 2 ** (order - 9 * (at.level - 1))) * pagesAt(at.level);
  const first = format.frameOf(at.lo, at.hi, at.level) + offset;
  const lo = part.lo + ((first * 4096) % 2 ** 32) - ((format.frameOf(at.lo, at.hi, at.level) * 4096) % 2 ** 32);
  const hi = part.hi + Math.floor(first / 2 ** 20) - Math.floor(format.frameOf(at.lo, at.hi, at.level) / 2 ** 20);
  fillWithParts(tree.memory.words(child), { lo: lo >>> 0, hi: hi >>> 0 }, at.level);
}

/** Clear the leaves of `2^order` pages at a frame; larger leaves are split, tables stay (see `prune`). */
export function clear(tree: WritableTree, frame: number, order: number): void {
  const level = Math.floor(order / 9) + 1;
  const at = descend(tree, frame, level);
  const { lo, hi } = tree.format.empty;
  for (let i = 0; i < 2 ** (order % 9); i++) {
    freeTables(tree, at.words[2 * (at.index + i)]!, at.words[2 * (at.index + i) + 1]!, level, (t) =>
      tree.memory.free(t),
    );
    store(at.words, at.index + i, lo, hi);
  }
}

/** Free tables in which nothing is left, bottom up. The root stays. Returns how many were freed. */
export function prune(tree: WritableTree): number {
  let freed = 0;
  const visit = (table: Mfn, level: number): boolean => {
    const words = tree.memory.words(table);
    let empty = true;
    for (let i = 0; i < 2 ** tree.format.indexBits(level); i++) {
      const lo = words[2 * i]!;
      const hi = words[2 * i + 1]!;
      const kind = tree.format.kindOf(lo, hi, level);
      if (kind === TABLE) {
        const child = tree.format.frameOf(lo, hi, level) as Mfn;
        if (visit(child, tree.format.nextLevelOf(lo, hi, level))) {
          tree.memory.free(child);
          freed++;
          store(words, i, tree.format.empty.lo, tree.format.empty.hi);
          continue;
        }
      }
      if (kind !== 0) empty = false;
    }
    return empty;
  };
  visit(tree.root, tree.levels);
  return freed;
}

/**
 * Replace every full table of 512 like leaves with consecutive aligned addresses by one leaf of the next size, bottom
 * up, where the format has that size. Returns how many tables were freed.
 */
export function merge(tree: WritableTree): number {
  let merged = 0;
  const visit = (table: Mfn, level: number): void => {
    const words = tree.memory.words(table);
    for (let i = 0; i < 2 ** tree.format.indexBits(level); i++) {
      const lo = words[2 * i]!;
      const hi = words[2 * i + 1]!;
      if (tree.format.kindOf(lo, hi, level) !== TABLE) continue;
      const child = tree.format.frameOf(lo, hi, level) as Mfn;
      const below = tree.format.nextLevelOf(lo, hi, level);
      if (below > 1) visit(child, below);
      const leaf = below === level - 1 ? wholeLeaf(tree, child, level) : null;
      if (!leaf) continue;
      store(words, i, leaf.lo, leaf.hi);
      tree.memory.free(child);
      merged++;
    }
  };
  visit(tree.root, tree.levels);
  return merged;
}

/** The leaf of `level` that says the same as all 512 entries of the table below it; null when there is none. */
function wholeLeaf(tree: WritableTree, child: Mfn, level: number): Raw | null {
  const { format } = tree;
  const order = 9 * (level - 1);
  if (!format.leafOrders(level).includes(order)) return null;
  const words = tree.memory.words(child);
  const lo = words[0]!;
  const hi = words[1]!;
  if (format.kindOf(lo, hi, level - 1) !== LEAF || format.orderOf(lo, hi, level - 1) !== order - 9) return null;
  const first = format.frameOf(lo, hi, level - 1);
  if (!isAligned(first, order)) return null;
  const mask = format.addressMask(lo, hi, level - 1);
  for (let i = 1; i < 512; i++) {
    const l = words[2 * i]!;
    const h = words[2 * i + 1]!;
    if (format.kindOf(l, h, level - 1) !== LEAF || format.frameOf(l, h, level - 1) !== first + i * pagesAt(level - 1))
      return null;
    if ((l & ~mask.lo) !== (lo & ~mask.lo) || (h & ~mask.hi) !== (hi & ~mask.hi)) return null;
  }
  const lower = format.encodeLeaf(first, order - 9, {});
  const upper = format.encodeLeaf(first, order, {});
  return {
    lo: ((lo & ~(lower.lo & ~mask.lo)) | upper.lo) >>> 0,
    hi: ((hi & ~(lower.hi & ~mask.hi)) | upper.hi) >>> 0,
  };
}
