import { describe, expect, it } from "vitest";
import { hex64 } from "../../src/address.ts";
import { merge, prune } from "../../src/radix/compact.ts";
import { newTable } from "../../src/radix/edit.ts";
import { clear, setLeaf, split } from "../../src/radix/leaves.ts";
import { count, type Run, runs } from "../../src/radix/runs.ts";
import { translate, type WritableTree } from "../../src/radix/tree.ts";
import { newTree, put, RW, tablesOf } from "./helpers.ts";

const short = (tree: WritableTree) =>
  [...runs(tree)].map(({ start, pages, maps, order }: Run) => [start, pages, maps, order]);
const rawOf = (tree: WritableTree, frame: number): string => {
  const found = translate(tree, frame)!;
  return hex64(found.lo, found.hi);
};
const ALL = { read: true, write: true, snoop: true };

describe("AMD-Vi sizes between the levels", () => {
  it.each([
    [0, 0x123456, "0x7000000123456001"],
    [1, 0x123456, "0x7000000123456e01"],
    [3, 0x123450, "0x7000000123453e01"],
    [8, 0x123400, "0x700000012347fe01"],
    [10, 0xa3c00, "0x70000000a3dffe01"],
    [17, 0xa0000, "0x70000000affffe01"],
    [20, 0x4000000, "0x700000407ffffe01"],
  ])("order %i is written to all its slots (page-table-formats.md 4.7)", (order, output, raw) => {
    const tree = newTree("amdvi", 4);
    setLeaf(tree, 2 ** order, output, order, ALL);
    const slots = 2 ** (order % 9);
    expect([...runs(tree)]).toMatchObject([
      { start: 2 ** order, pages: 2 ** order, maps: output, order, entries: slots },
    ]);
    for (const frame of [2 ** order, 2 ** (order + 1) - 1]) {
      expect(rawOf(tree, frame)).toBe(raw);
      expect(translate(tree, frame)?.frame).toBe(output + frame - 2 ** order);
    }
  });

  it("clearing a part leaves the rest as leaves of the level's own size", () => {
    const tree = newTree("amdvi", 4);
    setLeaf(tree, 32, 64, 5, ALL);
    clear(tree, 40, 2);
    expect(short(tree)).toEqual([
      [32, 8, 64, 0],
      [44, 20, 76, 0],
    ]);
    expect(rawOf(tree, 44)).toBe("0x700000000004c001");
  });

  it("writing over a part breaks the rest up, and nothing beside it", () => {
    const tree = newTree("amdvi", 4);
    setLeaf(tree, 0, 64, 4, ALL);
    setLeaf(tree, 16, 80, 4, ALL);
    setLeaf(tree, 4, 128, 1, ALL);
    expect(short(tree)).toEqual([
      [0, 4, 64, 0],
      [4, 2, 128, 1],
      [6, 10, 70, 0],
      [16, 16, 80, 4],
    ]);
  });

  it("writing a page into a leaf of two level-2 slots leaves the other slot whole", () => {
    const tree = newTree("amdvi", 4);
    setLeaf(tree, 1024, 4096, 10, ALL);
    setLeaf(tree, 1024 + 600, 7, 0, ALL);
    expect(short(tree)).toEqual([
      [1024, 512, 4096, 9],
      [1536, 88, 4608, 0],
      [1624, 1, 7, 0],
      [1625, 423, 4697, 0],
    ]);
  });

  it("a table of sized leaves merges into one leaf", () => {
    const tree = newTree("amdvi", 3);
    for (let i = 0; i < 512; i += 8) setLeaf(tree, i, 1024 + i, 3, ALL);
    expect(merge(tree)).toBe(1);
    expect(short(tree)).toEqual([[0, 512, 1024, 9]]);
    expect(rawOf(tree, 5)).toBe("0x7000000000400001");
  });

  it("a pointer that skips levels keeps what it maps when something is written beside it", () => {
    const tree = newTree("amdvi", 4);
    const low = newTable(tree);
    put(tree, tree.root, 0, tree.format.encodeTable(low, 1));
    put(tree, low, 7, tree.format.encodeLeaf(9, 0, RW));
    setLeaf(tree, 2 ** 18 + 1, 5, 0, RW);
    setLeaf(tree, 513, 6, 0, RW);
    expect(short(tree)).toEqual([
      [7, 1, 9, 0],
      [513, 1, 6, 0],
      [2 ** 18 + 1, 1, 5, 0],
    ]);
  });

  it("splits above 2^32 bytes: 256 TiB at level 5", () => {
    const tree = newTree("amdvi", 5);
    setLeaf(tree, 2 ** 36, 2 ** 37, 36, RW);
    split(tree, 2 ** 36, 27);
    expect(short(tree)).toEqual([[2 ** 36, 2 ** 36, 2 ** 37, 27]]);
  });
});

