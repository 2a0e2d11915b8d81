import { describe, expect, it } from "vitest";
import {
  bits64,
  type DecodedEntry,
  EMPTY,
  FAULT,
  FORMATS,
  type FormatName,
  formatByName,
  LEAF,
  type LeafAttributes,
  p2mTypeOf,
  raw64,
  SOFTWARE,
  TABLE,
} from "../../src/format/index.ts";

type Vector = readonly [format: FormatName, raw: bigint, level: number, want: Partial<DecodedEntry>];

/** page-table-formats.md 1.8, 2.5, 3.8 and 4.7, addresses as frames. */
const VECTORS: readonly Vector[] = [
  ["ept", 0x0000000123456077n, 1, { kind: LEAF, frame: 0x123456, order: 0, access: "rwx", memoryType: "WB" }],
  ["ept", 0x00000000a3e003b7n, 2, { kind: LEAF, frame: 0xa3e00, order: 9, access: "rwx", memoryType: "WB" }],
  ["ept", 0x0000004000000083n, 3, { kind: LEAF, frame: 0x4000000, order: 18, access: "rw-", memoryType: "UC" }],
  ["ept", 0x000000007f001007n, 2, { kind: TABLE, frame: 0x7f001, nextLevel: 1, access: "rwx" }],
  ["ept", 0x0000000000001006n, 1, { kind: FAULT, access: "-wx" }],
  ["ept", 0x000000007f00103fn, 4, { kind: FAULT, frame: 0x7f001, nextLevel: 3 }],
  ["npt", 0x8000000123456067n, 1, { kind: LEAF, frame: 0x123456, order: 0, access: "rw-", memoryType: "WB" }],
  ["npt", 0x00000001234560e7n, 1, { kind: LEAF, frame: 0x123456, order: 0, access: "rwx", memoryType: null }],
  ["npt", 0x00000000a3e000e7n, 2, { kind: LEAF, frame: 0xa3e00, order: 9, memoryType: "WB" }],
  ["npt", 0x00000000a3e010e7n, 2, { kind: LEAF, frame: 0xa3e00, order: 9, memoryType: null }],
  ["npt", 0x000000007f001027n, 2, { kind: TABLE, frame: 0x7f001, nextLevel: 1, access: "rwx" }],
  ["vtd", 0x0000000123456803n, 1, { kind: LEAF, frame: 0x123456, order: 0, access: "rw-", memoryType: null }],
  ["vtd", 0x00000000a3e00883n, 2, { kind: LEAF, frame: 0xa3e00, order: 9, access: "rw-" }],
  ["vtd", 0x0000004000000081n, 3, { kind: LEAF, frame: 0x4000000, order: 18, access: "r--" }],
  ["vtd", 0x000000007f001003n, 2, { kind: TABLE, frame: 0x7f001, nextLevel: 1, access: "rw-" }],
  ["amdvi", 0x7000000123456001n, 1, { kind: LEAF, frame: 0x123456, order: 0, access: "rw-" }],
  ["amdvi", 0x7000000123456e01n, 1, { kind: LEAF, frame: 0x123456, order: 1 }],
  ["amdvi", 0x7000000123453e01n, 1, { kind: LEAF, frame: 0x123450, order: 3 }],
  ["amdvi", 0x700000012347fe01n, 1, { kind: LEAF, frame: 0x123400, order: 8 }],
  ["amdvi", 0x70000000a3e00001n, 2, { kind: LEAF, frame: 0xa3e00, order: 9 }],
  ["amdvi", 0x70000000a3dffe01n, 2, { kind: LEAF, frame: 0xa3c00, order: 10 }],
  ["amdvi", 0x70000000affffe01n, 2, { kind: LEAF, frame: 0xa0000, order: 17 }],
  ["amdvi", 0x7000004000000001n, 3, { kind: LEAF, frame: 0x4000000, order: 18 }],
  ["amdvi", 0x700000407ffffe01n, 3, { kind: LEAF, frame: 0x4000000, order: 20 }],
  ["amdvi", 0x600000007f001201n, 2, { kind: TABLE, frame: 0x7f001, nextLevel: 1, access: "rw-" }],
  ["amdvi", 0x600000007f001401n, 3, { kind: TABLE, frame: 0x7f001, nextLevel: 2 }],
  ["amdvi", 0x600000007f001601n, 4, { kind: TABLE, frame: 0x7f001, nextLevel: 3 }],
];

