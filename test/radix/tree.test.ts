import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { EMPTY, FORMATS, LEAF, TABLE } from "../../src/format/index.ts";
import { newTable } from "../../src/radix/edit.ts";
import { setLeaf } from "../../src/radix/leaves.ts";
import { indexAt, newPosition, seek, slotOfIndex, translate, walk, widthOf } from "../../src/radix/tree.ts";
import { newTree, put, RW, SHAPES, without } from "./helpers.ts";

describe("indexAt", () => {
  it.each([
    [2 ** 31, 4, 16],
    [2 ** 31 + 511, 1, 511],
    [2 ** 32 - 1, 3, 511],
    [2 ** 32, 3, 0],
    [2 ** 32, 4, 32],
    [2 ** 36, 4, 0],
    [2 ** 36, 5, 1],
    [2 ** 40 - 1, 1, 511],
    [2 ** 40 - 1, 4, 511],
    [2 ** 40 - 1, 5, 15],
    [2 ** 52 - 1, 6, 127],
  ])("frame %i at level %i is entry %i", (frame, level, index) => {
    expect(indexAt(frame, level)).toBe(index);
  });

  it("takes nine bits of the frame number a level", () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), fc.integer({ min: 1, max: 6 }), (any, level) => {
        const frame = any % 2 ** 52;
        expect(indexAt(frame, level)).toBe(Number((BigInt(frame) >> BigInt(9 * (level - 1))) & 511n));
      }),
    );
  });
});

it("knows how wide a tree is: 12 + 9 a level, and 64 bits for AMD-Vi's six levels (page-table-formats.md 4.2)", () => {
  expect(Math.log2(widthOf(FORMATS.ept, 4))).toBe(48 - 12);
  expect(Math.log2(widthOf(FORMATS.vtd, 3))).toBe(39 - 12);
  expect(Math.log2(widthOf(FORMATS.amdvi, 5))).toBe(57 - 12);
  expect(Math.log2(widthOf(FORMATS.amdvi, 6))).toBe(64 - 12);
});

describe("AMD-Vi level skipping (page-table-formats.md 4.4)", () => {
  /** Level 4, whose entry 5 points straight to a level 1 table with a leaf in entry 7. */
  const skipping = () => {
    const tree = newTree("amdvi", 4);
    const low = newTable(tree);
    put(tree, tree.root, 5, tree.format.encodeTable(low, 1));
    put(tree, low, 7, tree.format.encodeLeaf(0x1234, 0, RW));
    return tree;
  };
  const base = 5 * 2 ** 27;

  it("is followed where the skipped bits are zero", () => {
    expect(translate(skipping(), base + 7)).toMatchObject({ frame: 0x1234, level: 1, order: 0 });
  });

  it.each([512, 2 ** 18, 2 ** 27 - 512])("ends the walk where skipped bits are set (frame + %i)", (skipped) => {
    const tree = skipping();
    const at = newPosition();
    expect(translate(tree, base + skipped + 7)).toBeNull();
    expect(walk(tree, base + skipped + 7, 1, at)).toBe(false);
    expect(at).toMatchObject({ level: 4, index: 5, kind: TABLE });
  });

  it("walks past the level asked for when the entry skips it", () => {
    const at = newPosition();
    expect(walk(skipping(), base + 7, 2, at)).toBe(true);
    expect(at).toMatchObject({ level: 1, kind: LEAF });
    expect(slotOfIndex(at.index)).toBe(7);
  });
});

