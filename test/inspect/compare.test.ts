import { describe, expect, it } from "vitest";
import { hex64, type Mfn } from "../../src/address.ts";
import type { FormatName } from "../../src/format/index.ts";
import { type CompareOptions, compareTrees } from "../../src/inspect/compare.ts";
import { newTable } from "../../src/radix/edit.ts";
import { clear, setLeaf, split } from "../../src/radix/leaves.ts";
import type { WritableTree } from "../../src/radix/tree.ts";
import { newTree, put, RW, tablesOf, without } from "../radix/helpers.ts";

const FORMATS: readonly FormatName[] = ["ept", "npt", "vtd", "amdvi"];

/** 4 KiB, 2 MiB and 1 GiB leaves, a software entry, and on AMD-Vi a leaf of four slots. */
function filled(name: FormatName, base?: number): WritableTree {
  const tree = newTree(name, 4, base);
  for (let i = 0; i < 5; i++) setLeaf(tree, i, 2 ** 32 + i, 0, RW);
  setLeaf(tree, 1024, 2 ** 33, 9, RW);
  setLeaf(tree, 2 ** 18, 2 ** 34, 18, RW);
  if (name === "amdvi") setLeaf(tree, 8, 2 ** 35, 2, RW);
  put(tree, tablesOf(tree).get(1)![0]!, 100, 0x0050000000001000n);
  return tree;
}
const differences = (left: WritableTree, right: WritableTree, options?: CompareOptions) =>
  compareTrees(left, right, options).differences;
const table = (tree: WritableTree, level: number): Mfn => tablesOf(tree).get(level)![0]!;