describe("vectors of page-table-formats.md", () => {
  it.each(VECTORS)("%s %#x at level %i", (name, raw, level, want) => {
    expect(FORMATS[name].decode(raw64(raw), level)).toMatchObject(want);
  });

  it("names the deliberate faults", () => {
    const codes = (raw: bigint, level: number) => FORMATS.ept.decode(raw64(raw), level).faults.map((f) => f.code);
    expect(codes(0x1006n, 1)).toEqual(["mmio-marker"]);
    expect(codes(0x7f00103fn, 4)).toEqual(["recalculation-mark"]);
    expect(codes(0xa3e000bfn, 2)).toEqual(["recalculation-mark"]);
    expect(codes(0x1002n, 1)).toEqual(["write-without-read"]);
    expect(codes(0x1017n, 1)).toEqual(["reserved-memory-type"]);
    expect(FORMATS.ept.decode(raw64(0x1006n), 1).faults[0]?.says).toMatch(/KVM.*MMIO/);
    expect(FORMATS.ept.decode(raw64(0x7f00103fn), 4).faults[0]?.says).toMatch(/Xen.*recalculated/);
    expect(FORMATS.npt.decode(raw64(0x43n), 1).faults.map((f) => f.code)).toEqual(["supervisor-entry"]);
    // kvm-mapping.md 2.5: a marker's generation occupies bits that would be reserved; only the marker is reported.
    expect(codes(0x7ff00000000017fen, 1)).toEqual(["mmio-marker"]);
  });
});

const rwx: LeafAttributes = { read: true, write: true, execute: true };
const rw: LeafAttributes = { read: true, write: true };

/** xen-mapping.md 5.3, 6.1, 7.7, 7.10 and kvm-mapping.md 2.3 with F = 0x12345600000. */
const F = 0x12345600;
const at = (flags: bigint) => flags + 0x12345600000n;
const software = (bits: bigint) => ({ software: raw64(bits) });
type Encoding = readonly [format: FormatName, order: number, attributes: LeafAttributes, raw: bigint];
const ENCODED: readonly Encoding[] = [
  [
    "ept",
    9,
    { ...rwx, accessed: true, dirty: true, snoop: true, suppressVe: true, ...software(0x1c50000000000000n) },
    at(0x9c50000000000b87n),
  ],
  [
    "ept",
    9,
    { ...rw, accessed: true, dirty: true, snoop: true, suppressVe: true, ...software(0x3850000000000000n) },
    at(0xb850000000000b83n),
  ],
  [
    "ept",
    0,
    {
      read: true,
      execute: true,
      ipat: true,
      accessed: true,
      snoop: true,
      suppressVe: true,
      ...software(0x1c50000000000000n),
    },
    at(0x9c50000000000945n),
  ],
  [
    "ept",
    9,
    { ...rwx, emt: 6, accessed: true, dirty: true, snoop: true, ...software(0x1c00000000000000n) },
    at(0x1c00000000000bb7n),
  ],
  [
    "ept",
    9,
    { ...rwx, emt: 6, ipat: true, accessed: true, dirty: true, snoop: true, ...software(0x0600000000000000n) },
    at(0x0600000000000bf7n),
  ],
  ["npt", 0, { ...rwx, pcd: true, accessed: true, dirty: true, ...software(5n << 52n) }, at(0x0050000000000077n)],
  [
    "npt",
    0,
    { read: true, pcd: true, pwt: true, accessed: true, dirty: true, ...software(5n << 52n) },
    at(0x005000000000007dn),
  ],
  ["npt", 9, { ...rwx, pcd: true, accessed: true, dirty: true, ...software(5n << 52n) }, at(0x00500000000000f7n)],
  ["npt", 0, { ...rw, noExecute: true, accessed: true, dirty: true }, at(0x8000000000000067n)],
  ["npt", 9, { ...rwx, pat: true }, at(0x1087n)],
  ["npt", 0, { ...rwx, pat: true }, at(0x87n)],
  ["vtd", 0, { ...rwx, snoop: true }, at(0x803n)],
  ["vtd", 9, { ...rw, snoop: true }, at(0x883n)],
  ["vtd", 0, rw, at(0x3n)],
  ["amdvi", 9, { ...rw, snoop: true }, at(0x7000000000000001n)],
  ["amdvi", 0, { read: true, snoop: true, ...software(6n) }, at(0x3000000000000007n)],
];