describe("seek", () => {
  it.each(SHAPES)("finds the places that walk finds, or says that it does not know (%s, %i levels)", (name, levels) => {
    const tree = newTree(name, levels);
    const at = newPosition();
    const last = widthOf(tree.format, levels) - 1;
    const frames = [0, 5, 511, 512, 2 ** 18 + 3, 2 ** 27 + 2 ** 20, 2 ** 31, 2 ** 32 - 1, 2 ** 36 + 1, last];
    let found = 0;
    for (const mapped of frames.filter((frame) => frame <= last)) {
      setLeaf(tree, mapped, 0x1000, 0, RW);
      for (const frame of frames.filter((frame) => frame <= last))
        for (let stop = 1; stop <= levels; stop++) {
          const place = seek(tree, frame, stop);
          walk(tree, frame, stop, at);
          if (place < 0) expect(at.level).toBeGreaterThan(stop);
          else expect([at.level, at.index]).toEqual([stop, place]);
          if (place >= 0) found++;
        }
    }
    expect(found).toBeGreaterThan(0);
  });

  it("reads nothing from a table on the way that only stands as a description, or is freed", () => {
    const tree = newTree("npt", 4);
    setLeaf(tree, 2 ** 18 + 7, 0x1000, 0, RW);
    setLeaf(tree, 7, 0x2000, 0, RW);
    const at = newPosition();
    walk(tree, 2 ** 18, 3, at);
    const table = tree.format.frameOf(at.lo, at.hi, 3) as Mfn;
    expect(seek(tree, 2 ** 18 + 7, 1)).toBeGreaterThan(0);
    // What the table held until now leads to another table, which is still there.
    tree.memory.describe(table, {
      allocates: 0,
      fill: (arena, first) => void arena.fill(0, 2 * first, 2 * first + 1024),
    });
    expect(seek(tree, 2 ** 18 + 7, 1)).toBe(-1);
    walk(tree, 2 ** 18 + 7, 1, at);
    expect(at).toMatchObject({ level: 2, kind: EMPTY });
  });

  it("knows no tree whose root is not the model's", () => {
    const tree = newTree("npt", 4);
    setLeaf(tree, 7, 0x2000, 0, RW);
    for (const root of [1, 2 ** 31, tree.root + 2 ** 23, tree.root + 2 ** 32])
      expect(seek({ ...tree, root: root as Mfn }, 7, 1)).toBe(-1);
  });
});

describe("walk", () => {
  const tree = newTree("ept", 4);
  setLeaf(tree, 2 ** 35 + 3, 2 ** 40 - 1, 0, RW);

  it("stops at the level asked for", () => {
    const at = newPosition();
    expect(walk(tree, 2 ** 35 + 3, 2, at)).toBe(true);
    expect(at).toMatchObject({ level: 2, index: tree.memory.locate((tree.root + 2) as Mfn), kind: TABLE });
    expect(tree.format.frameOf(at.lo, at.hi, 2)).toBe(tree.root + 3);
  });

  it("does the same in memory that hands its frames out one by one, with slots for places", () => {
    const [here, there] = [newPosition(), newPosition()];
    const oneByOne = { ...tree, memory: without(tree.memory) };
    for (const frame of [0, 2 ** 35 + 3, 2 ** 35 + 2 ** 9, 2 ** 36 - 1])
      for (let stop = 1; stop <= 4; stop++) {
        expect(walk(oneByOne, frame, stop, there)).toBe(walk(tree, frame, stop, here));
        expect(there).toEqual({ ...here, index: here.index & 511 });
      }
  });

  it("tells how far it came when a table is missing", () => {
    const at = newPosition();
    const broken = { ...tree, memory: without(tree.memory, tree.root + 2) };
    expect(walk(broken, 2 ** 35 + 3, 1, at)).toBe(false);
    expect(at).toMatchObject({ level: 3, index: indexAt(2 ** 35, 3), kind: TABLE });
    expect(translate(broken, 2 ** 35 + 3)).toBeNull();
  });

  it("holds no entry when the root is missing, even in a position used before", () => {
    const at = newPosition();
    walk(tree, 0, 1, at);
    expect(walk({ ...tree, root: 1 as Mfn }, 0, 1, at)).toBe(false);
    expect(at.level).toBe(0);
  });

  it("translates nothing beyond the tree's width", () => {
    expect(translate(tree, 2 ** 35 + 3)).toMatchObject({ frame: 2 ** 40 - 1 });
    expect(translate(tree, 2 ** 36 + 2 ** 35 + 3)).toBeNull();
  });
});
