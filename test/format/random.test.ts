import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  bits64,
  type DecodeOptions,
  FAULT,
  FORMATS,
  type Format,
  frameField,
  type Raw,
  TABLE,
  withAddressMask,
} from "../../src/format/index.ts";

const half = fc.oneof(
  fc.nat(0xffffffff),
  fc.constantFrom(0, 0xffffffff, 0x80000000, 0x7fffffff, 0x000fffff, 0xfff00000),
);
/** Random words, with low bits biased towards present entries of every format. */
const word: fc.Arbitrary<Raw> = fc
  .tuple(half, half, fc.constantFrom(0, 1, 3, 7, 0x87, 0x83, 0xe01, 0x201), fc.constantFrom(0, 0xffffffff, 0xfff))
  .map(([lo, hi, or, clear]) => ({ lo: ((lo & ~clear) | or) >>> 0, hi }));
const level = fc.oneof(
  fc.integer({ min: 1, max: 6 }),
  fc.constantFrom(-1, 0, 7, 99, 2.5, Number.NaN, Infinity, -Infinity),
);
const formats = new Map<string, Format>(
  Object.values(FORMATS).flatMap((f) => [
    [f.name, f],
    [`${f.name} with C-bits`, withAddressMask(f, { lo: 0x1000, hi: 0x8000 })],
  ]),
);
const format = fc.constantFrom(...formats.keys());
const options: fc.Arbitrary<DecodeOptions> = fc.record(
  {
    physBits: fc.oneof(fc.integer({ min: 32, max: 52 }), fc.constantFrom(Number.NaN, -1, 99, 40.5)),
    has1g: fc.boolean(),
    has2m: fc.boolean(),
    accessedDirty: fc.boolean(),
    executeOnly: fc.boolean(),
    mbec: fc.boolean(),
    snoopControl: fc.boolean(),
    deviceTlb: fc.boolean(),
    nx: fc.boolean(),
  },
  { requiredKeys: [] },
);

const isPlain = ({ plain: { mask, value, perLevel } }: Format, lo: number, at: number): boolean =>
  at > 1 && (lo & mask) === value + at * perLevel;

describe("a plain pointer", () => {
  it("is a pointer to a table of the next lower level, whatever else is in the entry", () => {
    let plain = 0;
    fc.assert(
      fc.property(format, word, fc.integer({ min: 0, max: 6 }), (name, { lo, hi }, at) => {
        const f = formats.get(name)!;
        if (at > f.maxLevels || !isPlain(f, lo, at)) return;
        plain++;
        expect([f.kindOf(lo, hi, at), f.nextLevelOf(lo, hi, at), f.frameOf(lo, hi, at)]).toEqual([
          TABLE,
          at - 1,
          frameField(lo, hi),
        ]);
      }),
      { numRuns: 20_000 },
    );
    expect(plain).toBeGreaterThan(1000);
  });

  it("is what an encoder writes for the next level, where no address bits are stripped", () => {
    for (const f of Object.values(FORMATS))
      for (let at = 2; at <= f.maxLevels; at++) expect(isPlain(f, f.encodeTable(0x12345, at - 1).lo, at)).toBe(true);
  });
});

describe("any 64 bits at any level", () => {
  it("decode into fields that tile all 64 bits in descending order", () => {
    fc.assert(
      fc.property(format, word, level, options, (name, raw, at, given) => {
        const f = formats.get(name)!;
        const { fields } = f.decode(raw, at, given);
        let next = 63;
        let sum = 0n;
        for (const field of fields) {
          const [hi, lo = hi] = field.bits.split(":").map(Number) as [number, number?];
          expect(hi).toBe(next);
          expect(lo).toBeLessThanOrEqual(hi);
          const inPlace = field.name === "address" ? 0 : lo;
          sum |= BigInt(field.value) << BigInt(inPlace);
          expect(field.says).not.toBe("");
          expect(field.says).not.toBe("reserved value");
          next = lo - 1;
        }
        expect(next).toBe(-1);
        expect(sum).toBe(bits64(raw));
      }),
      { numRuns: 2000 },
    );
  });

  it("decode to what the hot path sees, unless faulty", () => {
    fc.assert(
      fc.property(format, word, fc.integer({ min: 1, max: 6 }), (name, raw, any) => {
        const f = formats.get(name)!;
        const at = Math.min(any, f.maxLevels);
        const entry = f.decode(raw, at);
        const kind = f.kindOf(raw.lo, raw.hi, at);
        expect(entry.kind).toBe(entry.faults.length === 0 ? kind : FAULT);
        if (kind === FAULT) expect(entry.faults).not.toEqual([]);
        if (entry.frame !== null) {
          expect(entry.frame).toBe(f.frameOf(raw.lo, raw.hi, at));
          expect(entry.frame).toBeLessThan(2 ** 40);
        }
        if (entry.order !== null) expect(entry.order).toBe(f.orderOf(raw.lo, raw.hi, at));
        if (entry.nextLevel !== null) expect(entry.nextLevel).toBe(f.nextLevelOf(raw.lo, raw.hi, at));
      }),
      { numRuns: 2000 },
    );
  });
});
