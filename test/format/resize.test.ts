import { describe, expect, it } from "vitest";
import { alignDown, hex64 } from "../../src/address.ts";
import { FORMATS, type FormatName, type LeafAttributes, raw64, withAddressMask } from "../../src/format/index.ts";

const resized = (name: FormatName, raw: bigint, level: number, frame: number, order: number): string => {
  const { lo, hi } = raw64(raw);
  const leaf = FORMATS[name].resizeLeaf(lo, hi, level, frame, order);
  return hex64(leaf.lo, leaf.hi);
};

describe("resizeLeaf", () => {
  it.each<[string, FormatName, bigint, number, number, number, string]>([
    // Each vector of page-table-formats.md 1.8, 2.5 and 4.7 at another of its sizes, by the bit tables beside them.
    ["EPT 2 MiB to 4 KiB", "ept", 0xa3e003b7n, 2, 0xa3e01, 0, "0x00000000a3e01337"],
    ["EPT 4 KiB to 2 MiB", "ept", 0x0000000123400077n, 1, 0x123400, 9, "0x00000001234000f7"],
    ["EPT 1 GiB to 2 MiB", "ept", 0x0000004000000083n, 3, 0x4000200, 9, "0x0000004000200083"],
    ["NPT 2 MiB with PAT to 4 KiB: 12 to 7", "npt", 0xa3e010e7n, 2, 0xa3e00, 0, "0x00000000a3e000e7"],
    ["NPT 4 KiB with PAT to 1 GiB: 7 to 12", "npt", 0x80000001234560e7n, 1, 0x40000, 18, "0x80000000400010e7"],
    ["NPT 2 MiB with PAT to 1 GiB", "npt", 0xa3e010e7n, 2, 0x80000, 18, "0x00000000800010e7"],
    ["NPT 2 MiB without PAT to 4 KiB", "npt", 0xa3e000e7n, 2, 0xa3e01, 0, "0x00000000a3e01067"],
    ["VT-d 2 MiB with marker and SNP to 4 KiB", "vtd", 0x00900000a3e00883n, 2, 0xa3e05, 0, "0x00900000a3e05803"],
    ["AMD-Vi 2 MiB to 4 KiB", "amdvi", 0x70000000a3e00001n, 2, 0xa3e01, 0, "0x70000000a3e01001"],
    ["AMD-Vi 2 MiB to 4 MiB", "amdvi", 0x70000000a3e00001n, 2, 0xa3c00, 10, "0x70000000a3dffe01"],
    ["AMD-Vi 512 MiB to 2 MiB", "amdvi", 0x70000000affffe01n, 2, 0xa0200, 9, "0x70000000a0200001"],
    ["AMD-Vi 8 KiB to 32 KiB", "amdvi", 0x7000000123456e01n, 1, 0x123450, 3, "0x7000000123453e01"],
  ])("%s", (_, name, raw, level, frame, order, expected) => {
    expect(resized(name, raw, level, frame, order)).toBe(expected);
  });

  it("gives the leaf that encodeLeaf gives, for every format and pair of orders", () => {
    const attributes: readonly LeafAttributes[] = [
      { read: true },
      {
        read: true,
        write: true,
        execute: true,
        emt: 6,
        ipat: true,
        pat: true,
        pcd: true,
        snoop: true,
        suppressVe: true,
      },
      { read: true, accessed: true, dirty: true, noExecute: true, user: true, software: { lo: 0, hi: 0x00300000 } },
    ];
    let checked = 0;
    for (const format of Object.values(FORMATS))
      for (let level = 1; level <= format.maxLevels; level++)
        for (const from of format.leafOrders(level))
          for (const to of [0, 9, 18, ...(format.name === "amdvi" ? [1, 8, 20, 39] : [])])
            for (const set of attributes) {
              const { lo, hi } = format.encodeLeaf(alignDown(0xfedcba9876, from), from, set);
              const frame = alignDown(0x123456789a, to);
              expect(format.resizeLeaf(lo, hi, level, frame, to)).toEqual(format.encodeLeaf(frame, to, set));
              checked++;
            }
    // 3 formats × 3 orders × 3, and AMD-Vi's 40 orders × 7, with 3 sets of attributes each.
    expect(checked).toBe(921);
  });

  it("refuses what encodeLeaf refuses", () => {
    for (const format of Object.values(FORMATS)) {
      expect(() => format.resizeLeaf(1, 0, 1, 1, 9)).toThrow(RangeError);
      expect(() => format.resizeLeaf(1, 0, 1, 2 ** 40, 0)).toThrow(RangeError);
      expect(() => format.resizeLeaf(1, 0, 1, 0, 40)).toThrow(RangeError);
    }
  });

  it("keeps bits that are cut out of the address", () => {
    const format = withAddressMask(FORMATS.npt, raw64(1n << 47n));
    const { lo, hi } = raw64(0x00008000a3e000e7n);
    const leaf = format.resizeLeaf(lo, hi, 2, 0xa3e01, 0);
    expect(hex64(leaf.lo, leaf.hi)).toBe("0x00008000a3e01067");
  });
});
