import type { Mfn, Order } from "../address.ts";
import { type EMPTY, FAULT, type Format, LEAF, type Raw, SOFTWARE, TABLE } from "../format/format.ts";
import { WORDS } from "../memory/memory.ts";
import { countRun } from "./entries.ts";
import { pagesAt, type Tree } from "./tree.ts";

/**
 * A stretch of leaves at consecutive addresses with the same order, the same flags (every bit but the address and
 * bookkeeping) and consecutive outputs, or of like entries that are not present but not empty (`maps` null).
 */
export interface Run {
  /** First input frame and number of pages. */
  readonly start: number;
  readonly pages: number;
  /** First output frame; null for entries that map nothing. */
  readonly maps: number | null;
  readonly order: Order;
  /** Slots, of which a leaf between two levels' sizes has several (AMD-Vi). */
  readonly entries: number;
  readonly level: number;
  /** The flags, as halves. */
  readonly lo: number;
  readonly hi: number;
}

/** Something found on the way that is no mapping. `at` is the first input frame concerned. */
export interface Problem {
  readonly at: number;
  /** Level of the entry, or of the table that is missing. */
  readonly level: number;
  /**
   * `table-outside-image`: the memory lacks a table. `fault`: present, and wrong. `replicas-differ`: the slots of one AMD-Vi leaf
   * do not all hold it (page-table-formats.md 4.3). `too-many-tables`: reading ended here.
   */
  readonly code: "table-outside-image" | "fault" | "replicas-differ" | "too-many-tables";
  /** The entry, or the pointer to the table; zero for the root. */
  readonly lo: number;
  readonly hi: number;
}

export interface RunOptions {
  /** Only entries that overlap frames of [from, to). Default: all. */
  readonly from?: number;
  readonly to?: number;
  /** Keep bookkeeping bits (markers, accessed, dirty): they then split runs and show in flags. Default false. */
  readonly raw?: boolean;
  /**
   * Read at most so many tables, a table with several parents counted each time: malformed tables that point to one
   * another unfold without end otherwise. Default 2^22, which is 8 TiB in 4 KiB pages.
   */
  readonly maxTables?: number;
  readonly onProblem?: (problem: Problem) => void;
  /** Called each time that a table is reached, root included. */
  readonly onTable?: (level: number, table: Mfn) => void;
  /** Whether to leave a table that lies wholly in [from, to) out, because the caller knows what it and its subtree hold. `base` is its first input frame. */
  readonly skip?: (level: number, table: Mfn, base: number) => boolean;
}

const MAX_TABLES = 2 ** 22;
const NO_BITS: Raw = { lo: 0, hi: 0 };

/** A table that is being read: the slots from `next` up to, but not including, `end` are still to do. */
interface Cursor {
  readonly words: Uint32Array;
  readonly level: number;
  /** First input frame that the table covers. */
  readonly base: number;
  readonly first: number;
  readonly end: number;
  next: number;
}

/**
 * The runs inside single tables, in ascending order, neighbours not yet joined. Levels only fall from table to table, so
 * that cycles end; a bad entry or a missing table is reported and reading goes on.
 */
