import { alignDown, type Mfn, offsetIn, pagesOf } from "../address.ts";
import { EMPTY, type EntryKind, type Format, LEAF, TABLE } from "../format/format.ts";
import type { FrameReader } from "../memory/memory.ts";
import { SimulatedMemory } from "../memory/simulated.ts";

/** One page-table tree that can be read: the same shape for the model's tables and for those of a memory image. */
export interface Tree {
  readonly format: Format;
  readonly memory: FrameReader;
  readonly root: Mfn;
  /** Level of the root table; level 1 holds 4 KiB leaves. */
  readonly levels: number;
}

/** A tree whose tables live in simulated memory and can be written. */
export interface WritableTree extends Tree {
  readonly memory: SimulatedMemory;
}

/** Whether a tree is the model's own. */
export const isWritable = (tree: Tree): tree is WritableTree => tree.memory instanceof SimulatedMemory;

/** Shifts the three lower levels' index bits out: frame numbers exceed the 32 bits that bit operators see. */
const ABOVE_LEVEL_3 = 2 ** -27;

/** Index of a frame's entry in the table of a level. */
export const indexAt = (frame: number, level: number): number =>
  level <= 3 ? (frame >>> (9 * (level - 1))) & 511 : ((frame * ABOVE_LEVEL_3) >>> (9 * (level - 4))) & 511;

/** Pages that one entry of a level covers. */
export const pagesAt = (level: number): number => pagesOf(9 * (level - 1));

/** Frames that a tree of this many levels can translate. AMD-Vi's level 6 has 7 index bits. */
export const widthOf = (format: Format, levels: number): number => pagesOf(9 * (levels - 1) + format.indexBits(levels));

/** Where a walk ended. Reused by `walk` when handed in, so that hot paths allocate nothing. */
export interface Position {
  level: number;
  /** Place of the entry in simulated memory's arena; in other memory its slot in the table. */
  index: number;
  lo: number;
  hi: number;
  kind: EntryKind;
}

export const newPosition = (): Position => ({
  level: 0,
  index: 0,
  lo: 0,
  hi: 0,
  kind: EMPTY,
});

/** Slot in its table, 0 to 511, of the entry at a place: tables lie at multiples of 512. */
export const slotOfIndex = (index: number): number => index & 511;

/**
 * Walk towards a frame and stop at level `stop`, or above it at the first entry that is no table. Follows the next
 * level that the entry names (AMD-Vi may skip levels). Returns false when a table on the way is not in memory, or the
 * frame's bits of skipped levels are not zero (page-table-formats.md 4.4); `position` then holds the last entry that was
 * read, and level 0 where there was none. `frame` must be below `widthOf`.
 */
export function walk(tree: Tree, frame: number, stop: number, position: Position): boolean {
  const { format } = tree;
  const tables = isWritable(tree) ? tree.memory : new OneByOne(tree.memory);
  const place = isWritable(tree) ? seek(tree, frame, stop) : -1;
  if (place >= 0) {
    const lo = tables.arena[place << 1]!;
    const hi = tables.arena[(place << 1) | 1]!;
    position.level = stop;
    position.index = place;
    position.lo = lo;
    position.hi = hi;
    position.kind = lo === 0 && (hi | 0) === format.plain.emptyHi ? EMPTY : format.kindOf(lo, hi, stop);
    return true;
  }
  let table = tree.root;
  let level = tree.levels;
  position.level = 0;
  for (let first = tables.locate(table); first >= 0; first = tables.locate(table)) {
    const index = first + indexAt(frame, level);
    const lo = tables.arena[2 * index]!;
    const hi = tables.arena[2 * index + 1]!;
    const kind = format.kindOf(lo, hi, level);
    position.level = level;
    position.index = index;
    position.lo = lo;
    position.hi = hi;
    position.kind = kind;
    if (kind !== TABLE || level <= stop) return true;
    const next = format.nextLevelOf(lo, hi, level);
    if (next < level - 1 && alignDown(frame, 9 * next) !== alignDown(frame, 9 * (level - 1))) return false;
    table = format.frameOf(lo, hi, level) as Mfn;
    level = next;
  }
  return false;
}

/** Frames by the place of their first entry, as simulated memory has them, of memory that hands its frames out one by one. */
class OneByOne {
  arena: Uint32Array = new Uint32Array(0);
  readonly #memory: FrameReader;

  constructor(memory: FrameReader) {
    this.#memory = memory;
  }

  locate(mfn: Mfn): number {
    const words = this.#memory.frame(mfn);
    if (words === undefined) return -1;
    this.arena = words;
    return 0;
  }
}

/**
 * The place of a frame's entry at a level, which is all that writers ask for, every block; -1 where the walk from the root
 * ends above it, and then `position` tells where.
 */
export function placeOf(tree: WritableTree, frame: number, level: number, position: Position): number {
  const place = seek(tree, frame, level);
  if (place >= 0) return place;
  walk(tree, frame, level, position);
  return position.level === level ? position.index : -1;
}

/**
 * The place of a frame's entry at a level, in the common case: plain pointers lead there from the root, from table to table
 * among the first frames of the model's memory. -1 for any other, where `walk` tells more. Written for speed: arithmetic in
 * 32 bits, nothing stored.
 */
export function seek(tree: WritableTree, frame: number, level: number): number {
  const { mask, value, perLevel } = tree.format.plain;
  const { arena, base, baseHi, baseLo, holds } = tree.memory;
  const places = arena.length >>> 10;
  const high = frame <= 0x7fff_ffff ? frame >>> 27 : (frame * ABOVE_LEVEL_3) | 0;
  const top = tree.root - base;
  if (top < 0 || top >= places) return -1;
  let first = top << 9;
  for (let at = tree.levels; at > level; at = (at - 1) | 0) {
    const index = first | slot(frame, high, at);
    const lo = arena[index << 1]!;
    const hi = arena[(index << 1) | 1]!;
    const place = ((lo >>> 12) - baseLo) | 0;
    // Another kind of entry, or a table further away. One that only stands as a description holds zeros.
    if ((lo & mask) !== ((value + Math.imul(at, perLevel)) | 0) || (hi & 0xfffff) !== baseHi || place >>> 0 >= places)
      return -1;
    first = place << 9;
  }
  return holds[first >>> 9] === 1 ? first | slot(frame, high, level) : -1;
}

/** As `indexAt`, with the upper bits shifted already. */
const slot = (frame: number, high: number, level: number): number =>
  (level <= 3 ? frame >>> Math.imul(level - 1, 9) : high >>> Math.imul(level - 4, 9)) & 511;

/** What a tree says about one frame; null when it maps nothing there. */
export interface Translation {
  readonly frame: number;
  readonly order: number;
  readonly level: number;
  readonly lo: number;
  readonly hi: number;
}

const scratch = newPosition();

/** Translate one frame. `frame` of the answer is the output frame that this very input frame is mapped to. */
export function translate(tree: Tree, frame: number): Translation | null {
  if (frame >= widthOf(tree.format, tree.levels) || !walk(tree, frame, 1, scratch) || scratch.kind !== LEAF)
    return null;
  const { level, lo, hi } = scratch;
  const order = tree.format.orderOf(lo, hi, level);
  return { frame: tree.format.frameOf(lo, hi, level) + offsetIn(frame, order), order, level, lo, hi };
}
