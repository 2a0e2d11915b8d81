import type { Mfn, Order } from "../address.ts";
import { EMPTY, FAULT, LEAF, SOFTWARE, TABLE } from "../format/format.ts";
import { pagesAt, type Tree } from "./tree.ts";

/**
 * A longest stretch of leaves at consecutive addresses with the same order, the same flags (every bit but the address
 * and bookkeeping) and consecutive outputs, or of entries that are not present but not empty (`maps` null).
 */
export interface Run {
  /** First input frame and number of pages. */
  readonly start: number;
  readonly pages: number;
  /** First output frame; null for entries that map nothing. */
  readonly maps: number | null;
  readonly order: Order;
  readonly entries: number;
  readonly level: number;
  /** The flags, as halves. */
  readonly lo: number;
  readonly hi: number;
}

/** Something found on the way that is no mapping. */
export interface Problem {
  readonly at: number;
  readonly level: number;
  readonly code: "table-missing" | "fault";
  readonly lo: number;
  readonly hi: number;
}

export interface RunOptions {
  /** Only frames of [from, to). Default: all. */
  readonly from?: number;
  readonly to?: number;
  /** Keep bookkeeping bits (markers, accessed, dirty): they then split runs and show in flags. Default false. */
  readonly raw?: boolean;
  readonly onProblem?: (problem: Problem) => void;
  /** Called for each table reached, root included. */
  readonly onTable?: (level: number, table: Mfn) => void;
}

interface OpenRun {
  start: number;
  pages: number;
  maps: number | null;
  order: Order;
  entries: number;
  level: number;
  lo: number;
  hi: number;
}

/** All runs of a tree in ascending order. Levels only fall from table to table, so that a walk always ends. */
export function* runs(tree: Tree, options: RunOptions = {}): Generator<Run> {
  let open: OpenRun | null = null;
  for (const piece of pieces(tree, tree.root, tree.levels, 0, options)) {
    if (
      open &&
      open.start + open.pages === piece.start &&
      open.order === piece.order &&
      open.level === piece.level &&
      open.lo === piece.lo &&
      open.hi === piece.hi &&
      (open.maps === null ? piece.maps === null : open.maps + open.pages === piece.maps)
    ) {
      open.pages += piece.pages;
      open.entries += piece.entries;
      continue;
    }
    if (open) yield open;
    open = piece;
  }
  if (open) yield open;
}

/** Runs inside one table each, in ascending order. */
function* pieces(tree: Tree, table: Mfn, level: number, base: number, options: RunOptions): Generator<OpenRun> {
  const { format, memory } = tree;
  const words = memory.frame(table);
  if (!words) {
    options.onProblem?.({ at: base, level, code: "table-missing", lo: 0, hi: 0 });
    return;
  }
  options.onTable?.(level, table);
  const span = pagesAt(level);
  const count = 2 ** format.indexBits(level);
  const from = options.from ?? 0;
  const to = options.to ?? Number.POSITIVE_INFINITY;
  const first = Math.max(0, Math.floor((from - base) / span));
  const last = Math.min(count, Math.ceil((to - base) / span));
  const bookkeeping = options.raw ? { lo: 0, hi: 0 } : format.bookkeepingMask(level);
  for (let i = first; i < last; ) {
    const lo = words[2 * i]!;
    const hi = words[2 * i + 1]!;
    const kind = format.kindOf(lo, hi, level);
    if (kind === EMPTY) {
      i++;
      continue;
    }
    const start = base + i * span;
    if (kind === TABLE) {
      yield* pieces(tree, format.frameOf(lo, hi, level) as Mfn, format.nextLevelOf(lo, hi, level), start, options);
      i++;
      continue;
    }
    if (kind === FAULT) {
      options.onProblem?.({ at: start, level, code: "fault", lo, hi });
      i++;
      continue;
    }
    if (kind === SOFTWARE) {
      const same = sameFrom(words, i, last, lo, hi, bookkeeping.lo, bookkeeping.hi);
      yield {
        start,
        pages: same * span,
        maps: null,
        order: 9 * (level - 1),
        entries: same,
        level,
        lo: (lo & ~bookkeeping.lo) >>> 0,
        hi: (hi & ~bookkeeping.hi) >>> 0,
      };
      i += same;
      continue;
    }
    const order = format.orderOf(lo, hi, level);
    const mask = format.addressMask(lo, hi, level);
    const flagsLo = (lo & ~bookkeeping.lo & ~mask.lo) >>> 0;
    const flagsHi = (hi & ~bookkeeping.hi & ~mask.hi) >>> 0;
    const maps = format.frameOf(lo, hi, level);
    const replicas = 2 ** (order - 9 * (level - 1));
    if (replicas > 1) {
      // Replicated leaves of AMD-Vi: one entry a slot, one leaf a group.
      const offset = (i % replicas) * span;
      yield { start, pages: span, maps: maps + offset, order, entries: 1, level, lo: flagsLo, hi: flagsHi };
      i++;
      continue;
    }
    let n = 1;
    let expected = maps + span;
    while (i + n < last) {
      const l = words[2 * (i + n)]!;
      const h = words[2 * (i + n) + 1]!;
      if (
        format.kindOf(l, h, level) !== LEAF ||
        (l & ~bookkeeping.lo & ~mask.lo) >>> 0 !== flagsLo ||
        (h & ~bookkeeping.hi & ~mask.hi) >>> 0 !== flagsHi ||
        format.frameOf(l, h, level) !== expected
      )
        break;
      expected += span;
      n++;
    }
    yield { start, pages: n * span, maps, order, entries: n, level, lo: flagsLo, hi: flagsHi };
    i += n;
  }
}

function sameFrom(
  words: Uint32Array,
  index: number,
  end: number,
  lo: number,
  hi: number,
  ignoreLo: number,
  ignoreHi: number,
): number {
  let i = index + 1;
  while (i < end && ((words[2 * i]! ^ lo) & ~ignoreLo) === 0 && ((words[2 * i + 1]! ^ hi) & ~ignoreHi) === 0) i++;
  return i - index;
}

/** Leaves by size and tables by level: the counts of the contract's `tables` document. */
export interface Counts {
  /** Number of leaves by order. A replicated AMD-Vi leaf counts once a slot. */
  readonly leaves: ReadonlyMap<Order, number>;
  /** Number of tables by level, root included. */
  readonly tables: ReadonlyMap<number, number>;
}

/** Count leaves and tables of a tree, or of the part that covers [from, to). */
export function count(tree: Tree, options: Pick<RunOptions, "from" | "to"> = {}): Counts {
  const leaves = new Map<Order, number>();
  const tables = new Map<number, number>();
  const onTable = (level: number): void => void tables.set(level, (tables.get(level) ?? 0) + 1);
  for (const piece of pieces(tree, tree.root, tree.levels, 0, { ...options, onTable }))
    if (piece.maps !== null) leaves.set(piece.order, (leaves.get(piece.order) ?? 0) + piece.entries);
  return { leaves, tables };
}
