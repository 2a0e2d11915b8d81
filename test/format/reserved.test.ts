import { describe, expect, it } from "vitest";
import { bits64, type DecodeOptions, FORMATS, type FormatName, raw64, reservedBits } from "../../src/format/index.ts";

/** Bits from lo to hi. */
const span = (hi: number, lo: number) => Array.from({ length: Math.max(0, hi - lo + 1) }, (_, i) => lo + i);

type Case = readonly [format: FormatName, what: string, level: number, base: bigint, wrong: readonly number[]];

/**
 * Bits that make an otherwise legal entry fault when they alone are set, by hand from page-table-formats.md 1.4, 1.5,
 * 2.3, 3.4 and 4.2. Not all are reserved: EMT 2 is bit 4, and a bit of AMD-Vi's Next Level makes another value.
 * 51:N comes on top for all. Addresses are multiples of 1 GiB below 2^32, so that bit 7 or Next Level alone is legal.
 */
const CASES: readonly Case[] = [
  ["ept", "4 KiB leaf", 1, 0x40000007n, [4]],
  ["ept", "2 MiB leaf", 2, 0x40000087n, [4, ...span(20, 12)]],
  ["ept", "1 GiB leaf", 3, 0x40000087n, [4, ...span(29, 12)]],
  ["ept", "table", 2, 0x40000007n, span(6, 3)],
  ["ept", "table", 3, 0x40000007n, span(6, 3)],
  ["ept", "table", 4, 0x40000007n, span(7, 3)],
  ["ept", "table", 5, 0x40000007n, span(7, 3)],
  ["npt", "4 KiB leaf", 1, 0x40000007n, []],
  ["npt", "2 MiB leaf", 2, 0x40000087n, span(20, 13)],
  ["npt", "1 GiB leaf", 3, 0x40000087n, span(29, 13)],
  ["npt", "table", 2, 0x40000007n, []],
  ["npt", "table", 3, 0x40000007n, []],
  ["npt", "table", 4, 0x40000007n, [7, 8]],
  ["npt", "table", 5, 0x40000007n, [7, 8]],
  ["vtd", "4 KiB leaf", 1, 0x40000003n, [62]],
  ["vtd", "2 MiB leaf", 2, 0x40000083n, [...span(20, 12), 62]],
  ["vtd", "1 GiB leaf", 3, 0x40000083n, [...span(29, 12), 62]],
  ["vtd", "table", 2, 0x40000003n, [11, 62]],
  ["vtd", "table", 3, 0x40000003n, [11, 62]],
  ["vtd", "table", 4, 0x40000003n, [7, 11, 62]],
  ["vtd", "table", 5, 0x40000003n, [7, 11, 62]],
  ["amdvi", "leaf", 1, 0x6000000040000001n, [9, 10, 11, ...span(58, 52)]],
  ["amdvi", "leaf", 2, 0x6000000040000001n, [10, 11, ...span(20, 12), ...span(58, 52)]],
  ["amdvi", "leaf", 3, 0x6000000040000001n, [11, ...span(29, 12), ...span(58, 52)]],
  ["amdvi", "leaf", 4, 0x6000000000000001n, [11, ...span(38, 12), ...span(58, 52)]],
  ["amdvi", "leaf", 5, 0x6000000000000001n, [...span(47, 12), ...span(58, 52)]],
  ["amdvi", "table to 1", 2, 0x6000000040000201n, [10, 11, ...span(60, 52)]],
  ["amdvi", "table to 2", 3, 0x6000000040000401n, [9, 11, ...span(60, 52)]],
  ["amdvi", "table to 4", 5, 0x6000000040000801n, [9, 10, ...span(60, 52)]],
  ["amdvi", "table to 4", 6, 0x6000000040000801n, [10, ...span(60, 52)]],
];

const faultsAt = (name: FormatName, raw: bigint, level: number, options: DecodeOptions = {}) =>
  FORMATS[name].decode(raw64(raw), level, options).faults.map((f) => f.code);

