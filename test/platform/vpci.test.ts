import { describe, expect, it } from "vitest";
import type { Gfn, Mfn } from "../../src/address.ts";
import { cutForVpci, type VpciBar, type VpciInput } from "../../src/platform/vpci.ts";
import { FrameSet } from "../../src/ranges.ts";
import { xen } from "./helpers.ts";

const MIB = 2 ** 20;
const same = (index: number, address: number, size: number): VpciBar => ({
  index,
  guest: address,
  host: address,
  size,
});
const cut = (release: string, bars: VpciBar[], more: Partial<VpciInput> = {}): ReturnType<typeof cutForVpci> =>
  cutForVpci({ release: xen(release), bars, msix: null, ...more });
const lengths = (c: ReturnType<typeof cutForVpci>): number[] => c.runs.map((r) => r.pages);
const table = (bar: number, offset: number, vectors = 16): VpciInput["msix"] => ({
  vectors,
  table: { bar, offset },
  pba: null,
});

/** Entries of a run by guest-mmio-layout.md 12, for gfn = mfn. */
function entries(start: number, pages: number): { small: number; large: number } {
  const large = Math.max(0, Math.floor((start + pages) / 512) - Math.ceil(start / 512));
  return { small: pages - 512 * large, large };
}

describe("cutForVpci", () => {
  it("leaves 511 frames of a 2 MiB BAR with a one-page table at 0", () => {
    const c = cut("4.17.0", [same(0, 0xfe000000, 2 * MIB)], { msix: table(0, 0) });
    expect(lengths(c)).toEqual([511]);
    expect(c.holes).toEqual([{ gfn: 0xfe000, pages: 1, because: "msix-table" }]);
  });

  it("leaves 3 frames and a rest of 508 small and 31 large entries of 64 MiB with the table at 0x3000", () => {
    const c = cut("4.19.0", [same(0, 0xf8000000, 64 * MIB)], { msix: table(0, 0x3000) });
    expect(lengths(c)).toEqual([3, 16380]);
    const rest = c.runs[1];
    expect(rest && entries(rest.gfn, rest.pages)).toEqual({ small: 508, large: 31 });
  });

  it("takes out table and PBA, rounded outwards", () => {
    const msix = { vectors: 257, table: { bar: 2, offset: 0x1800 }, pba: { bar: 2, offset: 0x5ff8 } };
    const c = cut("4.19.0", [same(2, 0xf8000000, 0x8000)], { msix });
    expect(c.holes).toEqual([
      { gfn: 0xf8001, pages: 2, because: "msix-table" },
      { gfn: 0xf8005, pages: 2, because: "msix-pba" },
    ]);
    expect(c.runs.map((r) => [r.gfn, r.pages])).toEqual([
      [0xf8000, 1],
      [0xf8003, 2],
      [0xf8007, 1],
    ]);
  });

  it("covers the page of a smaller BAR, and a shared page once", () => {
    const bars = [same(0, 0xf8000000, 256), same(2, 0xf8000800, 0x800)];
    const c = cut("4.19.0", bars);
    expect(c.runs).toHaveLength(1);
    expect(c.runs[0]).toMatchObject({ gfn: 0xf8000, pages: 1, bars: [0] });
    expect(c.holes).toEqual([{ gfn: 0xf8000, pages: 1, because: "earlier-bar" }]);
    expect(cut("4.18.0", bars).runs[0]).toMatchObject({ pages: 1, bars: [0, 2] });
  });

  it("has one set for the device up to 4.18, so that adjoining BARs share a run; one a BAR since", () => {
    const bars = [same(0, 0xf8000000, MIB), same(2, 0xf8100000, MIB)];
    expect(lengths(cut("4.18.0", bars))).toEqual([512]);
    expect(lengths(cut("4.19.0", bars))).toEqual([256, 256]);
  });

  it("maps at the guest's address from 4.19 on, with equal offsets in the page", () => {
    const moved = { index: 0, guest: 0xf8000000, host: 0x380000000000, size: MIB };
    expect(cut("4.19.0", [moved]).runs[0]).toMatchObject({ gfn: 0xf8000, mfn: 0x380000000, pages: 256 });
    expect(cut("4.18.0", [moved]).skipped).toEqual([{ bar: 0, because: "not-identity" }]);
    const shifted = { index: 0, guest: 0xf8000000, host: 0x380000000800, size: 0x800 };
    expect(cut("4.19.0", [shifted]).skipped).toEqual([{ bar: 0, because: "page-offset-differs" }]);
  });

  it("does not map what other devices' enabled BARs hold", () => {
    const others = FrameSet.of<Gfn>({ start: 0xf8010, end: 0xf8020 });
    const c = cut("4.20.0", [same(0, 0xf8000000, MIB)], { others });
    expect(lengths(c)).toEqual([16, 224]);
    expect(c.holes).toEqual([{ gfn: 0xf8010, pages: 16, because: "other-device" }]);
  });

  it.each([
    ["4.11.0", [256], 0],
    ["4.16.5", [256], 0],
    ["4.17.0", [], 1],
    ["4.18.6", [], 1],
    ["4.19.2", [], 1],
    ["4.20.0", [], 1],
    ["4.19.3", [254], 0],
    ["4.20.1", [254], 0],
    ["4.21.0", [254], 0],
  ])("treats an overlap with the host's E820 as %s does", (release, runs, skipped) => {
    const c = cut(release, [same(0, 0xf8000000, MIB)], { hostE820: [{ start: 0xf7fff000, end: 0xf8001800 }] });
    expect(lengths(c)).toEqual(runs);
    expect(c.skipped).toHaveLength(skipped);
  });

  it("stops at a run without iomem permission from 4.18 on", () => {
    const permitted = FrameSet.of<Mfn>({ start: 0xf8000, end: 0xf8100 });
    const bars = [same(0, 0xf8000000, MIB), same(2, 0xf9000000, MIB), same(4, 0xf8000000, MIB)];
    const c = cut("4.19.0", bars, { permitted });
    expect(c.runs.map((r) => r.gfn)).toEqual([0xf8000]);
    expect(c.refused).toMatchObject({ gfn: 0xf9000, bars: [2] });
    expect(cut("4.17.0", bars, { permitted }).refused).toBeNull();
  });

  it("is not there before 4.11, and skips BARs without an address", () => {
    expect(cut("4.10.0", [same(0, 0xf8000000, MIB)]).remarks[0]?.code).toBe("no-vpci");
    expect(cut("4.19.0", [same(0, 0, MIB)]).skipped).toEqual([{ bar: 0, because: "zero-address" }]);
  });
});
