import type { Mfn } from "../../src/address.ts";
import { FORMATS, type Format, type FormatName, LEAF, type Raw, raw64, TABLE } from "../../src/format/index.ts";
import type { FrameReader } from "../../src/memory/memory.ts";
import { SimulatedMemory } from "../../src/memory/simulated.ts";
import { newTable } from "../../src/radix/edit.ts";
import { store } from "../../src/radix/entries.ts";
import type { Tree, WritableTree } from "../../src/radix/tree.ts";

/** Every format with every legal number of levels (page-table-formats.md 0.1). */
export const SHAPES: readonly (readonly [FormatName, number])[] = [
  ["ept", 4],
  ["ept", 5],
  ["npt", 4],
  ["npt", 5],
  ["vtd", 3],
  ["vtd", 4],
  ["vtd", 5],
  ["amdvi", 1],
  ["amdvi", 2],
  ["amdvi", 3],
  ["amdvi", 4],
  ["amdvi", 5],
  ["amdvi", 6],
];

export const RW = { read: true, write: true } as const;

/** A tree with an empty root; `base` is where its tables are. */
export function newTree(name: FormatName, levels: number, base = 0x7f000): WritableTree {
  const format = FORMATS[name];
  const memory = new SimulatedMemory(base as Mfn);
  return { format, levels, memory, root: newTable({ format, memory }) };
}

/** Store a raw 64-bit entry. */
export function put(tree: WritableTree, table: Mfn, index: number, raw: bigint | Raw): void {
  const { lo, hi } = typeof raw === "bigint" ? raw64(raw) : raw;
  store(tree.memory.words(table), index, lo, hi);
}

/** Memory without some of its frames. */
export const without = (memory: FrameReader, ...gone: number[]): FrameReader => ({
  frame: (mfn) => (gone.includes(mfn) ? undefined : memory.frame(mfn)),
});

/** Leaves by order and tables by level, counted the plain way. */
export function countPlainly(tree: Tree): { leaves: Map<number, number>; tables: Map<number, number> } {
  const leaves = new Map<number, number>();
  const tables = new Map<number, number>();
  const visit = (format: Format, table: Mfn, level: number): void => {
    tables.set(level, (tables.get(level) ?? 0) + 1);
    const words = tree.memory.frame(table)!;
    for (let i = 0; i < 2 ** format.indexBits(level); i++) {
      const [lo, hi] = [words[2 * i]!, words[2 * i + 1]!];
      const kind = format.kindOf(lo, hi, level);
      if (kind === LEAF) {
        const order = format.orderOf(lo, hi, level);
        leaves.set(order, (leaves.get(order) ?? 0) + 1);
      } else if (kind === TABLE) visit(format, format.frameOf(lo, hi, level) as Mfn, format.nextLevelOf(lo, hi, level));
    }
  };
  visit(tree.format, tree.root, tree.levels);
  return { leaves, tables };
}

/** Tables of a tree by level, top down, in ascending order of what they cover. */
export function tablesOf(tree: Tree): Map<number, Mfn[]> {
  const found = new Map<number, Mfn[]>();
  const visit = (table: Mfn, level: number): void => {
    found.set(level, [...(found.get(level) ?? []), table]);
    const words = tree.memory.frame(table)!;
    for (let i = 0; i < 2 ** tree.format.indexBits(level); i++) {
      const [lo, hi] = [words[2 * i]!, words[2 * i + 1]!];
      if (tree.format.kindOf(lo, hi, level) === TABLE)
        visit(tree.format.frameOf(lo, hi, level) as Mfn, tree.format.nextLevelOf(lo, hi, level));
    }
  };
  visit(tree.root, tree.levels);
  return found;
}
