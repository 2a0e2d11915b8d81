import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { frameAtPlace, overviewOf, placeIn, windowIn } from "../../web/map/overview.ts";
import type { Region, Space } from "../../web/protocol.ts";
import { planDots } from "../../web/timeline/dots.ts";
import { columnsOf, disagreementsOf } from "../../web/worker/columns.ts";

const region = (kind: Region["kind"], start: number, pages: number): Region => ({
  kind,
  start,
  pages,
  label: "",
  says: "",
});
const spaceOf = (regions: readonly Region[]): Space => ({
  name: "",
  regions,
  p2m: null,
  iommu: null,
  entersRam: false,
  shared: false,
  disagreements: disagreementsOf([], []),
});

describe("dots", () => {
  test("there is one for each call where they fit, at the largest size that fits; each box holds all", () => {
    expect(planDots(258, 1200, 128)).toEqual({ pitch: 8, rows: 16, columns: 150, perDot: 1 });
    expect(planDots(131_264, 1200, 128)).toMatchObject({ pitch: 1, perDot: 1 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10 ** 7 }), fc.integer({ min: 1, max: 4000 }), (calls, width) => {
        const { pitch, rows, columns, perDot } = planDots(calls, width, 128);
        expect(rows * columns * perDot).toBeGreaterThanOrEqual(calls);
        expect(columns * pitch).toBeLessThanOrEqual(width);
        expect(rows * pitch).toBeLessThanOrEqual(128);
      }),
    );
  });
});

describe("the overview", () => {
  const space = spaceOf([
    region("ram", 0, 0xf0000),
    region("hole", 0xf0000, 0x10000),
    region("bar", 0xf2000, 0x1000),
    region("ram", 0x100000, 0x700000),
    region("bar", 0x1000000, 0x800000),
  ]);

  test("shows small BARs beside large ones, gaps between them, and fills its width", () => {
    const parts = overviewOf(space);
    expect(parts.map(({ kind }) => kind)).toEqual(["ram", "gap", "mapped", "gap", "ram", "gap", "mapped"]);
    expect(parts.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(1);
    expect(Math.min(...parts.map(({ width }) => width))).toBeGreaterThan(0.01);
  });

  test("places and frames are each other's inverse, and the whole view is the whole width", () => {
    const parts = overviewOf(space);
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 0x17fffff }), (frame) => {
        expect(frameAtPlace(parts, placeIn(parts, frame))).toBeCloseTo(frame, 3);
      }),
    );
    expect(windowIn(parts, { from: 0, pages: 0x1800000 }).width).toBeCloseTo(1);
  });

  test("is nothing where there is nothing, and bounded where there is much", () => {
    expect(overviewOf(spaceOf([]))).toEqual([]);
    const runs = Array.from({ length: 3000 }, (_, i) => ({
      start: 1000 * i,
      pages: 3,
      maps: i,
      entries: 3,
      order: 0,
      words: { access: "r--", type: null, memoryType: null },
    }));
    const tree = {
      id: 0,
      format: "",
      title: "",
      levels: 4,
      root: null,
      problems: [],
      walkable: true,
      runs: columnsOf(runs),
    };
    expect(overviewOf({ ...spaceOf([]), p2m: tree }).length).toBeLessThan(140);
  });
});
