import { describe, expect, it } from "vitest";
import { LEAF, npt, raw64, withAddressMask } from "../../src/format/index.ts";

/** C-bit 47, as on common SEV hosts (page-table-formats.md 2.3). */
const sev = withAddressMask(npt, raw64(1n << 47n));
const entry = raw64(0x0000_8000_a3e0_00e7n);

describe("a format with an encryption bit in its address field", () => {
  it("strips it from the output frame and from width checks", () => {
    expect(npt.frameOf(entry.lo, entry.hi, 2)).toBe(0x8000a3e00);
    expect(sev.frameOf(entry.lo, entry.hi, 2)).toBe(0xa3e00);
    expect(npt.decode(entry, 2, { physBits: 43 }).faults).toHaveLength(1);
    expect(sev.decode(entry, 2, { physBits: 43 })).toMatchObject({ kind: LEAF, frame: 0xa3e00, faults: [] });
  });

  it("shows it as a field and as a flag", () => {
    const fields = sev.decode(entry, 2).fields.filter((f) => ["address", "C"].includes(f.name));
    expect(fields.map(({ bits, name, value }) => [bits, name, value])).toEqual([
      ["51:48", "address", "0x0"],
      ["47", "C", "1"],
      ["46:21", "address", "0xa3e00000"],
    ]);
    expect(sev.addressMask(entry.lo, entry.hi, 2)).toEqual(raw64(0x000f_7fff_ffe0_0000n));
  });

  it("refuses bits outside the address field", () => {
    expect(() => withAddressMask(npt, raw64(1n << 52n))).toThrow(/51:12/);
    expect(() => withAddressMask(npt, raw64(1n << 11n))).toThrow(/51:12/);
  });
});
