import { describe, expect, it } from "vitest";
import { chosenFrames, translate } from "../../rig/chosen-frames.ts";
import type { Mfn } from "../../src/address.ts";
import { testRam } from "./memory.ts";

describe("translate", () => {
  const ram = testRam(64);
  ram.put(0x1000 + 8 * 1, 0x2067n);
  ram.put(0x2000 + 8 * 2, 0x3067n);
  ram.put(0x3000 + 8 * 3, 0x4067n);
  ram.put(0x4000 + 8 * 4, 0x123456067n);
  // 2 MiB at the next index: bit 7.
  ram.put(0x3000 + 8 * 4, 0xe00000e7n);
  const gfn = 1 * 2 ** 27 + 2 * 2 ** 18 + 3 * 512 + 4;

  it("walks to leaves of both sizes", () => {
    expect(translate(ram, "npt", 1 as Mfn, 4, gfn)).toBe(0x123456);
    expect(translate(ram, "npt", 1 as Mfn, 4, gfn + 512)).toBe(0xe0000 + 4);
  });

  it("finds nothing where nothing is mapped, or the table is missing", () => {
    expect(translate(ram, "npt", 1 as Mfn, 4, gfn + 1)).toBeUndefined();
    expect(translate(ram, "npt", 0x999 as Mfn, 4, gfn)).toBeUndefined();
  });
});

describe("chosenFrames", () => {
  const frames = new Map([
    [0, 100],
    [1, 101],
    [2, 50],
    [4, 52],
    [5, 53],
  ]);
  it("joins blocks that follow each other and parts at holes", () => {
    expect(chosenFrames((gfn) => frames.get(gfn), 0, 0, 6)).toEqual([
      { first: 0, mfn: "0x64", extents: 2 },
      { first: 2, mfn: "0x32", extents: 1 },
      { first: 4, mfn: "0x34", extents: 2 },
    ]);
  });

  it("counts in blocks of the order", () => {
    const descending = (gfn: number): number => 0x3e000 - gfn;
    expect(chosenFrames((gfn) => gfn + 0x1000, 0x200, 9, 3)).toEqual([{ first: 0, mfn: "0x1200", extents: 3 }]);
    expect(chosenFrames(descending, 0, 9, 2)).toEqual([
      { first: 0, mfn: "0x3e000", extents: 1 },
      { first: 1, mfn: "0x3de00", extents: 1 },
    ]);
  });
});
