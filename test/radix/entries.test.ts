import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { countRun, countSame, store, storeRun, storeSame } from "../../src/radix/entries.ts";

const MASK = (1n << 64n) - 1n;
const word = (words: Uint32Array, i: number): bigint => (BigInt(words[2 * i + 1]!) << 32n) | BigInt(words[2 * i]!);
const halves = (value: bigint): [number, number] => [Number(value & 0xffffffffn), Number(value >> 32n)];

describe("stretches of a table, against 64-bit arithmetic", () => {
  const addresses = fc.bigInt({ min: 0n, max: 2n ** 51n });
  const steps = fc.constantFrom(4096, 2 ** 21, 2 ** 30, 2 ** 39);

  it("storeRun carries from half to half, and countRun counts what it stored", () => {
    fc.assert(
      fc.property(addresses, steps, fc.nat(500), fc.nat(10), (first, step, index, count) => {
        const words = new Uint32Array(1024).fill(0xffffffff);
        storeRun(words, index, count, ...halves(first), step);
        for (let i = 0; i < count; i++) expect(word(words, index + i)).toBe((first + BigInt(i) * BigInt(step)) & MASK);
        expect(word(words, index + count)).toBe(MASK);
        expect(countRun(words, index, 512 - index, ...halves(first), step)).toBe(count);
      }),
    );
  });

  it("storeRun is exact for long runs, whatever the flags are, the sign bit and all of bits 62:52 among them", () => {
    const flags = fc.oneof(
      fc.constantFrom(0n, 0x800n, 0x7ffn, 0xfffn, 0x005n, 0x700n),
      fc.bigInt({ min: 0n, max: 0xfffn }),
    );
    const low = fc.bigInt({ min: 0n, max: 0xfffn });
    const page = fc.bigInt({ min: 0n, max: 2n ** 40n - 1n });
    fc.assert(
      fc.property(
        flags,
        page,
        low,
        steps,
        fc.nat(100),
        fc.integer({ min: 20, max: 400 }),
        (high, at, bits, step, index, count) => {
          // The last one is still an address.
          const most = 2n ** 52n - BigInt(count) * BigInt(step);
          const first = (high << 52n) | (((at << 12n) % most) & ~0xfffn) | bits;
          const words = new Uint32Array(1024).fill(0xffffffff);
          storeRun(words, index, count, ...halves(first), step);
          for (let i = 0; i < count; i++)
            if (word(words, index + i) !== first + BigInt(i) * BigInt(step))
              expect([i, word(words, index + i)]).toEqual([]);
          expect(index === 0 || word(words, index - 1) === MASK).toBe(true);
          expect(word(words, index + count)).toBe(MASK);
        },
      ),
      { numRuns: 2000 },
    );
  });

  it("storeSame stores one value, and countSame counts it", () => {
    const words = new Uint32Array(1024);
    storeSame(words, 5, 7, 1, 0x80000000);
    expect(Array.from({ length: 14 }, (_, i) => word(words, i)).filter((value) => value !== 0n)).toHaveLength(7);
    expect(countSame(words, 5, 507, 1, 0x80000000)).toBe(7);
    expect(countSame(words, 5, 3, 1, 0x80000000)).toBe(3);
    expect(countSame(words, 4, 508, 1, 0x80000000)).toBe(0);
  });

  it("countRun ignores the bits that it is told to", () => {
    const words = new Uint32Array(1024);
    storeRun(words, 0, 4, 0xfffff003, 0, 4096);
    store(words, 2, 0x1103, 0x00700001);
    expect(countRun(words, 0, 512, 0xfffff003, 0, 4096)).toBe(2);
    expect(countRun(words, 0, 512, 0xfffff003, 0, 4096, { lo: 0x100, hi: 0x00f00000 })).toBe(4);
  });
});
