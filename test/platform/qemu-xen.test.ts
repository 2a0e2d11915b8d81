import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cutForQemu } from "../../src/platform/qemu-xen.ts";

const MIB = 2 ** 20;
const codes = (cut: ReturnType<typeof cutForQemu>): string[] => cut.remarks.map((r) => r.code);
const shape = (cut: ReturnType<typeof cutForQemu>): number[][] => cut.pieces.map((p) => [p.gfn, p.mfn, p.pages]);

describe("cutForQemu", () => {
  it("cuts the example of guest-mmio-layout.md 4.3: 32 MiB, table at 0x2000, 64 vectors", () => {
    const cut = cutForQemu({
      guest: 0xf0000000,
      host: 0x380000000000,
      size: 32 * MIB,
      msix: { tableOffset: 0x2000, vectors: 64 },
    });
    expect(cut.pieces).toEqual([
      { gfn: 0xf0000, mfn: 0x380000000, pages: 2, because: "before-msix-table" },
      { gfn: 0xf0003, mfn: 0x380000003, pages: 8189, because: "after-msix-table" },
    ]);
    expect(cut.holes).toEqual([{ gfn: 0xf0002, pages: 1, because: "msix-table" }]);
    expect(cut.remarks).toEqual([]);
  });

  it("cuts as the memory_map lines of a real guest show (Xen 4.14.3, xen-devel 2022-07-04)", () => {
    const bar0 = cutForQemu({
      guest: 0xf3070000,
      host: 0xa2500000,
      size: 0x4000,
      msix: { tableOffset: 0x2000, vectors: 17 },
    });
    expect(shape(bar0)).toEqual([
      [0xf3070, 0xa2500, 2],
      [0xf3073, 0xa2503, 1],
    ]);
    const bar4 = cutForQemu({ guest: 0xf3075000, host: 0xa2504000, size: 256, msix: null });
    expect(shape(bar4)).toEqual([[0xf3075, 0xa2504, 1]]);
    expect(codes(bar4)).toEqual(["sub-page"]);
  });

  it("maps a BAR without MSI-X whole", () => {
    const cut = cutForQemu({ guest: 0x800000000, host: 0x383800000000, size: 2 ** 35, msix: null });
    expect(cut.pieces).toEqual([{ gfn: 0x800000, mfn: 0x383800000, pages: 8388608, because: "whole-bar" }]);
  });

  it("has only the part behind a table at offset 0", () => {
    const cut = cutForQemu({
      guest: 0xf0000000,
      host: 0xe0000000,
      size: 0x8000,
      msix: { tableOffset: 0, vectors: 257 },
    });
    expect(shape(cut)).toEqual([[0xf0002, 0xe0002, 6]]);
    expect(cut.holes).toEqual([{ gfn: 0xf0000, pages: 2, because: "msix-table" }]);
  });

  it("maps nothing where the table's pages fill the BAR", () => {
    const msix = { tableOffset: 0, vectors: 2048 };
    const cut = cutForQemu({ guest: 0xf0000000, host: 0xe0000000, size: 0x8000, msix });
    expect(cut.pieces).toEqual([]);
    expect(codes(cut)).toEqual(["msix-fills-bar"]);
    expect(cut.holes).toEqual([{ gfn: 0xf0000, pages: 8, because: "msix-table" }]);
  });

  it("rounds each number up by itself for a table that is not page-aligned, one page past the end", () => {
    const msix = { tableOffset: 0x1800, vectors: 16 };
    const cut = cutForQemu({ guest: 0xf0000000, host: 0xe0000000, size: 0x4000, msix });
    expect(shape(cut)).toEqual([
      [0xf0000, 0xe0000, 2],
      [0xf0003, 0xe0003, 2],
    ]);
    expect(cut.holes).toEqual([{ gfn: 0xf0002, pages: 1, because: "msix-table" }]);
    expect(codes(cut)).toEqual(["msix-unaligned", "past-bar-end"]);
    expect(cut.remarks[1]?.unverified).toBe(true);
  });

  it("rounds up to the following page where an address is not page-aligned", () => {
    const cut = cutForQemu({ guest: 0xf0000800, host: 0xe0000400, size: 0x400, msix: null });
    expect(shape(cut)).toEqual([[0xf0001, 0xe0001, 1]]);
    expect(codes(cut)).toEqual(["sub-page", "gfn-rounded-up", "mfn-rounded-up"]);
  });

  it("skips a BAR with no address on the host", () => {
    expect(codes(cutForQemu({ guest: 0xf0000000, host: 0, size: 0x4000, msix: null }))).toEqual(["zero-address"]);
    expect(codes(cutForQemu({ guest: 0xf0000000, host: 0xe0000000, size: 0, msix: null }))).toEqual(["zero-address"]);
  });

  it("names a table that lies behind the BAR", () => {
    const msix = { tableOffset: 0x4000, vectors: 1 };
    const cut = cutForQemu({ guest: 0xf0000000, host: 0xe0000000, size: 0x4000, msix });
    expect(cut.pieces).toHaveLength(1);
    expect(codes(cut)).toEqual(["msix-outside-bar"]);
  });

  it("tiles the BAR with pieces and holes when the table is page-aligned", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 12, max: 38 }),
        fc.nat(1000),
        fc.nat(1000),
        fc.nat(),
        fc.integer({ min: 1, max: 2048 }),
        (log, g, h, t, vectors) => {
          const size = 2 ** log;
          const guest = (g + 1) * size;
          const host = (h + 1) * size;
          const tableOffset = (t % (size / 4096)) * 4096;
          const { pieces, holes } = cutForQemu({ guest, host, size, msix: { tableOffset, vectors } });
          const all = [...pieces, ...holes].sort((a, b) => a.gfn - b.gfn);
          let next = guest / 4096;
          for (const part of all) {
            expect(part.gfn).toBe(next);
            next += part.pages;
          }
          expect(next).toBe((guest + size) / 4096);
          for (const p of pieces) expect(p.mfn - host / 4096).toBe(p.gfn - guest / 4096);
          expect(holes[0]?.gfn).toBe((guest + tableOffset) / 4096);
        },
      ),
    );
  });
});
