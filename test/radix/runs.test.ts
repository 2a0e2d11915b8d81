import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { FORMATS, raw64, withAddressMask } from "../../src/format/index.ts";
import { newTable } from "../../src/radix/edit.ts";
import { setLeaf } from "../../src/radix/leaves.ts";
import { count, type Problem, type Run, type RunOptions, runs } from "../../src/radix/runs.ts";
import { type Tree, translate, type WritableTree } from "../../src/radix/tree.ts";
import { newTree, put, RW, tablesOf, without } from "./helpers.ts";

const read = (tree: Tree, options: RunOptions = {}): { list: Run[]; problems: Problem[] } => {
  const problems: Problem[] = [];
  const list = [...runs(tree, { ...options, onProblem: (problem) => problems.push(problem) })];
  return { list, problems };
};
const short = (list: readonly Run[]) => list.map(({ start, pages, maps, order }) => [start, pages, maps, order]);
const fill = (tree: WritableTree, frame: number, pages: number, output: number, order = 0): void => {
  for (let i = 0; i < pages; i += 2 ** order) setLeaf(tree, frame + i, output + i, order, RW);
};

describe("runs", () => {
  it("join leaves across tables, 32-bit halves and 2^44 bytes", () => {
    const tree = newTree("npt", 4);
    fill(tree, 1000, 1024, 2 ** 20 - 512);
    fill(tree, 4096, 1024, 2 ** 32 - 512);
    fill(tree, 2 ** 18, 4 * 512, 2 ** 40 - 4 * 512, 9);
    const { list, problems } = read(tree);
    expect(short(list)).toEqual([
      [1000, 1024, 2 ** 20 - 512, 0],
      [4096, 1024, 2 ** 32 - 512, 0],
      [2 ** 18, 2048, 2 ** 40 - 2048, 9],
    ]);
    expect(list.map((run) => run.entries)).toEqual([1024, 1024, 4]);
    expect(problems).toEqual([]);
  });

  it("end where order, flags, outputs or inputs jump", () => {
    const tree = newTree("ept", 4);
    fill(tree, 0, 4, 100);
    fill(tree, 4, 2, 200);
    setLeaf(tree, 6, 202, 0, { read: true });
    fill(tree, 8, 2, 204);
    fill(tree, 512, 512, 1024, 9);
    fill(tree, 1024, 3, 1536);
    expect(short(read(tree).list)).toEqual([
      [0, 4, 100, 0],
      [4, 2, 200, 0],
      [6, 1, 202, 0],
      [8, 2, 204, 0],
      [512, 512, 1024, 9],
      [1024, 3, 1536, 0],
    ]);
  });

  it("leave out bookkeeping bits, unless raw", () => {
    const tree = newTree("vtd", 4);
    fill(tree, 0, 4, 16);
    const table = tablesOf(tree).get(1)![0]!;
    // A contiguity marker in 55:52, and the accessed flag (page-table-formats.md 3.4).
    put(tree, table, 1, { lo: 0x11103, hi: 0x00500000 });
    expect(short(read(tree).list)).toEqual([[0, 4, 16, 0]]);
    expect(read(tree).list[0]).toMatchObject({ lo: 3, hi: 0 });
    expect(read(tree, { raw: true }).list).toMatchObject([
      { start: 0, entries: 1, lo: 3, hi: 0 },
      { start: 1, entries: 1, lo: 0x103, hi: 0x00500000 },
      { start: 2, entries: 2 },
    ]);
  });

  it("hold software entries as runs that map nothing, and no empty ones", () => {
    const tree = newTree("ept", 4);
    fill(tree, 0, 1, 16);
    const table = tablesOf(tree).get(1)![0]!;
    for (const i of [3, 4]) put(tree, table, i, 0x8050000000000000n);
    put(tree, table, 5, 0x8040000000000000n);
    // Accessed alone is not empty, yet without it the entry looks like the empty one beside it.
    put(tree, table, 9, 0x8000000000000100n);
    const { list } = read(tree);
    expect(list.slice(1)).toMatchObject([
      { start: 3, pages: 2, maps: null, entries: 2, hi: 0x80500000 },
      { start: 5, pages: 1, maps: null },
      { start: 9, pages: 1, maps: null },
    ]);
    expect(count(tree).leaves).toEqual(new Map([[0, 1]]));
  });

  it("cover what overlaps [from, to) only", () => {
    const tree = newTree("ept", 4);
    fill(tree, 0, 2048, 2 ** 20);
    fill(tree, 2048, 512, 2 ** 21, 9);
    expect(short(read(tree, { from: 510, to: 515 }).list)).toEqual([[510, 5, 2 ** 20 + 510, 0]]);
    expect(short(read(tree, { from: 2050, to: 2051 }).list)).toEqual([[2048, 512, 2 ** 21, 9]]);
    expect(read(tree, { from: 2560 }).list).toEqual([]);
    expect(count(tree, { from: 0, to: 512 }).tables.get(1)).toBe(1);
  });

  it("do not run from an address into a bit that is cut out of it", () => {
    const bit = raw64(1n << 47n);
    const tree = newTree("npt", 4);
    const masked = { ...tree, format: withAddressMask(FORMATS.npt, bit) };
    fill(tree, 0, 2, 2 ** 35 - 1);
    expect(short(read(tree).list)).toEqual([[0, 2, 2 ** 35 - 1, 0]]);
    expect(short(read(masked).list)).toEqual([
      [0, 1, 2 ** 35 - 1, 0],
      [1, 1, 0, 0],
    ]);
  });
});