describe("entries as hypervisors write them", () => {
  it.each(ENCODED)("%s order %i", (name, order, attributes, raw) => {
    const format = FORMATS[name];
    const level = order / 9 + 1;
    expect(bits64(format.encodeLeaf(F, order, attributes))).toBe(raw);
    expect(format.decode(raw64(raw), level)).toMatchObject({ kind: LEAF, frame: F, order, faults: [] });
  });

  it("writes table pointers", () => {
    const table = (name: FormatName, next: number, bits = 0n) =>
      bits64(FORMATS[name].encodeTable(0x7f001, next, raw64(bits))) - 0x7f001000n;
    expect(table("ept", 3, 0x9c00000000000100n)).toBe(0x9c00000000000107n);
    expect(table("npt", 1, 0x60n)).toBe(0x67n);
    expect(table("vtd", 1)).toBe(0x3n);
    expect(table("amdvi", 3)).toBe(0x6000000000000601n);
  });

  it("tells empty from what software keeps", () => {
    const kind = (name: FormatName, raw: bigint) =>
      FORMATS[name].kindOf(Number(raw & 0xffffffffn), Number(raw >> 32n), 2);
    expect(["ept", "npt", "vtd", "amdvi"].map((n) => kind(n as FormatName, 0n))).toEqual([EMPTY, EMPTY, EMPTY, EMPTY]);
    expect(kind("ept", 0x8000000000000000n)).toBe(EMPTY);
    expect(kind("ept", 0x80000000000005a0n)).toBe(SOFTWARE);
    expect(kind("ept", 0x8010000000000000n)).toBe(SOFTWARE);
    expect(kind("npt", 0x8040000000000000n)).toBe(SOFTWARE);
    expect(kind("vtd", 0x0090000000000000n)).toBe(EMPTY);
    expect(kind("vtd", 0x0190000000000000n)).toBe(SOFTWARE);
    expect(kind("vtd", 0x4n)).toBe(SOFTWARE);
    expect(kind("amdvi", 0x12n)).toBe(EMPTY);
    expect(kind("amdvi", 0x20n)).toBe(SOFTWARE);
    expect(kind("amdvi", 0x6000000000000000n)).toBe(SOFTWARE);
    for (const format of Object.values(FORMATS)) expect(format.kindOf(format.empty.lo, format.empty.hi, 1)).toBe(EMPTY);
    expect(bits64(FORMATS.ept.empty)).toBe(0x8000000000000000n);
  });

  it("keeps an entry without address out of the address field", () => {
    for (const [name, raw] of [
      ["ept", 0x8010000012345000n],
      ["npt", 0x8040000012345000n],
      ["vtd", 0x12345000n],
      ["amdvi", 0x12345000n],
    ] as const) {
      const { lo, hi } = raw64(raw);
      expect(FORMATS[name].addressMask(lo, hi, 1)).toEqual({ lo: 0, hi: 0 });
      expect(FORMATS[name].decode({ lo, hi }, 1)).toMatchObject({ kind: SOFTWARE, frame: null, faults: [] });
    }
  });

  it("says what is bookkeeping", () => {
    const mask = (name: FormatName) => bits64(FORMATS[name].bookkeepingMask(1));
    expect(mask("ept")).toBe(0x300n);
    expect(mask("npt")).toBe(0n);
    expect(mask("vtd")).toBe(0x00f0000000000300n);
    expect(mask("amdvi")).toBe(0x7en);
  });

  it("reads Xen's P2M type", () => {
    expect(p2mTypeOf("ept", 0x9c500000)).toBe(5);
    expect(p2mTypeOf("npt", 0x00500000)).toBe(5);
    expect(p2mTypeOf("vtd", 0x00500000)).toBeNull();
    const fields = FORMATS.npt.decode(raw64(0x0050000000000077n), 1).fields;
    expect(fields.find((f) => f.bits === "58:52")?.says).toContain("mmio_direct");
  });

  it("takes the memory type of NPT from PWT and PCD", () => {
    const type = (raw: bigint) => FORMATS.npt.decode(raw64(raw), 1).memoryType;
    expect([type(0x67n), type(0x6fn), type(0x77n), type(0x7dn)]).toEqual(["WB", "WT", "UC-", "UC"]);
  });

  it("finds formats by name, and only those", () => {
    expect(formatByName("npt")).toBe(FORMATS.npt);
    expect(formatByName("constructor")).toBeUndefined();
  });
});