export function* pieces(tree: Tree, options: RunOptions = {}): Generator<Run> {
  const { format, memory } = tree;
  const {
    from = 0,
    to = Number.POSITIVE_INFINITY,
    raw = false,
    maxTables = MAX_TABLES,
    onProblem,
    onTable,
    skip,
  } = options;
  const stack: Cursor[] = [];
  let tables = 0;

  /** Tables of the lowest level are read one after the other, and never again. */
  let lowestWords: Uint32Array | undefined;
  const lowest = (table: Mfn): Uint32Array | undefined => {
    if (!memory.read) return memory.frame(table);
    lowestWords ??= new Uint32Array(WORDS);
    return memory.read(table, lowestWords) ? lowestWords : undefined;
  };

  const enter = (table: Mfn, level: number, base: number, lo: number, hi: number): void => {
    if (tables >= maxTables) {
      onProblem?.({ at: base, level, code: "too-many-tables", lo, hi });
      stack.length = 0;
      return;
    }
    if (skip && base >= from && base + pagesAt(level + 1) <= to && skip(level, table, base)) return;
    tables++;
    const words = level === 1 ? lowest(table) : memory.frame(table);
    if (!words) {
      onProblem?.({ at: base, level, code: "table-outside-image", lo, hi });
      return;
    }
    onTable?.(level, table);
    const span = pagesAt(level);
    const first = Math.max(0, Math.floor((from - base) / span));
    const end = Math.min(2 ** format.indexBits(level), Math.ceil((to - base) / span));
    stack.push({ words, level, base, first, end, next: first });
  };

  enter(tree.root, tree.levels, 0, 0, 0);
  for (let cursor = stack.at(-1); cursor; cursor = stack.at(-1)) {
    if (cursor.next >= cursor.end) {
      stack.pop();
      continue;
    }
    const { words, level, base } = cursor;
    const index = cursor.next;
    const lo = words[2 * index]!;
    const hi = words[2 * index + 1]!;
    const kind = format.kindOf(lo, hi, level);
    const start = base + index * pagesAt(level);
    if (kind === LEAF || kind === SOFTWARE) {
      const ignore = raw ? NO_BITS : format.bookkeepingMask(level);
      const run = (kind === LEAF ? leaves : alike)(format, cursor, lo, hi, ignore, onProblem);
      cursor.next += run.entries;
      yield run;
      continue;
    }
    cursor.next++;
    if (kind === TABLE) enter(format.frameOf(lo, hi, level) as Mfn, format.nextLevelOf(lo, hi, level), start, lo, hi);
    else if (kind === FAULT) onProblem?.({ at: start, level, code: "fault", lo, hi });
    else kind satisfies typeof EMPTY;
  }
}

/** Software's entries of one value from the cursor on. */
function alike(format: Format, { words, level, base, next, end }: Cursor, lo: number, hi: number, ignore: Raw): Run {
  let entries = 1;
  // Without its bookkeeping bits an empty entry may look the same.
  while (
    next + entries < end &&
    countRun(words, next + entries, 1, lo, hi, 0, ignore) === 1 &&
    format.kindOf(words[2 * (next + entries)]!, words[2 * (next + entries) + 1]!, level) === SOFTWARE
  )
    entries++;
  const span = pagesAt(level);
  return {
    start: base + next * span,
    pages: entries * span,
    maps: null,
    order: 9 * (level - 1),
    entries,
    level,
    lo: (lo & ~ignore.lo) >>> 0,
    hi: (hi & ~ignore.hi) >>> 0,
  };
}

/** Leaves from the cursor on that continue the one there, or the replicas of that one. */
function leaves(
  format: Format,
  cursor: Cursor,
  lo: number,
  hi: number,
  ignore: Raw,
  onProblem: RunOptions["onProblem"],
): Run {
  const { words, level, base, first, next, end } = cursor;
  const span = pagesAt(level);
  const start = base + next * span;
  const order = format.orderOf(lo, hi, level);
  const mask = format.addressMask(lo, hi, level);
  const output = format.frameOf(lo, hi, level);
  const replicas = 2 ** (order - 9 * (level - 1));
  let entries: number;
  if (replicas > 1) {
    const group = next - (next % replicas);
    const stop = Math.min(group + replicas, end);
    entries = countRun(words, next, stop - next, lo, hi, 0, ignore);
    const bookkeeping = format.bookkeepingMask(level);
    const agrees = (slot: number): boolean => countRun(words, slot, 1, lo, hi, 0, bookkeeping) === 1;
    const whole =
      (next <= Math.max(group, first) || agrees(next - 1)) && (next + entries === stop || agrees(next + entries));
    if (!whole) onProblem?.({ at: start, level, code: "replicas-differ", lo, hi });
  } else {
    entries = countRun(words, next, end - next, lo, hi, span * 4096, ignore);
    // A carry out of the address field, or into a bit that is cut out of it, does not continue a run.
    const last = next + entries - 1;
    if (format.frameOf(words[2 * last]!, words[2 * last + 1]!, level) !== output + (entries - 1) * span) entries = 1;
  }
  return {
    start,
    pages: entries * span,
    maps: replicas > 1 ? output + (start % 2 ** order) : output,
    order,
    entries,
    level,
    lo: (lo & ~ignore.lo & ~mask.lo) >>> 0,
    hi: (hi & ~ignore.hi & ~mask.hi) >>> 0,
  };
}
