import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffRuns, mapTheSame } from "../../src/inspect/diff-runs.ts";
import { newTable } from "../../src/radix/edit.ts";
import { setLeaf, split } from "../../src/radix/leaves.ts";
import { type Run, runs } from "../../src/radix/runs.ts";
import { newTree, put, RW, tablesOf, without } from "../radix/helpers.ts";

const run = (start: number, pages: number, maps: number | null, lo = 7): Run => ({
  start,
  pages,
  maps,
  order: 0,
  entries: pages,
  level: 1,
  lo,
  hi: 0,
});
const short = (left: Run[], right: Run[]) =>
  [...diffRuns(left, right)].map((gap) => [gap.start, gap.pages, gap.left?.maps ?? null, gap.right?.maps ?? null]);

describe("diffRuns", () => {
  it.each([
    ["nothing", [], [], []],
    ["equal runs", [run(4, 8, 100)], [run(4, 8, 100)], []],
    ["equal runs, cut in other places", [run(4, 8, 100)], [run(4, 3, 100), run(7, 5, 103)], []],
    ["one side only", [run(4, 8, 100)], [], [[4, 8, 100, null]]],
    ["the other side only", [], [run(4, 8, 100)], [[4, 8, null, 100]]],
    ["a hole on the right", [run(0, 10, 100)], [run(0, 3, 100), run(5, 5, 105)], [[3, 2, 103, null]]],
    [
      "another output in the middle",
      [run(0, 10, 100)],
      [run(0, 4, 100), run(4, 2, 7), run(6, 4, 106)],
      [[4, 2, 104, 7]],
    ],
    [
      "a shift by one",
      [run(0, 4, 100)],
      [run(1, 4, 101)],
      [
        [0, 1, 100, null],
        [4, 1, null, 104],
      ],
    ],
    ["other flags", [run(0, 4, 100, 3)], [run(0, 4, 100, 1)], [[0, 4, 100, 100]]],
    [
      "apart",
      [run(0, 2, 5)],
      [run(10, 2, 5)],
      [
        [0, 2, 5, null],
        [10, 2, null, 5],
      ],
    ],
  ] as [string, Run[], Run[], unknown[]][])("%s", (_, left, right, gaps) => {
    expect(short(left, right)).toEqual(gaps);
  });

  it("tells a mapping from an entry that maps nothing, and from frame 0", () => {
    expect([...diffRuns([run(0, 2, null)], [run(0, 2, 0)])]).toMatchObject([
      { start: 0, pages: 2, left: { maps: null }, right: { maps: 0 } },
    ]);
    expect([...diffRuns([run(0, 2, null)], [run(0, 2, null)])]).toEqual([]);
  });

  it("counts the entries of the part that it shows", () => {
    const large: Run = { ...run(0, 1024, 2048), order: 9, level: 2, entries: 2 };
    const small = run(500, 24, 2548);
    expect(
      [...diffRuns([large], [small])].map((gap) => [gap.start, gap.pages, gap.left?.entries, gap.right?.entries]),
    ).toEqual([
      [0, 500, 1, undefined],
      [500, 24, 2, 24],
      [524, 500, 1, undefined],
    ]);
  });

  it("agrees with a comparison page by page", () => {
    const pages = fc.array(fc.option(fc.tuple(fc.nat(2), fc.nat(1)), { freq: 2 }), { maxLength: 24 });
    const toRuns = (list: readonly ([number, number] | null)[]): Run[] =>
      list.flatMap((page, i) => (page ? [run(i, 1, 100 * page[0] + i, page[1])] : []));
    fc.assert(
      fc.property(pages, pages, (left, right) => {
        const wanted = new Set<number>();
        for (let i = 0; i < 24; i++) if (`${left[i] ?? null}` !== `${right[i] ?? null}`) wanted.add(i);
        const found = [...diffRuns(toRuns(left), toRuns(right))].flatMap((gap) =>
          Array.from({ length: gap.pages }, (_, i) => gap.start + i),
        );
        expect(found).toEqual([...wanted].sort((a, b) => a - b));
      }),
    );
  });

  it("is lazy", () => {
    let taken = 0;
    function* endless(): Generator<Run> {
      for (;;) yield run(taken++ * 10, 1, 5);
    }
    expect(diffRuns(endless(), []).next().value).toMatchObject({ start: 0 });
    expect(taken).toBeLessThan(3);
  });
});

describe("mapTheSame", () => {
  const tree = () => {
    const made = newTree("vtd", 4);
    setLeaf(made, 512, 1024, 9, RW);
    setLeaf(made, 3, 9, 0, RW);
    return made;
  };

  it("looks at mappings, not at tables, markers or absent entries", () => {
    const [left, right] = [tree(), tree()];
    const low = tablesOf(right).get(1)![0]!;
    put(right, low, 3, { lo: 0x9003, hi: 0x00500000 });
    put(right, low, 4, 0x00f0000000000000n);
    put(right, tablesOf(right).get(2)![0]!, 7, right.format.encodeTable(newTable(right), 1));
    expect(mapTheSame(left, right)).toBe(true);
    expect(mapTheSame(left, right, { raw: true })).toBe(false);
  });

  it("tells orders, outputs and rights apart", () => {
    const changed = (change: (made: ReturnType<typeof tree>) => void): boolean => {
      const right = tree();
      change(right);
      return mapTheSame(tree(), right);
    };
    expect(changed((right) => split(right, 512, 0))).toBe(false);
    expect(changed((right) => setLeaf(right, 3, 10, 0, RW))).toBe(false);
    expect(changed((right) => setLeaf(right, 3, 9, 0, { read: true }))).toBe(false);
    expect(changed((right) => setLeaf(right, 3, 9, 0, RW))).toBe(true);
  });

  it("says no where a table cannot be read", () => {
    const made = tree();
    const broken = { ...made, memory: without(made.memory, tablesOf(made).get(1)![0]!) };
    expect([...runs(broken)]).toHaveLength(1);
    expect(mapTheSame(broken, broken)).toBe(false);
  });
});