describe.each(FORMATS)("%s trees", (name) => {
  it("are equal when made alike, also with their tables in other frames", () => {
    expect(compareTrees(filled(name), filled(name))).toEqual({ differences: [], compared: 4 * 512 });
    const moved = filled(name, 2 ** 39);
    newTable(moved);
    setLeaf(moved, 2 ** 30, 1, 0, RW);
    clear(moved, 2 ** 30, 27);
    expect(differences(filled(name), moved)).toEqual([]);
  });

  it.each([
    ["4 KiB leaf", 1, 3],
    ["2 MiB leaf", 2, 2],
    ["1 GiB leaf", 3, 1],
    ["absent entry", 1, 200],
    ["absent entry of the root", 4, 9],
    ["software entry", 1, 100],
    ["unused slot at the end", 2, 511],
  ] as const)("a flipped bit, any of 64, of a %s is reported", (_, level, index) => {
    const [left, right] = [filled(name), filled(name)];
    const words = right.memory.words(table(right, level));
    const pages = 2 ** (9 * (level - 1));
    let reported = 0;
    for (let bit = 0; bit < 64; bit++) {
      const place = 2 * index + (bit >>> 5);
      const before = words[place]!;
      words[place] = before ^ (1 << (bit & 31));
      const [found] = differences(left, right);
      expect(found, `bit ${bit}`).toMatchObject({ frame: index * pages, pages, level });
      expect(found?.right).toBe(hex64(words[2 * index]!, words[2 * index + 1]!));
      expect(found?.left).not.toBe(found?.right);
      words[place] = before;
      reported++;
    }
    expect(reported).toBe(64);
  });

  it("a flipped flag of a table pointer is reported, all but the frame that it names", () => {
    const [left, right] = [filled(name), filled(name)];
    const words = right.memory.words(right.root);
    for (let bit = 0; bit < 64; bit++) {
      if (bit >= 12 && bit < 52) continue;
      const before = words[bit >>> 5]!;
      words[bit >>> 5] = before ^ (1 << (bit & 31));
      expect(differences(left, right)[0], `bit ${bit}`).toMatchObject({ frame: 0, level: 4 });
      words[bit >>> 5] = before;
    }
  });

  it("a missing run is reported, entry by entry", () => {
    const right = filled(name);
    for (const frame of [2, 3, 4]) clear(right, frame, 0);
    expect(differences(filled(name), right).map(({ frame, says }) => [frame, says])).toEqual([
      [2, "a leaf against empty"],
      [3, "a leaf against empty"],
      [4, "a leaf against empty"],
    ]);
  });

  it("a wrong order is reported, though it maps to the same frames", () => {
    const right = filled(name);
    split(right, 1024, 0);
    expect(differences(filled(name), right)).toMatchObject([{ frame: 1024, level: 2, says: "a leaf against a table" }]);
  });

  it("swapped frames are reported at both ends", () => {
    const right = filled(name);
    setLeaf(right, 1, 2 ** 32 + 2, 0, RW);
    setLeaf(right, 2, 2 ** 32 + 1, 0, RW);
    expect(differences(filled(name), right)).toMatchObject([
      { frame: 1, says: "another frame" },
      { frame: 2, says: "another frame" },
    ]);
  });

  it("a lost table is reported, with the pointer to it", () => {
    const right = filled(name);
    const lost: WritableTree = Object.assign({}, right, { memory: without(right.memory, table(right, 1)) });
    const [found] = differences(filled(name), lost);
    expect(found).toMatchObject({ frame: 0, level: 2, says: "right: the table of level 1 is not in memory" });
    expect(found?.right).toMatch(/^0x/);
  });

  it("an extra table is reported, though it maps nothing", () => {
    const right = filled(name);
    put(right, right.root, 3, right.format.encodeTable(newTable(right), 3));
    expect(differences(filled(name), right)).toMatchObject([
      { frame: 3 * 2 ** 27, level: 4, says: "empty against a table" },
    ]);
  });

  it("a table that two entries share, on one side only, is reported", () => {
    const [left, right] = [filled(name), filled(name)];
    for (const tree of [left, right]) setLeaf(tree, 2 ** 18 * 3 + 0, 5, 0, RW);
    const shared = table(left, 1);
    for (let i = 0; i < 5; i++) setLeaf(right, 2 ** 18 * 3 + i, 2 ** 32 + i, 0, RW);
    if (name === "amdvi") setLeaf(right, 2 ** 18 * 3 + 8, 2 ** 35, 2, RW);
    put(right, tablesOf(right).get(1)![1]!, 100, 0x0050000000001000n);
    put(left, tablesOf(left).get(2)![1]!, 0, left.format.encodeTable(shared, 1));
    expect(differences(left, right).map(({ says }) => says)).toMatchObject([
      expect.stringContaining("tables are shared"),
    ]);
  });
});

it("a marker bit in an absent VT-d entry is reported", () => {
  const right = filled("vtd");
  put(right, table(right, 1), 300, 0x0050000000000000n);
  expect(differences(filled("vtd"), right)).toMatchObject([
    { frame: 300, left: "0x0000000000000000", right: "0x0050000000000000", says: "another value of empty" },
  ]);
});

it("an absent EPT entry's bit 63 is reported", () => {
  const right = filled("ept");
  put(right, table(right, 2), 300, 0n);
  expect(differences(filled("ept"), right)).toMatchObject([
    { frame: 300 * 512, left: "0x8000000000000000", right: "0x0000000000000000" },
  ]);
});

it("an AMD-Vi size between two levels is reported, though the first frame is the same", () => {
  const [left, right] = [newTree("amdvi", 4), newTree("amdvi", 4)];
  setLeaf(left, 0, 0, 1, RW);
  setLeaf(right, 0, 0, 2, RW);
  expect(differences(left, right)[0]).toMatchObject({ frame: 0, says: "flags or size differ" });
});

it("an AMD-Vi pointer that skips levels is reported against one that does not", () => {
  const make = (next: number): WritableTree => {
    const tree = newTree("amdvi", 4);
    put(tree, tree.root, 0, tree.format.encodeTable(newTable(tree), next));
    return tree;
  };
  expect(differences(make(3), make(2))).toMatchObject([{ level: 4, says: "the table pointers' flags differ" }]);
});