describe("what hardware faults on", () => {
  it.each(CASES)("%s %s at level %i", (name, _what, level, base, wrong) => {
    for (const physBits of [32, 39, 46, 52]) {
      const expected = new Set([...wrong, ...span(51, physBits)]);
      expect(faultsAt(name, base, level, { physBits })).toEqual([]);
      for (let bit = 0; bit < 64; bit++) {
        if ((base >> BigInt(bit)) & 1n) continue;
        const raw = base | (1n << BigInt(bit));
        expect(faultsAt(name, raw, level, { physBits }).length > 0, `bit ${bit}, ${physBits} bits`).toBe(
          expected.has(bit),
        );
      }
    }
  });

  it("covers every format and level that can hold an entry", () => {
    expect(CASES.map(([name, , level]) => `${name}${level}`).filter((x, i, all) => all.indexOf(x) === i)).toHaveLength(
      5 + 5 + 5 + 6,
    );
  });

  it("gives the same bits as masks", () => {
    const mask = (name: FormatName, raw: bigint, level: number, options?: DecodeOptions) =>
      bits64(reservedBits(name, raw64(raw), level, options));
    expect(mask("ept", 0x87n, 2, { physBits: 46 })).toBe(0x000fc000001ff000n);
    expect(mask("ept", 0x7n, 4)).toBe(0xf8n);
    expect(mask("npt", 0x87n, 3)).toBe(0x3fffe000n);
    expect(mask("vtd", 0x3n, 4)).toBe(0x4000000000000880n);
    expect(mask("amdvi", 0x201n, 2)).toBe(0x1ff0000000000000n);
    expect(mask("vtd", 0n, 1)).toBe(0n);
  });

  it("reports the code that fits", () => {
    expect(faultsAt("ept", 0x40001087n, 2)).toEqual(["misaligned-large-page"]);
    expect(faultsAt("ept", 0x87n, 4)).toEqual(["large-page-illegal"]);
    expect(faultsAt("npt", (1n << 51n) | 7n, 1, { physBits: 48 })).toEqual(["address-beyond-width"]);
    expect(faultsAt("vtd", 0x803n, 2)).toEqual(["reserved-bits"]);
    expect(faultsAt("amdvi", 0x6000000000000401n, 2)).toEqual(["illegal-next-level"]);
    expect(faultsAt("amdvi", 0x6000000000000001n, 6)).toEqual(["no-leaf-at-level"]);
    expect(faultsAt("amdvi", 0x6000000000000e01n, 2)).toEqual(["malformed-page-size"]);
    expect(faultsAt("amdvi", 0x600ffffffffffe01n, 1)).toEqual(["malformed-page-size"]);
  });
});

describe("what depends on the hardware", () => {
  it("page sizes", () => {
    for (const name of ["ept", "npt", "vtd"] as const) {
      expect(faultsAt(name, 0x87n, 3, { has1g: false })).toEqual(["page-size-unsupported"]);
      expect(faultsAt(name, 0x87n, 2, { has1g: false })).toEqual([]);
      expect(faultsAt(name, 0x87n, 2, { has2m: false })).toEqual(["page-size-unsupported"]);
      expect(faultsAt(name, 0x87n, 1, { has2m: false, has1g: false })).toEqual([]);
    }
  });

  it("EPT execute-only and mode-based execution", () => {
    expect(faultsAt("ept", 0x4n, 1)).toEqual([]);
    expect(faultsAt("ept", 0x4n, 1, { executeOnly: false })).toEqual(["execute-only-unsupported"]);
    expect(faultsAt("ept", 0x400n, 1, { executeOnly: false })).toEqual([]);
    expect(faultsAt("ept", 0x400n, 1, { mbec: true })).toEqual([]);
    expect(faultsAt("ept", 0x400n, 1, { mbec: true, executeOnly: false })).toEqual(["execute-only-unsupported"]);
    const names = (mbec: boolean) => FORMATS.ept.decode(raw64(0x407n), 1, { mbec }).fields.map((f) => f.name);
    expect(names(true)).toContain("XU");
    expect(names(false)).not.toContain("XU");
  });

  it("VT-d snoop control and device-TLB", () => {
    expect(faultsAt("vtd", 0x803n, 1, { snoopControl: false })).toEqual(["snoop-unsupported"]);
    expect(faultsAt("vtd", 0x4000000000000003n, 1)).toEqual(["transient-mapping-unsupported"]);
    expect(faultsAt("vtd", 0x4000000000000003n, 1, { deviceTlb: true })).toEqual([]);
    expect(faultsAt("vtd", 0x4000000000000003n, 2, { deviceTlb: true })).toEqual(["reserved-bits"]);
  });

  it("NPT without NX", () => {
    expect(faultsAt("npt", 0x8000000000000007n, 1, { nx: false })).toEqual(["reserved-bits"]);
    expect(FORMATS.npt.decode(raw64(0x8000000000000007n), 1).access).toBe("rw-");
  });

  it("names A and D only where they count", () => {
    const names = (name: FormatName, raw: bigint, level: number, accessedDirty?: boolean) =>
      FORMATS[name]
        .decode(raw64(raw), level, accessedDirty === undefined ? {} : { accessedDirty })
        .fields.map((f) => f.name)
        .filter((n) => n === "A" || n === "D");
    expect(names("ept", 7n, 1)).toEqual([]);
    expect(names("ept", 7n, 1, true)).toEqual(["D", "A"]);
    expect(names("ept", 7n, 2, true)).toEqual(["A"]);
    expect(names("npt", 7n, 1)).toEqual(["D", "A"]);
    expect(names("npt", 7n, 2)).toEqual(["A"]);
    expect(names("vtd", 3n, 1)).toEqual([]);
    expect(names("vtd", 3n, 1, true)).toEqual(["D", "A"]);
    expect(names("amdvi", 1n, 1, true)).toEqual(["D", "A"]);
    expect(names("amdvi", 0x201n, 2, true)).toEqual(["A"]);
  });

  it("never mistakes hypervisors' markers for faults", () => {
    for (let marker = 0n; marker < 16n; marker++) {
      expect(faultsAt("vtd", 0x803n | (marker << 52n), 1)).toEqual([]);
      expect(faultsAt("vtd", 0x3n | (marker << 52n), 2)).toEqual([]);
      expect(faultsAt("amdvi", 0x7000000000000001n | (marker << 1n), 1)).toEqual([]);
      expect(faultsAt("amdvi", 0x6000000000000201n | (marker << 1n), 2)).toEqual([]);
    }
  });
});