describe("splitting keeps rights and flags", () => {
  it("NPT: the PAT bit moves from 12 to 7 and back (page-table-formats.md 2.3)", () => {
    const tree = newTree("npt", 4);
    setLeaf(tree, 512, 0xa3e00, 9, { ...RW, pat: true, accessed: true, dirty: true, noExecute: true });
    expect(rawOf(tree, 512)).toBe("0x80000000a3e010e7");
    split(tree, 512, 0);
    expect(rawOf(tree, 513)).toBe("0x80000000a3e010e7");
    expect(translate(tree, 513)).toMatchObject({ frame: 0xa3e01, order: 0 });
    merge(tree);
    expect(rawOf(tree, 513)).toBe("0x80000000a3e010e7");
    expect(translate(tree, 513)).toMatchObject({ frame: 0xa3e01, order: 9 });
  });

  it("EPT: memory type, software bits and suppress-#VE stay, bit 7 goes", () => {
    const tree = newTree("ept", 4);
    const software = { lo: 0x400, hi: 0x00500000 };
    setLeaf(tree, 0, 2 ** 32, 18, { ...RW, emt: 6, ipat: true, suppressVe: true, software });
    expect(rawOf(tree, 0)).toBe("0x80501000000004f3");
    split(tree, 512, 9);
    expect(rawOf(tree, 512)).toBe("0x80501000002004f3");
    split(tree, 513, 0);
    expect(rawOf(tree, 513)).toBe("0x8050100000201473");
    expect(count(tree).leaves).toEqual(
      new Map([
        [9, 511],
        [0, 512],
      ]),
    );
  });

  it("a software entry over many pages stays over those that are not written", () => {
    const tree = newTree("ept", 4);
    put(tree, tree.root, 1, 0x8050000000000000n);
    clear(tree, 2 ** 27 + 512, 9);
    expect(short(tree)).toEqual([
      [2 ** 27, 512, null, 9],
      [2 ** 27 + 1024, 2 ** 18 - 1024, null, 9],
      [2 ** 27 + 2 ** 18, 2 ** 27 - 2 ** 18, null, 18],
    ]);
  });
});

describe("tables", () => {
  it("of EPT start out with suppress-#VE alone in every slot (page-table-formats.md 1.7)", () => {
    const tree = newTree("ept", 4);
    const words = tree.memory.words(newTable(tree));
    expect(new Set(Array.from({ length: 512 }, (_, i) => hex64(words[2 * i]!, words[2 * i + 1]!)))).toEqual(
      new Set(["0x8000000000000000"]),
    );
  });

  it("under a leaf that replaces them are freed, at every level", () => {
    const tree = newTree("npt", 4);
    for (const frame of [0, 512, 2 ** 18 - 1]) setLeaf(tree, frame, 7, 0, RW);
    expect(tree.memory.allocated).toBe(6);
    setLeaf(tree, 0, 2 ** 18, 18, RW);
    expect(tree.memory.allocated).toBe(2);
  });

  it("are not made by clearing or splitting where nothing is", () => {
    const tree = newTree("vtd", 4);
    clear(tree, 2 ** 20, 0);
    split(tree, 2 ** 20, 0);
    expect(tree.memory.allocated).toBe(1);
  });

  it("that are empty go with prune, bottom up, and the root stays", () => {
    const tree = newTree("ept", 5);
    setLeaf(tree, 1000, 7, 0, RW);
    setLeaf(tree, 2 ** 40, 8, 0, RW);
    clear(tree, 1000, 0);
    expect(prune(tree)).toBe(4);
    expect(tablesOf(tree).size).toBe(5);
    clear(tree, 2 ** 40, 0);
    expect(prune(tree)).toBe(4);
    expect(tree.memory.allocated).toBe(1);
    expect(prune(tree)).toBe(0);
  });

  it("do not merge where rights, outputs or alignment differ in one entry", () => {
    const filled = (): WritableTree => {
      const tree = newTree("npt", 4);
      for (let i = 0; i < 512; i++) setLeaf(tree, i, 512 + i, 0, RW);
      return tree;
    };
    const mergedAfter = (change: (tree: WritableTree) => void): number => {
      const tree = filled();
      change(tree);
      return merge(tree);
    };
    expect(mergedAfter(() => undefined)).toBe(1);
    expect(mergedAfter((tree) => setLeaf(tree, 511, 1023, 0, { read: true }))).toBe(0);
    expect(mergedAfter((tree) => setLeaf(tree, 511, 1022, 0, RW))).toBe(0);
    expect(mergedAfter((tree) => clear(tree, 0, 0))).toBe(0);
    expect(
      mergedAfter((tree) => {
        for (let i = 0; i < 512; i++) setLeaf(tree, i, 513 + i, 0, RW);
      }),
    ).toBe(0);
  });
});

describe("errors", () => {
  const tree = newTree("ept", 4);
  it.each([
    ["a frame that is not aligned", () => setLeaf(tree, 1, 512, 9, RW), "frame 0x1 is not aligned to order 9"],
    ["an output that is not aligned", () => setLeaf(tree, 512, 1, 9, RW), "not aligned to order 9"],
    ["an order without encoding", () => setLeaf(tree, 0, 0, 1, RW), "order 1 has no encoding"],
    ["a frame beyond the tree", () => setLeaf(tree, 2 ** 36, 0, 0, RW), "beyond a tree of 4 levels"],
    ["an order beyond the tree", () => clear(tree, 0, 36), "beyond a tree of 4 levels"],
    [
      "a table that is not in memory",
      () => {
        const broken = newTree("ept", 4);
        put(broken, broken.root, 0, 0x123456007n);
        setLeaf(broken, 0, 0, 0, RW);
      },
      "frame 0x123456 is not allocated",
    ],
  ])("%s", (_, act, says) => {
    expect(act).toThrow(RangeError);
    expect(act).toThrow(says);
    expect(tree.memory.allocated).toBe(1);
  });
});
