import { describe, expect, it } from "vitest";
import { alignDown, hex64 } from "../../src/address.ts";
import { bits64, FAULT, FORMATS, type Format, LEAF, type LeafAttributes, TABLE } from "../../src/format/index.ts";

const FORMAT_LIST: readonly Format[] = Object.values(FORMATS);
const FRAMES = [0, 0x123456789a, 2 ** 20 - 1, 2 ** 32 + 2 ** 31, 2 ** 40 - 1];
const RIGHTS: readonly LeafAttributes[] = Array.from({ length: 8 }, (_, i) => ({
  read: (i & 1) !== 0,
  write: (i & 2) !== 0,
  execute: (i & 4) !== 0,
}));

/** Which rights make an entry present, from the manuals' present tests (page-table-formats.md 0.1). */
const PRESENT: Record<Format["name"], (a: LeafAttributes) => boolean> = {
  ept: (a) => !!(a.read || a.write || a.execute),
  npt: (a) => a.read === true,
  vtd: (a) => !!(a.read || a.write),
  amdvi: () => true,
};
const letter = (on: boolean | undefined, text: string) => (on ? text : "-");
const accessOf = (name: Format["name"], a: LeafAttributes) =>
  letter(a.read, "r") + letter(a.write, "w") + (name === "ept" || name === "npt" ? letter(a.execute, "x") : "-");

describe("every format, level, leaf order, right and frame", () => {
  it("round-trips leaves", () => {
    let checked = 0;
    for (const format of FORMAT_LIST)
      for (let level = 1; level <= format.maxLevels; level++)
        for (const order of format.leafOrders(level))
          for (const rights of RIGHTS.filter(PRESENT[format.name]))
            for (const sample of FRAMES) {
              const frame = alignDown(sample, order);
              const raw = format.encodeLeaf(frame, order, rights);
              const what = `${format.name} level ${level} order ${order} ${hex64(raw.lo, raw.hi)}`;
              const entry = format.decode(raw, level);
              const hot = [
                format.kindOf(raw.lo, raw.hi, level),
                format.frameOf(raw.lo, raw.hi, level),
                format.orderOf(raw.lo, raw.hi, level),
              ];
              expect(hot, what).toEqual([LEAF, frame, order]);
              const illegal = format.name === "ept" && rights.write && !rights.read;
              expect(entry.kind, what).toBe(illegal ? FAULT : LEAF);
              expect(entry.faults.length, what).toBe(illegal ? 1 : 0);
              expect([entry.frame, entry.order, entry.nextLevel], what).toEqual([frame, order, null]);
              expect(entry.access, what).toBe(accessOf(format.name, rights));
              checked++;
            }
    // (3 orders × (7 + 4 + 6) rights + 40 orders × 8 rights) × 5 frames: none may go missing.
    expect(checked).toBe(1855);
  });

  it("round-trips tables", () => {
    let checked = 0;
    for (const format of FORMAT_LIST)
      for (let level = 2; level <= format.maxLevels; level++)
        for (let next = format.name === "amdvi" ? 1 : level - 1; next < level; next++)
          for (const frame of FRAMES) {
            const raw = format.encodeTable(frame, next, { lo: 0, hi: format.name === "amdvi" ? 0 : 0x00200000 });
            const hot = [
              format.kindOf(raw.lo, raw.hi, level),
              format.frameOf(raw.lo, raw.hi, level),
              format.nextLevelOf(raw.lo, raw.hi, level),
            ];
            expect(hot).toEqual([TABLE, frame, next]);
            const entry = format.decode(raw, level);
            expect(entry).toMatchObject({ kind: TABLE, frame, nextLevel: next, order: null, faults: [] });
            checked++;
          }
    // (3 formats × 4 levels + AMD-Vi's 1 + 2 + 3 + 4 + 5 pairs of levels) × 5 frames.
    expect(checked).toBe(135);
  });

  it("keeps address bits and flags apart", () => {
    let checked = 0;
    for (const format of FORMAT_LIST)
      for (let level = 1; level <= format.maxLevels; level++)
        for (const order of format.leafOrders(level)) {
          const attributes = { read: true, write: true, execute: true, pat: true, software: { lo: 0x400, hi: 0 } };
          const usable = format.name === "amdvi" ? { read: true, write: true } : attributes;
          const zero = format.encodeLeaf(0, order, usable);
          const top = format.encodeLeaf(alignDown(2 ** 40 - 1, order), order, usable);
          const flags = (raw: typeof zero) => bits64(raw) & ~bits64(format.addressMask(raw.lo, raw.hi, level));
          expect(flags(top)).toBe(flags(zero));
          expect(bits64(format.addressMask(top.lo, top.hi, level)) >> 52n).toBe(0n);
          checked++;
        }
    expect(checked).toBe(49);
  });

  it("tiles the input address with the levels' index bits", () => {
    const width = (f: Format) =>
      12 + Array.from({ length: f.maxLevels }, (_, i) => f.indexBits(i + 1)).reduce((a, b) => a + b, 0);
    expect(FORMAT_LIST.map((f) => [f.name, width(f)])).toEqual([
      ["ept", 57],
      ["npt", 57],
      ["vtd", 57],
      ["amdvi", 64],
    ]);
  });

  it("names entries and levels as the manuals do", () => {
    expect(FORMAT_LIST.map((f) => [f.title, f.minLevels, f.maxLevels, f.entryName(4)])).toEqual([
      ["Intel EPT", 4, 5, "PML4E"],
      ["AMD NPT", 4, 5, "PML4E"],
      ["Intel VT-d second stage", 3, 5, "SS-PML4E"],
      ["AMD-Vi v1", 1, 6, "level 4 PDE/PTE"],
    ]);
    for (const f of FORMAT_LIST)
      expect(Array.from({ length: f.maxLevels + 2 }, (_, i) => f.entryName(i)).every((n) => n !== "")).toBe(true);
  });

  it("refuses what it cannot encode", () => {
    for (const f of FORMAT_LIST) {
      expect(() => f.encodeLeaf(1, 9, {})).toThrow(/not aligned/);
      expect(() => f.encodeLeaf(2 ** 40, 0, {})).toThrow(/out of range/);
      expect(() => f.encodeLeaf(-1, 0, {})).toThrow(/out of range/);
      expect(() => f.encodeTable(2 ** 40, 1)).toThrow(/out of range/);
      expect(() => f.encodeLeaf(0, 40, {})).toThrow(/no encoding/);
      expect(() => f.encodeLeaf(0, 0.5, {})).toThrow(/no encoding/);
    }
    for (const name of ["ept", "npt", "vtd"] as const)
      expect(() => FORMATS[name].encodeLeaf(0, 1, {})).toThrow(/expected 0, 9 or 18/);
    for (const next of [0, 7, 1.5]) expect(() => FORMATS.amdvi.encodeTable(0, next)).toThrow(/next level/);
  });
});
