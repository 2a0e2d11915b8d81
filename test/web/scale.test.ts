import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  addressText,
  clampView,
  frameAt,
  LEAST_PAGES,
  MOST_PAGES,
  panBy,
  showing,
  ticks,
  viewOf,
  xOf,
  zoomAbout,
} from "../../web/map/scale.ts";

const anyView = fc
  .record({
    from: fc.double({ min: 0, max: MOST_PAGES, noNaN: true }),
    pages: fc.double({ min: 1, max: MOST_PAGES, noNaN: true }),
  })
  .map(clampView);

describe("the map's scale", () => {
  test("a view stays inside 2^48 bytes and never shows less than a page, however it is moved and zoomed", () => {
    fc.assert(
      fc.property(
        anyView,
        fc.double({ min: 1e-9, max: 1e9, noNaN: true }),
        fc.double({ min: -5, max: 5, noNaN: true }),
        (view, factor, part) => {
          for (const { from, pages } of [zoomAbout(view, factor, view.from + view.pages / 3), panBy(view, part)]) {
            expect(from).toBeGreaterThanOrEqual(0);
            expect(pages).toBeGreaterThanOrEqual(LEAST_PAGES);
            expect(from + pages).toBeLessThanOrEqual(MOST_PAGES + 1e-3);
          }
        },
      ),
    );
  });

  test("what is zoomed about stays where it is", () => {
    const view = { from: 0x1000000, pages: 0x800000 };
    const about = 0x1234567;
    const closer = zoomAbout(view, 1 / 16, about);
    expect(xOf(about, closer, 1200)).toBeCloseTo(xOf(about, view, 1200), 6);
    expect(closer.pages).toBe(0x80000);
  });

  test("pixels and frames are each other's inverse", () => {
    fc.assert(
      fc.property(anyView, fc.integer({ min: 0, max: 4000 }), (view, x) => {
        expect(xOf(frameAt(x, view, 4000), view, 4000)).toBeCloseTo(x, 1);
      }),
    );
  });

  test("marks stand at multiples of a power of two, far enough apart, named by address", () => {
    expect(ticks({ from: 0, pages: 8 }, 1200)).toEqual(
      Array.from({ length: 9 }, (_, i) => ({ frame: i, text: i === 0 ? "0x0" : `0x${i}000` })),
    );
    fc.assert(
      fc.property(anyView, fc.integer({ min: 200, max: 4000 }), (view, width) => {
        const list = ticks(view, width);
        for (const [i, { frame }] of list.entries())
          if (i > 0 && view.pages > 16)
            expect(xOf(frame, view, width) - xOf(list[i - 1]!.frame, view, width)).toBeGreaterThan(100);
        expect(list.length).toBeLessThan(60);
      }),
    );
    expect(addressText(0x383800000)).toBe("0x3838_0000_0000");
  });

  test("a frame comes into view by moving, and stays where it is when it is there already", () => {
    const view = viewOf(0x1000, 0x100);
    expect(showing(view, 0x1080)).toBe(view);
    const moved = showing(view, 0x9000);
    expect(moved.pages).toBe(view.pages);
    expect(moved.from).toBeLessThan(0x9000);
    expect(moved.from + moved.pages).toBeGreaterThan(0x9001);
  });
});
