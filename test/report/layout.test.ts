import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { PlanBar } from "../../src/plan/index.ts";
import { cut, sentence, table, wrap, wrapCell } from "../../src/report/layout.ts";
import { orderBar } from "../../src/report/order-bar.ts";
import { address, plural, seconds, size, thousands } from "../../src/report/units.ts";

describe("wrap", () => {
  it("keeps every word in order, and every line within the width unless one word is too long", () => {
    fc.assert(
      fc.property(
        fc.array(fc.stringMatching(/^[a-z]{1,12}$/), { minLength: 1 }),
        fc.integer({ min: 20, max: 80 }),
        (words, width) => {
          const lines = wrap(words.join(" "), width, "  ", "    ");
          expect(lines.flatMap((line) => line.trim().split(" "))).toEqual(words);
          for (const line of lines) expect(line.length).toBeLessThanOrEqual(width);
        },
      ),
    );
  });

  it("does not break a word", () => {
    expect(wrap("iommu=no-sharept,verbose", 10)).toEqual(["iommu=no-sharept,verbose"]);
  });
});

describe("table", () => {
  it("aligns columns and leaves no blanks at the end", () => {
    expect(
      table(
        [
          ["a", "1"],
          ["bbb", "22"],
        ],
        [{}, { align: "right" }],
        " ",
      ),
    ).toEqual([" a     1", " bbb  22"]);
    expect(table([["a", ""]], [{}, {}])).toEqual(["a"]);
    expect(table([], [{}])).toEqual([]);
  });

  it("continues a long last cell under itself", () => {
    expect(wrapCell("1  map  one two three", 14)).toEqual(["1  map  one", "       two", "       three"]);
    expect(wrapCell("short", 14)).toEqual(["short"]);
  });
});

describe("texts", () => {
  it("cut, sentence", () => {
    expect(cut("abcdef", 4)).toBe("abc…");
    expect(cut("abcd", 4)).toBe("abcd");
    expect(sentence("smaller than a page")).toBe("Smaller than a page.");
    expect(sentence("0000:3b:00.0 BAR 1: small.")).toBe("0000:3b:00.0 BAR 1: small.");
    expect(sentence("hvmloader's message")).toBe("hvmloader's message.");
  });
});

describe("units", () => {
  it.each([
    [512, "512 B"],
    [4096, "4 KiB"],
    [16 * 2 ** 20, "16 MiB"],
    [1.5 * 2 ** 30, "1.5 GiB"],
    [2 ** 52, "4 PiB"],
  ])("size %d", (bytes, text) => {
    expect(size(bytes)).toBe(text);
  });

  it.each([
    [0, "0 µs"],
    [0.0000042, "4.2 µs"],
    [0.0042, "4.2 ms"],
    [0.9999, "1000 ms"],
    [18.4, "18 s"],
    [119, "119 s"],
    [280, "4.7 min"],
    [7200, "2 h"],
  ])("seconds %d", (value, text) => {
    expect(seconds(value)).toBe(text);
  });

  it("address, thousands, plural", () => {
    expect(address("0x383800000000")).toBe("0x3838_0000_0000");
    expect(address("0xfee")).toBe("0xfee");
    expect(thousands(8388608)).toBe("8,388,608");
    expect([plural(1, "page"), plural(2, "page"), plural(0, "switch", "switches")]).toEqual([
      "1 page",
      "2 pages",
      "0 switches",
    ]);
  });
});

describe("orderBar", () => {
  const bar = (
    size: number,
    pieces: [gfn: number, pages: number, order: number][],
    holes: [gfn: number, pages: number][] = [],
  ): PlanBar => ({
    index: 0,
    size,
    host: "0x0",
    guest: "0x10000000",
    prefetchable: false,
    width: 64,
    placed: null,
    hypercalls: 1,
    pieces: pieces.map(([gfn, pages, order]) => ({
      gfn: `0x${(0x10000 + gfn).toString(16)}`,
      mfn: "0x0",
      pages,
      order,
      entries: pages / 2 ** order,
      because: "aligned-2m",
    })),
    holes: holes.map(([gfn, pages]) => ({ gfn: `0x${(0x10000 + gfn).toString(16)}`, pages, because: "msix-table" })),
  });
  const MiB = 2 ** 20;

  it("shows orders by texture", () => {
    expect(orderBar(bar(8 * MiB, [[0, 2048, 0]]), 4)).toBe("░░░░");
    expect(
      orderBar(
        bar(8 * MiB, [
          [0, 1024, 0],
          [1024, 1024, 9],
        ]),
        4,
      ),
    ).toBe("░░▓▓");
    expect(orderBar(bar(2 ** 30, [[0, 2 ** 18, 18]]), 4)).toBe("████");
  });

  it("shows a small stretch that would be lost", () => {
    // The table at page 4000 of 8192, and 4 KiB entries beside it.
    const pieces: [number, number, number][] = [
      [0, 3584, 9],
      [3584, 416, 0],
      [4001, 95, 0],
      [4096, 4096, 9],
    ];
    expect(orderBar(bar(32 * MiB, pieces, [[4000, 1]]), 8)).toBe("▓▓▓░▓▓▓▓");
    expect(
      orderBar(
        bar(
          32 * MiB,
          [
            [1, 511, 0],
            [512, 7680, 9],
          ],
          [[0, 1]],
        ),
        16,
      ),
    ).toContain("░");
  });

  it("shows what is not mapped", () => {
    expect(orderBar(bar(MiB, []), 5)).toBe("·····");
    expect(orderBar({ ...bar(MiB, [[0, 256, 0]]), guest: null }, 3)).toBe("···");
    expect(orderBar({ ...bar(MiB, [[0, 256, 0]]), size: null }, 3)).toBe("···");
    expect(orderBar(bar(32 * 1024, [[4, 4, 0]], [[0, 4]]), 4)).toBe("··░░");
  });

  it("has as many cells as asked for, whatever the BAR", () => {
    fc.assert(
      fc.property(fc.integer({ min: 9, max: 40 }), fc.integer({ min: 1, max: 40 }), (log, cells) => {
        expect(orderBar(bar(2 ** log, [[0, 1, 0]]), cells)).toHaveLength(cells);
      }),
    );
  });
});