it("trees of other formats or levels are not compared", () => {
  expect(differences(newTree("ept", 4), newTree("npt", 4))).toMatchObject([
    { says: "ept with 4 levels against npt with 4 levels" },
  ]);
  expect(differences(newTree("ept", 4), newTree("ept", 5))).toMatchObject([
    { says: "ept with 4 levels against ept with 5 levels" },
  ]);
});

it("only entries that overlap the ranges are compared", () => {
  const right = filled("npt");
  clear(right, 3, 0);
  const { differences: found, compared } = compareTrees(filled("npt"), right, { ranges: [{ start: 0, end: 3 }] });
  expect(found).toEqual([]);
  // The root's, level 3's and level 2's first entries, and three pages.
  expect(compared).toBe(6);
  expect(differences(filled("npt"), right, { ranges: [{ start: 3, end: 4 }] })).toHaveLength(1);
});

it("stops at the limit of differences, and of tables", () => {
  const right = filled("npt");
  for (let i = 0; i < 5; i++) clear(right, i, 0);
  expect(differences(filled("npt"), right, { limit: 2 })).toHaveLength(2);
  const wide = newTree("npt", 5);
  for (let i = 0; i < 512; i++) put(wide, wide.root, i, wide.format.encodeTable(wide.root, 4));
  const { differences: found, compared } = compareTrees(wide, wide, { maxTables: 100 });
  expect(found).toMatchObject([{ says: "not compared further: more than 100 tables" }]);
  expect(compared).toBe(100 * 512);
});

describe("frames that the hypervisor chose", () => {
  const chosen: CompareOptions = { chosenLeft: (mfn) => mfn < 2 ** 20, chosenRight: (mfn) => mfn < 2 ** 20 };
  const mapped = (...leaves: [frame: number, output: number, order?: number][]): WritableTree => {
    const tree = newTree("npt", 4);
    for (const [frame, output, order = 0] of leaves) setLeaf(tree, frame, output, order, RW);
    return tree;
  };
  const says = (left: WritableTree, right: WritableTree) => differences(left, right, chosen).map((d) => d.says);

  it("may differ, one to one", () => {
    expect(says(mapped([0, 10], [1, 20]), mapped([0, 30], [1, 10]))).toEqual([]);
    expect(says(mapped([0, 10], [1, 10]), mapped([0, 30], [1, 30]))).toEqual([]);
  });

  it.each([
    ["two frames that became one", mapped([0, 10], [1, 20]), mapped([0, 30], [1, 30])],
    ["one frame that became two", mapped([0, 10], [1, 10]), mapped([0, 30], [1, 40])],
    [
      "a page out of a superpage that became another",
      mapped([512, 1024, 9], [0, 1029]),
      mapped([512, 2048, 9], [0, 2054]),
    ],
    ["equal frames, one of which is taken", mapped([0, 10], [1, 20]), mapped([0, 10], [1, 10])],
  ])("%s are reported", (_, left, right) => {
    const found = differences(left, right, chosen);
    expect(found.length).toBeGreaterThan(0);
    expect(found[0]?.says).toContain("not renamed one to one");
    expect(found[0]?.right).toMatch(/^0x[0-9a-f]{16}$/);
  });

  it("keep their place in a superpage", () => {
    expect(says(mapped([512, 1024, 9], [0, 1029]), mapped([512, 2048, 9], [0, 2053]))).toEqual([]);
  });

  it("must be chosen on both sides", () => {
    expect(says(mapped([0, 10]), mapped([0, 2 ** 20]))).toEqual(["another frame"]);
    expect(differences(mapped([0, 10]), mapped([0, 11]))).toHaveLength(1);
  });

  it("keep their rights", () => {
    const right = mapped([0, 30]);
    setLeaf(right, 0, 30, 0, { read: true });
    expect(says(mapped([0, 10]), right)).toEqual(["flags or size differ"]);
  });
});
