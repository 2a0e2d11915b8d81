import type { Mfn, Order } from "../address.ts";
import { patternsOf } from "./pattern.ts";
import { pieces, type Run, type RunOptions } from "./pieces.ts";
import { isWritable, type Tree } from "./tree.ts";

export type { Problem, Run, RunOptions } from "./pieces.ts";

/** Whether `next` starts where `run` ends and goes on in the same way. */
const continues = (run: Run, next: Run): boolean =>
  run.start + run.pages === next.start &&
  run.order === next.order &&
  run.level === next.level &&
  run.lo === next.lo &&
  run.hi === next.hi &&
  (run.maps === null ? next.maps === null : run.maps + run.pages === next.maps);

/** All runs of a tree, longest stretches, in ascending order (contract, "tables --json"). Lazy; never throws. */
export function* runs(tree: Tree, options: RunOptions = {}): Generator<Run> {
  let open: Run | undefined;
  for (const piece of pieces(tree, options)) {
    if (open && continues(open, piece))
      open = { ...open, pages: open.pages + piece.pages, entries: open.entries + piece.entries };
    else {
      if (open) yield open;
      open = piece;
    }
  }
  if (open) yield open;
}

/** Leaves by size and tables by level: the counts of the contract's `tables` document. */
export interface Counts {
  /** Number of leaves by order. A replicated AMD-Vi leaf counts once a slot. */
  readonly leaves: ReadonlyMap<Order, number>;
  /** Number of tables by level, root included. A table with several parents counts once for each. */
  readonly tables: ReadonlyMap<number, number>;
}

/** Count leaves and tables of a tree, or of the part that overlaps [from, to). Lower bounds after a problem. */
export function count(tree: Tree, options: Omit<RunOptions, "raw" | "onTable" | "skip"> = {}): Counts {
  const leaves = new Map<Order, number>();
  const tables = new Map<number, number>();
  const add = <K>(map: Map<K, number>, key: K, n: number): void => void map.set(key, (map.get(key) ?? 0) + n);
  const onTable = (level: number): void => add(tables, level, 1);
  // Described subtrees need not be looked at: their patterns know.
  const patterns = isWritable(tree) ? patternsOf(tree) : null;
  const skip = (_level: number, table: Mfn): boolean => {
    const placed = patterns?.standing(table);
    if (!placed || !patterns) return false;
    const known = patterns.counts(placed.pattern);
    for (const [order, n] of known.leaves) add(leaves, order, n);
    for (const [level, n] of known.tables) add(tables, level, n);
    return true;
  };
  for (const piece of pieces(tree, { ...options, onTable, skip }))
    if (piece.maps !== null) add(leaves, piece.order, piece.entries);
  return { leaves, tables };
}