describe("replicated AMD-Vi leaves (page-table-formats.md 4.3)", () => {
  it("are one run, an entry a slot", () => {
    const tree = newTree("amdvi", 4);
    fill(tree, 64, 64, 128, 5);
    expect(read(tree)).toMatchObject({
      list: [{ start: 64, pages: 64, maps: 128, order: 5, entries: 64 }],
      problems: [],
    });
    expect(short(read(tree, { from: 70, to: 80 }).list)).toEqual([[70, 10, 134, 5]]);
    expect(read(tree, { from: 70, to: 80 }).problems).toEqual([]);
    expect(count(tree).leaves).toEqual(new Map([[5, 64]]));
  });

  it("are reported where the replicas differ, dirty aside", () => {
    const tree = newTree("amdvi", 4);
    fill(tree, 0, 8, 16, 3);
    const table = tablesOf(tree).get(1)![0]!;
    const words = tree.memory.words(table);
    words[2 * 2]! |= 0x40;
    expect(read(tree).problems).toEqual([]);
    put(tree, table, 5, tree.format.encodeLeaf(99, 0, RW));
    const { list, problems } = read(tree);
    expect(short(list)).toEqual([
      [0, 5, 16, 3],
      [5, 1, 99, 0],
      [6, 2, 22, 3],
    ]);
    expect(problems.map(({ code, at }) => [code, at])).toEqual([
      ["replicas-differ", 0],
      ["replicas-differ", 6],
    ]);
  });

  it("of a size that belongs a level higher map as their input address says", () => {
    const tree = newTree("amdvi", 3);
    const { root } = tree;
    const [middle, low, high] = [newTable(tree), newTable(tree), newTable(tree)];
    put(tree, root, 0, tree.format.encodeTable(middle, 2));
    put(tree, middle, 0, tree.format.encodeTable(low, 1));
    put(tree, middle, 1, tree.format.encodeTable(high, 1));
    for (let i = 0; i < 512; i++)
      for (const table of [low, high]) put(tree, table, i, tree.format.encodeLeaf(2048, 10, RW));
    expect(short(read(tree).list)).toEqual([[0, 1024, 2048, 10]]);
    expect(translate(tree, 700)).toMatchObject({ frame: 2748, order: 10, level: 1 });
  });
});

describe("malformed tables", () => {
  it("a missing table is reported and reading goes on", () => {
    const tree = newTree("ept", 4);
    fill(tree, 0, 1, 7);
    fill(tree, 512, 1, 8);
    fill(tree, 1024, 1, 9);
    const gone = tablesOf(tree).get(1)![1]!;
    const { list, problems } = read({ ...tree, memory: without(tree.memory, gone) });
    expect(short(list)).toEqual([
      [0, 1, 7, 0],
      [1024, 1, 9, 0],
    ]);
    const { lo, hi } = tree.format.encodeTable(gone, 1);
    expect(problems).toEqual([{ at: 512, level: 1, code: "table-outside-image", lo, hi }]);
  });

  it("a missing root is reported", () => {
    const tree = newTree("ept", 4);
    expect(read({ ...tree, root: 1 as Mfn })).toEqual({
      list: [],
      problems: [{ at: 0, level: 4, code: "table-outside-image", lo: 0, hi: 0 }],
    });
  });

  it("a faulting entry is reported and reading goes on", () => {
    const tree = newTree("amdvi", 3);
    put(tree, tree.root, 1, tree.format.encodeTable(tree.root, 3));
    put(tree, tree.root, 2, tree.format.encodeLeaf(2 ** 18, 18, RW));
    const { list, problems } = read(tree);
    expect(short(list)).toEqual([[2 ** 19, 2 ** 18, 2 ** 18, 18]]);
    expect(problems).toMatchObject([{ at: 2 ** 18, level: 3, code: "fault", lo: 0x7f000601 }]);
  });

  it("a cycle ends at level 1", () => {
    const tree = newTree("ept", 4);
    put(tree, tree.root, 511, tree.format.encodeTable(tree.root, 3));
    const { list, problems } = read(tree);
    // At level 1 the root's own entry is a leaf of the root.
    expect(list).toMatchObject([{ start: 2 ** 36 - 1, pages: 1, maps: tree.root, order: 0 }]);
    expect(problems).toEqual([]);
    expect(count(tree).tables).toEqual(new Map([4, 3, 2, 1].map((level) => [level, 1])));
  });

  it("tables that unfold 512-fold at each level end at the limit, and say so", () => {
    const tree = newTree("npt", 5);
    for (let i = 0; i < 512; i++) put(tree, tree.root, i, tree.format.encodeTable(tree.root, 4));
    const problems: Problem[] = [];
    const { tables } = count(tree, { maxTables: 1000, onProblem: (problem) => problems.push(problem) });
    expect([...tables.values()].reduce((sum, n) => sum + n)).toBe(1000);
    expect(problems.map(({ code }) => code)).toEqual(["too-many-tables"]);
  });

  it("a table shared by two parents is reported at both", () => {
    const tree = newTree("vtd", 3);
    fill(tree, 0, 4, 64);
    const middle = tablesOf(tree).get(2)![0]!;
    put(tree, tree.root, 3, tree.format.encodeTable(middle, 2));
    expect(short(read(tree).list)).toEqual([
      [0, 4, 64, 0],
      [3 * 2 ** 18, 4, 64, 0],
    ]);
    expect(count(tree)).toEqual({
      leaves: new Map([[0, 8]]),
      tables: new Map([
        [3, 1],
        [2, 2],
        [1, 2],
      ]),
    });
  });

  it("a pointer that skips levels maps the low end of its range", () => {
    const tree = newTree("amdvi", 4);
    const low = newTable(tree);
    put(tree, tree.root, 1, tree.format.encodeTable(low, 1));
    put(tree, low, 7, tree.format.encodeLeaf(9, 0, RW));
    expect(short(read(tree).list)).toEqual([[2 ** 27 + 7, 1, 9, 0]]);
  });
});
