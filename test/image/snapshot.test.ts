import { readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { makeSnapshot, type Snapshot, snapshotReader, snapshotTrees } from "../../src/image/snapshot.ts";
import { encodeFrame } from "../../src/image/snapshot-frame.ts";
import { compareTrees } from "../../src/inspect/compare.ts";
import { setLeaf } from "../../src/radix/leaves.ts";
import { newTree, put, RW, SHAPES, tablesOf, without } from "../radix/helpers.ts";

const through = (snapshot: Snapshot) => snapshotTrees(JSON.parse(JSON.stringify(snapshot)) as Snapshot);
const golden = (name: string): Pick<Snapshot, "roots" | "frames"> =>
  JSON.parse(gunzipSync(readFileSync(new URL(`../golden/${name}.json.gz`, import.meta.url))).toString("utf8"));

describe("a snapshot", () => {
  it("that is refused is told in one printable line", () => {
    const frames = (value: unknown) => ({ roots: [], frames: { "0x1": { "1": value } } }) as unknown as Snapshot;
    for (const value of ["\u009b2J", "0x\u007f", ["\u0085", "0x1"], { "\u001b": 1 }]) {
      expect(() => snapshotTrees(frames(value))).toThrow(/frame 0x1, entry "1": expected "0x/);
      expect(() => snapshotTrees(frames(value))).not.toThrow(/\p{Cc}/u);
    }
  });

  it.each(SHAPES)("of %s with %i levels comes back equal through JSON", (name, levels) => {
    const spot = fc.record({
      at: fc.nat(600),
      big: fc.nat(3),
      write: fc.boolean(),
      junk: fc.bigInt(0n, 2n ** 64n - 1n),
    });
    fc.assert(
      fc.property(fc.array(spot, { maxLength: 30 }), (spots) => {
        const tree = newTree(name, levels);
        for (const { at, big, write, junk } of spots) {
          const frame = at + (levels > 2 ? big * 2 ** 26 : 0);
          setLeaf(tree, frame % 2 ** (9 * levels), frame * 3, 0, { read: true, write });
          // Whatever is not present is kept as it is: bits 2:0 clear in all formats.
          put(tree, tablesOf(tree).get(1)![0]!, junk === 0n ? 0 : Number(junk % 512n), junk & ~7n);
        }
        const [back] = through(makeSnapshot({ of: "test" }, [{ domain: 7, what: "p2m", tree }]));
        expect(back).toMatchObject({ domain: 7, what: "p2m", format: name, levels });
        const { differences, compared } = compareTrees(tree, back!.tree);
        expect(differences).toEqual([]);
        const tables = [...tablesOf(tree).values()].flat().length;
        expect(compared).toBe(tables * 512 - (levels === 6 ? 384 : 0));
      }),
      { numRuns: 8 },
    );
  });

  it.each(["ept_s3_417", "s3_deb417_iommu", "v_s4_417_iommu", "fic_4.12_noassign"])(
    "that real Xen's tables were recorded in (%s) is written again as it was",
    (name) => {
      const recorded = golden(name);
      const trees = snapshotTrees(recorded);
      const again = makeSnapshot({}, trees);
      expect(again.roots.map(({ root, levels, format }) => [root, levels, format])).toEqual(
        recorded.roots.map(({ root, levels, format }) => [root, levels, format]),
      );
      expect(Object.keys(again.frames).length).toBeGreaterThan(3);
      const reader = snapshotReader(recorded.frames);
      const written = snapshotReader(again.frames);
      for (const mfn of Object.keys(again.frames)) {
        const frame = Number(mfn) as Mfn;
        const words = reader.frame(frame)!;
        expect(
          written.frame(frame)!.every((word, i) => word === words[i]),
          mfn,
        ).toBe(true);
      }
      for (const [i, { tree }] of through(again).entries()) {
        expect(compareTrees(trees[i]!.tree, tree).differences).toEqual([]);
      }
    },
  );

  it("holds a table once that two entries or two trees share, and a cycle ends", () => {
    const tree = newTree("npt", 4);
    setLeaf(tree, 0, 7, 0, RW);
    put(tree, tree.root, 5, { lo: tree.memory.words(tree.root)[0]!, hi: 0 });
    put(tree, tree.root, 9, tree.format.encodeTable(tree.root, 3));
    const snapshot = makeSnapshot({}, [
      { domain: 1, what: "p2m", tree },
      { domain: 1, what: "iommu", tree },
    ]);
    expect(Object.keys(snapshot.frames)).toHaveLength(4);
    for (const back of through(snapshot)) expect(compareTrees(tree, back.tree).differences).toEqual([]);
  });

  it("holds what lies below a frame at each level that it is reached at", () => {
    const tree = newTree("npt", 4);
    setLeaf(tree, 0, 7, 0, RW);
    const [leafTable, middle] = [tablesOf(tree).get(1)![0]!, tablesOf(tree).get(2)![0]!];
    // `middle` stands at level 1 first, where its entries are leaves, and then at level 2.
    put(tree, middle, 0, 0n);
    const upper = tablesOf(tree).get(3)![0]!;
    put(tree, tree.root, 0, tree.format.encodeTable(upper, 3));
    put(tree, upper, 0, tree.format.encodeTable(middle, 2));
    put(tree, middle, 0, tree.format.encodeTable(middle, 1));
    put(tree, middle, 1, tree.format.encodeTable(leafTable, 1));
    const [back] = through(makeSnapshot({}, [{ domain: 1, what: "p2m", tree }]));
    expect(compareTrees(tree, back!.tree).differences).toEqual([]);
  });

  it("leaves out a table that the memory lacks", () => {
    const tree = newTree("ept", 4);
    setLeaf(tree, 0, 7, 0, RW);
    const gone = tablesOf(tree).get(1)![0]!;
    const snapshot = makeSnapshot({}, [
      { domain: 1, what: "p2m", tree: { ...tree, memory: without(tree.memory, gone) } },
    ]);
    expect(Object.keys(snapshot.frames)).toHaveLength(3);
    expect(snapshotReader(snapshot.frames).frame(gone)).toBeUndefined();
  });
});

describe("a frame", () => {
  const frame = (...values: bigint[]): Uint32Array => {
    const words = new Uint32Array(1024);
    values.forEach((value, i) => {
      words[2 * i] = Number(value & 0xffffffffn);
      words[2 * i + 1] = Number(value >> 32n);
    });
    return words;
  };

  it("folds four entries and more that are evenly apart, upwards, downwards and over the 32-bit halves", () => {
    expect(encodeFrame(frame(9n, 0xfffff003n, 0x100000003n, 0x100001003n, 0x100002003n, 5n))).toEqual({
      "0": "0x0000000000000009",
      "1-4": ["0xfffff003", "0x1000"],
      "5": "0x0000000000000005",
    });
    expect(encodeFrame(frame(0x4007n, 0x3007n, 0x2007n, 0x1007n, 9n))).toEqual({
      "0-3": ["0x4007", "-0x1000"],
      "4": "0x0000000000000009",
    });
    expect(encodeFrame(frame(1n, 2n, 3n))).toMatchObject({ "0": "0x0000000000000001", "2": "0x0000000000000003" });
    expect(encodeFrame(new Uint32Array(1024))).toEqual({});
  });

  it("comes back word for word, steps modulo 2^64 included", () => {
    const value = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.constantFrom(0n, 2n ** 63n, 2n ** 64n - 1n));
    const run = fc.tuple(value, value, fc.integer({ min: 1, max: 9 }));
    fc.assert(
      fc.property(fc.array(run, { maxLength: 40 }), (runs) => {
        const values = runs.flatMap(([first, step, n]) =>
          Array.from({ length: n }, (_, i) => (first + BigInt(i) * step) & (2n ** 64n - 1n)),
        );
        const words = frame(...values.slice(0, 512));
        expect(snapshotReader({ "0x1": encodeFrame(words) }).frame(1 as Mfn)).toEqual(words);
      }),
    );
  });

  it("takes a negative step", () => {
    const words = snapshotReader({ "0x1": { "510-511": ["0x100000003", "-0x1000"] } }).frame(1 as Mfn)!;
    expect([...words.subarray(1020)]).toEqual([3, 1, 0xfffff003, 0]);
  });
});

describe("what is no snapshot is refused, with the place", () => {
  const reading = (frames: string) => () => snapshotReader(JSON.parse(frames) as Snapshot["frames"]);
  it.each([
    ['{"0x1":{"0":"0xzz"}}', 'frame 0x1, entry "0": expected "0x…" of at most 16 digits, found "0xzz"'],
    ['{"0x1":{"0":"12"}}', 'found "12"'],
    ['{"0x1":{"0":"-0x1"}}', 'found "-0x1"'],
    ['{"0x1":{"0":"0x12345678123456789"}}', "at most 16 digits"],
    ['{"0x1":{"0":7}}', "found 7"],
    ['{"0x1":{"0":["0x1","0x1"]}}', 'frame 0x1, entry "0"'],
    ['{"0x1":{"512":"0x1"}}', 'frame 0x1, entry "512": expected an index from 0 to 511'],
    ['{"0x1":{"3-":["0x1","0x1"]}}', 'entry "3-": expected an index'],
    ['{"0x1":{"3-2":["0x1","0x1"]}}', 'entry "3-2": expected an index'],
    ['{"0x1":{"0-512":["0x1","0x1"]}}', 'entry "0-512": expected an index'],
    ['{"0x1":{"0-99999999999":["0x1","0x1"]}}', "expected an index"],
    ['{"0x1":{"1e1":"0x1"}}', "expected an index"],
    ['{"0x1":{"__proto__":"0x1"}}', 'entry "__proto__"'],
    ['{"0x1":{"0-3":"0x1"}}', 'entry "0-3": expected ["0xfirst", "0xstep"], found "0x1"'],
    ['{"0x1":{"0-3":["0x1"]}}', 'expected ["0xfirst", "0xstep"]'],
    ['{"0x1":{"0-3":["0x1","0x"]}}', 'expected "0x…" or "-0x…"'],
    ['{"0x1":{"2":"0x1","0-3":["0x1","0x1"]}}', 'entry "0-3": given twice'],
    ['{"0x1":7}', "frame 0x1: expected an object of entries, found 7"],
    ['{"0x1":null}', "frame 0x1: expected an object of entries"],
    ['{"1":{}}', 'frames: expected "0x…" below 2^52, found "1"'],
    ['{"0x10000000000000":{}}', "frames: expected"],
    ['{"__proto__":{}}', 'found "__proto__"'],
    ['{"0xa":{},"0x0A":{}}', "frame 0xa: given twice"],
    ["[]", "frames: expected an object"],
    ["null", "frames: expected an object"],
  ])("%s", (frames, says) => {
    expect(reading(frames)).toThrow(SyntaxError);
    expect(reading(frames)).toThrow(says);
  });

  const root = { domain: 1, what: "p2m", format: "ept", root: "0x1000", levels: 4 };
  it.each([
    [
      "a format that is none",
      { ...root, format: "constructor" },
      "roots[0]: expected a format of ept, npt, vtd or amdvi",
    ],
    ["levels that the format has not", { ...root, levels: 3 }, "roots[0]: ept has 4 to 5 levels"],
    ["levels that are no number", { ...root, levels: "4" }, "roots[0]: ept has 4 to 5 levels"],
    ["a root inside a page", { ...root, root: "0x1008" }, "roots[0]: root 0x1008 is not a multiple of 0x1000"],
    ["a root that is no address", { ...root, root: 4096 }, "roots[0]: root: expected"],
    ["no root", null, "roots[0]: expected a format"],
  ])("%s", (_, bad, says) => {
    const reading = () => snapshotTrees({ roots: [bad], frames: {} } as unknown as Snapshot);
    expect(reading).toThrow(SyntaxError);
    expect(reading).toThrow(says);
  });

  it("more frames than it would have memory for", () => {
    const frames = Object.fromEntries(Array.from({ length: 2 ** 18 + 1 }, (_, i) => [`0x${i.toString(16)}`, {}]));
    expect(() => snapshotReader(frames)).toThrow(
      new SyntaxError("frames: more than 262144; take fewer trees at a time"),
    );
  });
});
