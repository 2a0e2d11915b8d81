import fc from "fast-check";
import { describe, expect, expectTypeOf, it } from "vitest";
import {
  alignDown,
  alignUp,
  bytesOf,
  type Dfn,
  dfn,
  dfnOfGfn,
  dfnOfMfn,
  frameOfAddress,
  type Gfn,
  gfn,
  gfnOfMfn,
  hex,
  hex64,
  isAligned,
  type Mfn,
  mfn,
  pagesOf,
  plus,
} from "../src/address.ts";

describe("frame numbers", () => {
  it.each([
    ["gfn", gfn],
    ["mfn", mfn],
    ["dfn", dfn],
  ] as const)("%s takes whole numbers below 2^52", (kind, make) => {
    expect([make(0), make(2 ** 40), make(2 ** 52 - 1)]).toEqual([0, 2 ** 40, 2 ** 52 - 1]);
    for (const bad of [-1, 2 ** 52, 0.5, Number.NaN, Number.POSITIVE_INFINITY])
      expect(() => make(bad)).toThrow(new RangeError(`${kind} out of range: ${bad} (expected 0 to 2^52 - 1)`));
  });

  it("of one kind are not of another, nor plain numbers", () => {
    expectTypeOf<Gfn>().not.toEqualTypeOf<Mfn>();
    expectTypeOf<Gfn>().not.toExtend<Mfn>();
    expectTypeOf<Dfn>().not.toExtend<Gfn>();
    expectTypeOf<number>().not.toExtend<Mfn>();
    expectTypeOf(plus(gfn(1), 1)).toEqualTypeOf<Gfn>();
    expect(plus(gfn(2 ** 40), 3)).toBe(2 ** 40 + 3);
  });

  it("change kind by name only", () => {
    expectTypeOf(dfnOfGfn(gfn(5))).toEqualTypeOf<Dfn>();
    expect([dfnOfGfn(gfn(5)), dfnOfMfn(mfn(6)), gfnOfMfn(mfn(7))]).toEqual([5, 6, 7]);
  });

  it("hold a byte address below 2^52", () => {
    expect([0, 4095, 4096, 2 ** 52 - 1].map(frameOfAddress)).toEqual([0, 0, 1, 2 ** 40 - 1]);
    for (const bad of [-1, 2 ** 52, 0.5]) expect(() => frameOfAddress(bad)).toThrow(RangeError);
  });
});

describe("orders", () => {
  it("are log2 of pages", () => {
    expect([0, 9, 18, 36].map(pagesOf)).toEqual([1, 512, 262144, 2 ** 36]);
    expect([0, 9, 18].map(bytesOf)).toEqual([2 ** 12, 2 ** 21, 2 ** 30]);
  });

  it("align as 64-bit arithmetic does", () => {
    fc.assert(
      fc.property(fc.nat({ max: 2 ** 31 - 1 }), fc.nat({ max: 2 ** 9 }), fc.nat(36), (low, high, order) => {
        const frame = high * 2 ** 31 + low;
        const size = 1n << BigInt(order);
        const down = BigInt(frame) & ~(size - 1n);
        expect(alignDown(frame, order)).toBe(Number(down));
        expect(alignUp(frame, order)).toBe(Number(down === BigInt(frame) ? down : down + size));
        expect(isAligned(frame, order)).toBe(down === BigInt(frame));
      }),
    );
  });
});

it("addresses and entries are shown as lower-case hex, entries with 16 digits", () => {
  expect([hex(0), hex(0xabcdef), hex(2n ** 63n)]).toEqual(["0x0", "0xabcdef", "0x8000000000000000"]);
  expect(hex64(0xf, 0x80000000)).toBe("0x800000000000000f");
  // Bit operators give signed halves.
  expect(hex64(0xffffffff | 0, 0x80000000 | 0)).toBe("0x80000000ffffffff");
});
