import { describe, expect, it } from "vitest";
import { differs, diffSides, sideOfDump, sideOfTree } from "../../src/inspect/diff.ts";
import { readTextDumps } from "../../src/inspect/text/read.ts";
import { walkTables } from "../../src/inspect/why.ts";
import { change, eptMmio, iommu, p2m, tree } from "./audit/build.ts";

const ept = (mfn = 0xa3e00) =>
  sideOfTree(
    p2m(
      tree("ept", [
        [0, mfn, 9],
        [0xf0000, 0xfd1c0, 0, eptMmio],
      ]),
      5,
    ),
  );
const DUMP = `domain5 EPT p2m table:
gfn:             0 order:  9 mfn:        a3e00 rwx WB 
gfn:         f0000 order:  0 mfn:        fd1c0 rwx UC 
`;
const dumps = (text: string) => readTextDumps(text).dumps.map(sideOfDump);

describe("a diff", () => {
  it("of tables with themselves is empty", () => {
    const document = diffSides([ept()], [ept()]);
    expect(document).toMatchObject({ physmap: 1, kind: "diff", pairs: [{ differences: 0, ranges: [] }], notes: [] });
    expect(differs(document)).toBe(false);
  });

  it("pairs by domain, or else by where the root is: what is found in an image has no number", () => {
    const at = (base: number, mfn: number) => tree("ept", [[0, mfn, 9]], base);
    const [first, second, third] = [at(0x1000, 0x40000), at(0x2000, 0x50000), at(0x3000, 0x60000)];
    const found = (of: typeof first, group: number) =>
      sideOfTree({ name: `ept at ${of.root}`, domain: null, what: "p2m", tree: of, group });
    const known = (of: typeof first, domain: number) => sideOfTree(p2m(of, domain));
    const { pairs, only } = diffSides(
      [found(second, 0), found(first, 1), known(third, 3)],
      [known(at(0x9000, 0x60000), 3), known(first, 1), known(second, 2)],
    );
    expect(pairs.map(({ right, differences }) => [right, differences])).toEqual([
      ["d2 p2m", 0],
      ["d1 p2m", 0],
      ["d3 p2m", 0],
    ]);
    expect(only).toEqual({ left: [], right: [] });
    expect(diffSides([found(second, 0), found(first, 1)], [found(first, 0), found(second, 1)]).pairs).toMatchObject([
      { differences: 0 },
      { differences: 0 },
    ]);
  });

  it("names ranges that differ, in bytes, with both sides", () => {
    const document = diffSides([ept()], [ept(0xa4000)]);
    expect(document.pairs).toMatchObject([
      {
        left: "d5 p2m",
        right: "d5 p2m",
        differences: 1,
        ranges: [
          { start: "0x0", end: "0x1fffff", left: { maps: "0xa3e00000", order: 9 }, right: { maps: "0xa4000000" } },
        ],
      },
    ]);
    expect(differs(document)).toBe(true);
  });

  it("of a text dump and tables compares what the dump prints", () => {
    expect(diffSides(dumps(DUMP), [ept()]).pairs).toMatchObject([{ differences: 0 }]);
    expect(diffSides([ept()], dumps(DUMP.replace("rwx UC", "rw  UC"))).pairs).toMatchObject([
      {
        differences: 1,
        ranges: [{ start: "0xf0000000", left: { access: "rwx" }, right: { access: "rw-", flags: null } }],
      },
    ]);
    // What software keeps in entries that are not present is no part of a dump.
    const kept = sideOfTree(
      p2m(
        change(
          tree("ept", [
            [0, 0xa3e00, 9],
            [0xf0000, 0xfd1c0, 0, eptMmio],
          ]),
          0xf0001,
          () => 0x8010000000000000n,
        ),
        5,
      ),
    );
    expect(diffSides(dumps(DUMP), [kept]).pairs).toMatchObject([{ differences: 0 }]);
  });

  it("of two formats compares frames, sizes and the rights that both have", () => {
    const vtd = (order: number) => sideOfTree(iommu(tree("vtd", [[0, 0xa3e00, order]]), 5));
    const npt = sideOfTree(p2m(tree("npt", [[0, 0xa3e00, 9]]), 5));
    expect(diffSides([npt], [vtd(9)]).pairs).toMatchObject([{ differences: 0 }]);
    expect(diffSides([npt], [vtd(0)]).pairs[0]!.differences).toBe(2);
  });

  it("compares numbers of leaves with KVM's counters", () => {
    const text = (n: number) => `/sys/kernel/debug/kvm/pages_2m:${n}\n/sys/kernel/debug/kvm/pages_4k:1\n`;
    expect(diffSides(dumps(text(1)), [ept()]).pairs).toMatchObject([{ differences: 0 }]);
    expect(diffSides(dumps(text(2)), [ept()]).pairs).toMatchObject([
      { differences: 1, leaves: { left: { "2m": 2 }, right: { "2m": 1, "4k": 1 } } },
    ]);
  });

  it("pairs by domain and kind, and names what has no counterpart", () => {
    const vtd = sideOfTree(iommu(tree("vtd", []), 5));
    const other = sideOfTree(p2m(tree("ept", []), 6));
    const document = diffSides([ept(), vtd], [vtd, ept(), other]);
    expect(document.pairs.map(({ left, right }) => [left, right])).toEqual([
      ["d5 p2m", "d5 p2m"],
      ["d5 iommu", "d5 iommu"],
    ]);
    expect(document.only).toEqual({ left: [], right: ["d6 p2m"] });
    expect(differs(document)).toBe(true);
  });
});

describe("the walk of a frame", () => {
  it("shows every level's entry, decoded, and what a dump tells", () => {
    const made = tree("ept", [[0, 0xa3e00, 9]]);
    const { dumps: told } = readTextDumps(DUMP);
    const document = walkTables(0x12, [p2m(made, 5)], told);
    expect(document).toMatchObject({ kind: "walk", gfn: "0x12", address: "0x12000" });
    const [walk] = document.trees;
    expect(walk!.steps.map(({ level, kind }) => [level, kind])).toEqual([
      [4, "table"],
      [3, "table"],
      [2, "leaf"],
    ]);
    expect(walk).toMatchObject({ name: "d5 p2m", maps: "0xa3e12000", order: 9 });
    expect(walk!.steps[2]!.fields.find(({ name }) => name === "EMT")).toMatchObject({ bits: "5:3", value: "6" });
    expect(document.dumps).toMatchObject([{ maps: "0xa3e12000", order: 9, access: "rwx", memoryType: "WB" }]);
    expect(walkTables(0x999999, [p2m(made, 5)], told).dumps).toMatchObject([{ maps: null, order: null }]);
  });

  it("names reserved bits of the entry where it ends", () => {
    const made = change(tree("ept", [[5, 0x40005, 0]]), 5, () => 0x000000001234503fn, 2);
    const [walk] = walkTables(5, [p2m(made)], []).trees;
    expect(walk!.steps.at(-1)!.faults).toEqual([expect.objectContaining({ code: "recalculation-mark" })]);
  });
});
