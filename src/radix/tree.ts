import { alignDown, type Mfn, offsetIn, pagesOf } from "../address.ts";
import { EMPTY, type EntryKind, type Format, LEAF, TABLE } from "../format/format.ts";
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

/** Frames by the place of their first entry in one array: what `walk` is fast on. */
type Arena = Pick<SimulatedMemory, "base" | "baseHi" | "baseLo" | "arena" | "holds" | "locate">;

/** The same of memory that hands its frames out one by one. */
class OneByOne implements Arena {
  readonly base = 0;
  readonly baseHi = 0;
  readonly baseLo = 0;
  readonly holds = new Uint8Array(0);
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

const arenaOf = (memory: FrameReader): Arena =>
  "arena" in memory ? (memory as SimulatedMemory) : new OneByOne(memory);

/**
 * Walk towards a frame and stop at level `stop`, or above it at the first entry that is no table. Follows the next
 * level that the entry names (AMD-Vi may skip levels). Returns false when a table on the way is not in memory, or the
 * frame's bits of skipped levels are not zero (page-table-formats.md 4.4); `position` then holds the last entry that was
 * read, and level 0 where there was none. `frame` must be below `widthOf`.
 */
export function walk(tree: Tree, frame: number, stop: number, position: Position): boolean {
  const { mask, value, perLevel, emptyHi } = tree.format.plain;
  const memory = arenaOf(tree.memory);
  const { arena, base, baseHi, baseLo } = memory;
  const places = arena.length >>> 10;
  const high = frame <= 0x7fffffff ? frame >>> 27 : (frame * ABOVE_LEVEL_3) | 0;
  let level = tree.levels;
  let first = (tree.root - base) << 9;
  let index = 0;
  let lo = 0;
  // The common case, without a call and without a store: plain pointers among the first frames of the model's memory.
  for (;;) {
    index = first | ((level <= 3 ? frame >>> Math.imul(level - 1, 9) : high >>> Math.imul(level - 4, 9)) & 511);
    lo = arena[index << 1]!;
    if (level === stop || (lo & mask) !== ((value + Math.imul(level, perLevel)) | 0)) break;
    const place = ((lo >>> 12) - baseLo) | 0;
    if ((arena[(index << 1) | 1]! & 0xfffff) !== baseHi || place >>> 0 >= places) break;
    first = place << 9;
    level = (level - 1) | 0;
  }
  const hi = arena[(index << 1) | 1]!;
  const place = index >>> 9;
  const isEmpty = lo === 0 && (hi | 0) === emptyHi;
  if (memory.holds[place] !== 1 || (level !== stop && !isEmpty))
    return walkOn(tree, memory, (base + place) as Mfn, level, frame, stop, position);
  position.level = level;
  position.index = index;
  position.lo = lo;
  position.hi = hi;
  position.kind = isEmpty ? EMPTY : tree.format.kindOf(lo, hi, level);
  return true;
}

/** The walk from a table on, whatever its entries are and wherever the tables lie. */
function walkOn(
  { format }: Tree,
  memory: Arena,
  from: Mfn,
  fromLevel: number,
  frame: number,
  stop: number,
  position: Position,
): boolean {
  let table = from;
  let level = fromLevel;
  position.level = 0;
  for (let first = memory.locate(table); first >= 0; first = memory.locate(table)) {
    const index = first + indexAt(frame, level);
    const lo = memory.arena[2 * index]!;
    const hi = memory.arena[2 * index + 1]!;
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
