import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Gfn } from "../src/address.ts";
import { FrameSet } from "../src/ranges.ts";

const SPACE = 40;
const range = fc.tuple(fc.nat(SPACE - 1), fc.nat(8));
const edits = fc.array(fc.tuple(fc.boolean(), range), { maxLength: 12 });

/** Both sets after the same edits. */
function build(list: readonly (readonly [boolean, readonly [number, number]])[]): [FrameSet<Gfn>, Set<number>] {
  let set = FrameSet.empty<Gfn>();
  const naive = new Set<number>();
  for (const [add, [start, pages]] of list) {
    set = add ? set.add(start, pages) : set.remove(start, pages);
    for (let frame = start; frame < start + pages; frame++) add ? naive.add(frame) : naive.delete(frame);
  }
  return [set, naive];
}

describe("FrameSet", () => {
  it("answers as a plain set of frames does", () => {
    fc.assert(
      fc.property(edits, range, (list, [start, pages]) => {
        const [set, naive] = build(list);
        const asked = Array.from({ length: pages }, (_, i) => start + i);
        const inside = asked.filter((frame) => naive.has(frame)).length;
        expect(set.pages).toBe(naive.size);
        expect(set.isEmpty).toBe(naive.size === 0);
        for (let frame = 0; frame < SPACE + 10; frame++) expect(set.has(frame)).toBe(naive.has(frame));
        expect(set.countIn(start, pages)).toBe(inside);
        expect(set.overlaps(start, pages)).toBe(inside > 0);
        expect(set.contains(start, pages)).toBe(inside === pages);
        expect(set.nextFrom(start)).toBe(Math.min(...[...naive].filter((frame) => frame >= start)));
      }),
    );
  });

  it("keeps its ranges ascending, apart and not empty", () => {
    fc.assert(
      fc.property(edits, (list) => {
        let end = -1;
        for (const { start, end: next } of build(list)[0].ranges) {
          expect(start).toBeGreaterThan(end);
          expect(next).toBeGreaterThan(start);
          end = next;
        }
      }),
    );
  });

  it("is the same whether made at once or range by range", () => {
    fc.assert(
      fc.property(fc.array(range), (list) => {
        const added = list.reduce((set, [start, pages]) => set.add(start, pages), FrameSet.empty<Gfn>());
        const made = FrameSet.of<Gfn>(...list.map(([start, pages]) => ({ start, end: start + pages })));
        expect(made.ranges).toEqual(added.ranges);
      }),
    );
  });

  it("leaves the set that it is asked to change as it was", () => {
    const set = FrameSet.of<Gfn>({ start: 10, end: 20 });
    set.add(20, 5);
    set.remove(12, 2);
    expect(set.ranges).toEqual([{ start: 10, end: 20 }]);
    expect(set.add(20, 5).ranges).toEqual([{ start: 10, end: 25 }]);
    expect(set.remove(12, 2).ranges).toEqual([
      { start: 10, end: 12 },
      { start: 14, end: 20 },
    ]);
  });

  it("is exact at frames that 32 bits cannot hold", () => {
    const set = FrameSet.of<Gfn>({ start: 2 ** 40 - 2, end: 2 ** 40 });
    expect([2 ** 40 - 3, 2 ** 40 - 2, 2 ** 40 - 1, 2 ** 40].map((frame) => set.has(frame))).toEqual([
      false,
      true,
      true,
      false,
    ]);
    expect(set.nextFrom(2 ** 40)).toBe(Number.POSITIVE_INFINITY);
  });
});
