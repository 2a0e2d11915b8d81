/**
 * The plain editor of leaves, for tests, tools and images; a hypervisor's writers have rules of their own. It expects a
 * tree in which each table has one parent, and keeps no contiguity markers.
 */
import { alignDown, hex, isAligned } from "../address.ts";
import { EMPTY, FAULT, LEAF, type LeafAttributes, type Raw, SOFTWARE, TABLE } from "../format/format.ts";
import { fillWithParts, freeTables, newTable } from "./edit.ts";
import { store, storeSame } from "./entries.ts";
import { indexAt, pagesAt, slotOfIndex, type WritableTree, widthOf } from "./tree.ts";

/** One entry of one table, by its place in memory; `base` is the first input frame that the table covers. */
interface Slot {
  readonly index: number;
  readonly level: number;
  readonly base: number;
}

/**
 * Map `2^order` pages with one leaf (AMD-Vi sizes between levels: with all its replicas), making tables and splitting
 * larger leaves on the way and freeing tables that the leaf replaces.
 *
 * Throws RangeError when frame or output is not aligned to the order, lies outside the tree or the format, or a table
 * on the way is not in memory.
 */
export function setLeaf(
  tree: WritableTree,
  frame: number,
  output: number,
  order: number,
  attributes: LeafAttributes,
): void {
  put(tree, frame, order, tree.format.encodeLeaf(output, order, attributes), true);
}

/**
 * Empty `2^order` pages; larger leaves are split, tables stay (see `prune`). Any order will do. A faulting entry above
 * the pages maps nothing and stays. Throws RangeError as `setLeaf` does.
 */
export function clear(tree: WritableTree, frame: number, order: number): void {
  put(tree, frame, order, tree.format.empty, false);
}

/**
 * Replace the leaf over a frame by smaller ones, until the frame is covered by none larger than `order`. Does nothing where
 * none is. Throws RangeError as `setLeaf` does.
 */
export function split(tree: WritableTree, frame: number, order: number): void {
  const slot = descend(tree, frame, levelFor(tree, alignDown(frame, order), order), false);
  if (slot) breakUp(tree, slot, order);
}

function put(tree: WritableTree, frame: number, order: number, { lo, hi }: Raw, make: boolean): void {
  const first = descend(tree, frame, levelFor(tree, frame, order), make);
  if (!first) return;
  const { memory } = tree;
  for (let i = 0; i < 2 ** (order % 9); i++) {
    const index = first.index + i;
    breakUp(tree, { ...first, index }, order);
    const [oldLo, oldHi] = [memory.arena[2 * index]!, memory.arena[2 * index + 1]!];
    freeTables(tree, oldLo, oldHi, first.level, (table) => memory.free(table));
    store(memory.arena, index, lo, hi);
  }
}

/** Level whose table holds a block of this order in less than 512 slots. */
function levelFor({ format, levels }: WritableTree, frame: number, order: number): number {
  if (!isAligned(frame, order)) throw new RangeError(`frame 0x${frame.toString(16)} is not aligned to order ${order}`);
  const level = Math.floor(order / 9) + 1;
  if (level > levels || frame < 0 || frame + 2 ** order > widthOf(format, levels))
    throw new RangeError(`frame 0x${frame.toString(16)} at order ${order} is beyond a tree of ${levels} levels`);
  return level;
}

/**
 * A frame's slot at `level`. What stands above it is pushed down into a table of its own; where nothing stands, tables
 * are made if `make` says so, else there is no slot.
 */
function descend(tree: WritableTree, frame: number, level: number, make: boolean): Slot | null {
  const { format, memory } = tree;
  let table = tree.root;
  for (let at = tree.levels; ; at--) {
    const first = memory.locate(table);
    if (first < 0) throw new RangeError(`frame ${hex(table)} is not allocated`);
    const index = first + indexAt(frame, at);
    const slot: Slot = { index, level: at, base: alignDown(frame, 9 * at) };
    if (at === level) return slot;
    const [lo, hi] = [memory.arena[2 * index]!, memory.arena[2 * index + 1]!];
    const kind = format.kindOf(lo, hi, at);
    if ((kind === EMPTY || kind === FAULT) && !make) return null;
    if (kind !== TABLE || format.nextLevelOf(lo, hi, at) < at - 1) pushDown(tree, slot);
    table = format.frameOf(memory.arena[2 * index]!, memory.arena[2 * index + 1]!, at) as typeof table;
  }
}

/** Put a new table under a slot that says what the slot said. A faulting entry, which says nothing, becomes an empty table. */
function pushDown(tree: WritableTree, slot: Slot): void {
  const { format, memory } = tree;
  const { index, level } = slot;
  breakUp(tree, slot, 9 * (level - 1));
  const lo = memory.arena[2 * index]!;
  const hi = memory.arena[2 * index + 1]!;
  const kind = format.kindOf(lo, hi, level);
  const child = newTable(tree);
  const below = memory.words(child);
  if (kind === LEAF)
    fillWithParts(below, format.resizeLeaf(lo, hi, level, format.frameOf(lo, hi, level), 9 * (level - 2)), level);
  else if (kind === SOFTWARE) storeSame(below, 0, 512, lo, hi);
  // A pointer that skips levels covers the first slot of each level skipped (page-table-formats.md 4.4).
  else if (kind === TABLE) store(below, 0, lo, hi);
  const pointer = format.encodeTable(child, level - 1);
  store(memory.arena, index, pointer.lo, pointer.hi);
}

/**
 * Make the replicas of one leaf leaves of the level's own size, if they map more than `order` (AMD-Vi only). A size that
 * belongs at a higher level has replicas in other tables, which stay.
 */
function breakUp({ format, memory }: WritableTree, { index, level, base }: Slot, order: number): void {
  const words = memory.arena;
  const orderAt = (i: number): number => {
    const [lo, hi] = [words[2 * i]!, words[2 * i + 1]!];
    return format.kindOf(lo, hi, level) === LEAF ? format.orderOf(lo, hi, level) : -1;
  };
  const own = 9 * (level - 1);
  const size = orderAt(index);
  if (size <= Math.max(order, own)) return;
  const output = format.frameOf(words[2 * index]!, words[2 * index + 1]!, level);
  const replicas = 2 ** (size - own);
  const first = index - slotOfIndex(index);
  const start = index - (slotOfIndex(index) % replicas);
  for (let i = start; i < Math.min(start + replicas, first + 512); i++) {
    const [lo, hi] = [words[2 * i]!, words[2 * i + 1]!];
    if (orderAt(i) !== size || format.frameOf(lo, hi, level) !== output) continue;
    const offset = (base + (i - first) * pagesAt(level)) % 2 ** size;
    const raw = format.resizeLeaf(lo, hi, level, output + offset, own);
    store(words, i, raw.lo, raw.hi);
  }
}
