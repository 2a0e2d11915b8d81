import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { amdvi, bits64, FAULT, LEAF, raw64, TABLE } from "../../src/format/index.ts";

/** Decoding of page-table-formats.md 4.3, step by step: the slow oracle. */
function oracle(raw: bigint): { lg2: number; address: bigint } {
  let bit = 12;
  while ((raw >> BigInt(bit)) & 1n && bit < 52) bit++;
  const lg2 = bit + 1;
  const field = raw & 0x000ffffffffff000n;
  return { lg2, address: field & ~((1n << BigInt(lg2)) - 1n) };
}

describe("AMD-Vi page sizes", () => {
  it("lists every legal order by level", () => {
    expect([1, 2, 3, 4, 5, 6].map((level) => amdvi.leafOrders(level))).toEqual([
      [0, 1, 2, 3, 4, 5, 6, 7, 8],
      [9, 10, 11, 12, 13, 14, 15, 16, 17],
      [18, 19, 20, 21, 22, 23, 24, 25, 26],
      [27, 28, 29, 30, 31, 32, 33, 34, 35],
      [36, 37, 38, 39],
      [],
    ]);
  });

  it("writes the address patterns of 4.3", () => {
    const pattern = (order: number) => (bits64(amdvi.encodeLeaf(0, order, {})) >> 12n) & 0xffn;
    expect([1, 2, 3, 4].map(pattern)).toEqual([0b0n, 0b01n, 0b011n, 0b0111n]);
  });

  it("reads any Next Level 7 entry as the step-by-step rule does", () => {
    const trailingOnes = fc
      .tuple(fc.bigInt(0n, (1n << 40n) - 1n), fc.integer({ min: 0, max: 40 }))
      .map(([field, ones]) => ((field >> BigInt(ones)) << BigInt(ones)) | ((1n << BigInt(ones)) - 1n));
    fc.assert(
      fc.property(trailingOnes, fc.integer({ min: 1, max: 6 }), (field, level) => {
        const raw = (field << 12n) | 0x6000000000000e01n;
        const { lo, hi } = raw64(raw);
        const want = oracle(raw);
        const legal = level <= 5 && want.lg2 >= 12 + 9 * (level - 1) && want.lg2 <= 52;
        expect(amdvi.kindOf(lo, hi, level)).toBe(legal ? LEAF : FAULT);
        expect(amdvi.orderOf(lo, hi, level)).toBe(want.lg2 - 12);
        if (legal) expect(BigInt(amdvi.frameOf(lo, hi, level)) << 12n).toBe(want.address);
      }),
      { numRuns: 2000 },
    );
  });

  it("ignores low address bits of a plain large leaf, as every format does", () => {
    const { lo, hi } = raw64(0x600fffffffff_f001n);
    expect([1, 2, 3, 4, 5].map((level) => amdvi.frameOf(lo, hi, level))).toEqual(
      [0, 9, 18, 27, 36].map((order) => 2 ** 40 - 2 ** order),
    );
  });

  it("takes the next level from the entry, and says so where levels are skipped", () => {
    const { lo, hi } = raw64(0x600000007f001201n);
    expect([amdvi.kindOf(lo, hi, 4), amdvi.nextLevelOf(lo, hi, 4)]).toEqual([TABLE, 1]);
    const field = (raw: bigint, level: number) =>
      amdvi.decode(raw64(raw), level).fields.find((f) => f.name === "NextLevel")?.says;
    expect(field(0x600000007f001201n, 4)).toMatch(/skips levels/);
    expect(field(0x600000007f001201n, 2)).toMatch(/next lower/);
    expect(field(0x6000000000000001n, 4)).toMatch(/erratum/);
    expect(field(0x600000000ffffe01n, 1)).toMatch(/higher level/);
  });

  it("does not take size bits above the physical width for address bits", () => {
    const raw = amdvi.encodeLeaf(0, 39, { read: true });
    expect(amdvi.decode(raw, 5, { physBits: 40 }).faults).toEqual([]);
    expect(amdvi.decode({ ...raw, hi: raw.hi | 0x80000 }, 5, { physBits: 40 }).faults.map((f) => f.code)).toEqual([
      "address-beyond-width",
    ]);
  });
});
