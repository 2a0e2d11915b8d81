import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { runAt, stretches } from "../../web/map/strip.ts";
import { columnsOf, type DrawnRun, disagreementsOf } from "../../web/worker/columns.ts";

const words = { access: "rw-", type: null, memoryType: null };
const run = (start: number, pages: number, maps: number | null = start): DrawnRun => ({
  start,
  pages,
  maps,
  entries: pages,
  order: 0,
  words,
});

/** Ascending runs without overlap. */
const anyRuns = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 1000 }), fc.integer({ min: 1, max: 5000 })), { maxLength: 300 })
  .map((list) => {
    let at = 0;
    return list.map(([gap, pages]) => {
      const made = run(at + gap, pages, 1_000_000 + at);
      at += gap + pages;
      return made;
    });
  });

describe("a lane's stretches", () => {
  test("cover every run in view that is a pixel wide, and are never more than two a pixel", () => {
    fc.assert(
      fc.property(
        anyRuns,
        fc.integer({ min: 0, max: 500_000 }),
        fc.integer({ min: 1, max: 2_000_000 }),
        (list, from, pages) => {
          const width = 300;
          const view = { from, pages };
          const drawn = stretches(columnsOf(list), view, width);
          expect(drawn.length).toBeLessThanOrEqual(2 * width + 2);
          const shown = new Set(drawn.map((each) => each.run));
          for (const [i, each] of list.entries()) {
            const visible = Math.min(each.start + each.pages, from + pages) - Math.max(each.start, from);
            if (visible >= (2 * pages) / width) expect(shown.has(i)).toBe(true);
            if (visible <= 0) expect(shown.has(i)).toBe(false);
          }
        },
      ),
    );
  });

  test("a million runs cost what the screen is wide", () => {
    const count = 2 ** 20;
    const columns = {
      count,
      start: Float64Array.from({ length: count }, (_, i) => 2 * i),
      pages: new Float64Array(count).fill(1),
    };
    expect(stretches(columns, { from: 0, pages: 2 * count }, 1000).length).toBeLessThanOrEqual(2002);
    expect(stretches(columns, { from: 5000, pages: 20 }, 1000).length).toBe(10);
  });

  test("the run of a frame is found, and none where there is none", () => {
    const columns = columnsOf([run(10, 5), run(20, 1)]);
    expect([9, 10, 14, 15, 20, 21].map((frame) => runAt(columns, frame))).toEqual([-1, 0, 0, -1, 1, -1]);
  });
});

describe("disagreements", () => {
  test("are told by kind: only one maps it, or both lead elsewhere", () => {
    const { count, start, pages, kind } = disagreementsOf(
      [run(0, 10, 100), run(20, 10, 500), run(40, 4, null)],
      [run(0, 10, 100), run(22, 10, 502), run(50, 2, 7)],
    );
    expect(Array.from({ length: count }, (_, i) => [start[i], pages[i], kind[i]])).toEqual([
      [20, 2, 0],
      [30, 2, 1],
      [50, 2, 1],
    ]);
    const elsewhere = disagreementsOf([run(0, 10, 100)], [run(0, 10, 101)]);
    expect([elsewhere.start[0], elsewhere.pages[0], elsewhere.kind[0]]).toEqual([0, 10, 2]);
  });
});
