import { alignDown, type Mfn, offsetIn, pagesOf } from "../address.ts";
import { EMPTY, type EntryKind, type Format, frameField, LEAF, TABLE } from "../format/format.ts";
import type { FrameReader } from "../memory/memory.ts";
import type { SimulatedMemory } from "../memory/simulated.ts";

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
  table: Mfn;
  words: Uint32Array;
  index: number;
  lo: number;
  hi: number;
  kind: EntryKind;
}

const NO_WORDS = new Uint32Array(0);
export const newPosition = (): Position => ({
  level: 0,
  table: 0 as Mfn,
  words: NO_WORDS,
  index: 0,
  lo: 0,
  hi: 0,
  kind: EMPTY,
});

/**
 * Walk towards a frame and stop at level `stop`, or above it at the first entry that is no table. Follows the next
 * level that the entry names (AMD-Vi may skip levels). Returns false when a table on the way is not in memory, or the
 * frame's bits of skipped levels are not zero (page-table-formats.md 4.4); `position` then holds the last entry that was
 * read, and level 0 where there was none. `onPointer` sees the table pointers that are followed. `frame` must be below
 * `widthOf`.
 */
export function walk(
  tree: Tree,
  frame: number,
  stop: number,
  position: Position,
  onPointer?: (lo: number, hi: number) => void,
): boolean {
  const { format, memory } = tree;
  const { plainPointer, empty } = format;
  const { mask, value } = plainPointer;
  // As `indexAt`, with what does not change from level to level taken out of the loop.
  const low = frame >>> 0;
  const high = (frame * ABOVE_LEVEL_3) >>> 0;
  let level = tree.levels;
  let table = tree.root;
  let words = memory.frame(table);
  if (!words) {
    position.level = 0;
    return false;
  }
  for (;;) {
    const index = (level <= 3 ? low >>> (9 * (level - 1)) : high >>> (9 * (level - 4))) & 511;
    const lo = words[2 * index]!;
    const hi = words[2 * index + 1]!;
    let kind: EntryKind = EMPTY;
    if (level > stop && (lo & mask[level]!) === value[level]) {
      const to = frameField(lo, hi) as Mfn;
      const below = memory.frame(to);
      if (below) {
        if (onPointer !== undefined) onPointer(lo, hi);
        level--;
        table = to;
        words = below;
        continue;
      }
      kind = TABLE;
    } else if (lo !== empty.lo || hi !== empty.hi) kind = format.kindOf(lo, hi, level);
    if (kind === TABLE && level > stop) {
      const next = format.nextLevelOf(lo, hi, level);
      const skipsBits = next < level - 1 && alignDown(frame, 9 * next) !== alignDown(frame, 9 * (level - 1));
      if (!skipsBits) {
        if (onPointer !== undefined) onPointer(lo, hi);
        const to = format.frameOf(lo, hi, level) as Mfn;
        const below = memory.frame(to);
        if (below) {
          level = next;
          table = to;
          words = below;
          continue;
        }
      }
      reach(position, level, table, words, index, lo, hi, kind);
      return false;
    }
    reach(position, level, table, words, index, lo, hi, kind);
    return true;
  }
}

function reach(
  position: Position,
  level: number,
  table: Mfn,
  words: Uint32Array,
  index: number,
  lo: number,
  hi: number,
  kind: EntryKind,
): void {
  position.level = level;
  position.table = table;
  position.words = words;
  position.index = index;
  position.lo = lo;
  position.hi = hi;
  position.kind = kind;
}

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
