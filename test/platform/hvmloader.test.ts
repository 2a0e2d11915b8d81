import { describe, expect, it } from "vitest";
import { placeBars } from "../../src/platform/hvmloader.ts";
import { barLine, wideHex } from "../../src/platform/hvmloader-print.ts";
import { device, io, libxl, memory, memory64, xen } from "./helpers.ts";

const KIB = 2 ** 10;
const MIB = 2 ** 20;
const GIB = 2 ** 30;

const codes = (placed: ReturnType<typeof placeBars>): string[] => placed.remarks.map((r) => r.code);

describe("a 64-bit BAR above 1 GiB", () => {
  const gpu = device("gpu", 5, [memory(0, 16 * MIB), memory64(1, 32 * GIB), memory64(3, 32 * MIB)]);

  it("goes to a multiple of its size above RAM, and leaves the low hole alone (4.19)", () => {
    const placed = placeBars(libxl([gpu], { lowRamEnd: 0xf0000000, highRamEnd: 0x210000000 }));
    expect(placed.bars).toEqual([
      { device: "gpu", index: 1, size: 32 * GIB, address: 0x800000000, where: "high", because: "high-over-1g" },
      { device: "gpu", index: 3, size: 32 * MIB, address: 0xf0000000, where: "low", because: "low-hole" },
      { device: "gpu", index: 0, size: 16 * MIB, address: 0xf2000000, where: "low", because: "low-hole" },
    ]);
    expect(placed.low).toEqual({ start: 0xf0000000, end: 0xfc000000, used: 48 * MIB });
    expect(placed.high).toEqual({ start: 0x800000000, end: 0x1000000000 });
    expect(placed.messages).toContain("pci dev 05:0 bar 14 size 800000000: 80000000c");
  });

  it("first makes the hole grow to its limit before 4.17's stable update", () => {
    const placed = placeBars(libxl([gpu], { release: xen("4.16.5") }));
    expect(placed.low.start).toBe(0x80000000);
    expect(placed.bars[0]).toMatchObject({ address: 0x800000000, because: "high-low-hole-full" });
    expect(placed.bars[1]).toMatchObject({ address: 0x80000000, where: "low" });
    expect(codes(placed)).toContain("hole-grown");
  });

  it("finds no room before that update where the hole holds it by size but not aligned, and goes high after", () => {
    const dev = device("gpu", 5, [memory64(0, 2 * GIB)]);
    const input = libxl([dev], { mmioHoleMiB: 3072, lowRamEnd: GIB });
    const old = placeBars({ ...input, release: xen("4.16.5") });
    expect(old.bars[0]).toMatchObject({ address: null, because: "no-space-low" });
    for (const release of ["4.17-tip", "4.18-tip", "4.19.0"])
      expect(placeBars({ ...input, release: xen(release) }).bars[0]).toMatchObject({ address: 4 * GIB, where: "high" });
  });

  it("is one only if larger: 1 GiB exactly counts into the hole", () => {
    const placed = placeBars(libxl([device("gpu", 5, [memory64(0, GIB)])]));
    expect(placed.low.start).toBe(0x80000000);
    expect(placed.bars[0]).toMatchObject({ address: 0x80000000, where: "low" });
  });

  it("says that the point release is an inference in 4.17 and 4.18", () => {
    expect(codes(placeBars(libxl([gpu], { release: xen("4.17.5") })))).toContain("huge-bars-point-release");
    expect(codes(placeBars(libxl([gpu], { release: xen("4.19.0") })))).not.toContain("huge-bars-point-release");
  });

  it("stays without an address beyond the guest's address width", () => {
    const placed = placeBars(libxl([gpu], { physBits: 36, lowRamEnd: 0xf0000000, highRamEnd: 33 * GIB }));
    expect(placed.bars[0]).toMatchObject({ address: null, where: "none", because: "no-space-high" });
    expect(placed.messages).toContain("pci dev 05:0 bar 14 size 800000000: no space for resource!");
    expect(placed.high).toBeNull();
    const ends = placeBars(libxl([gpu], { physBits: 36 }));
    expect(ends.bars[0]).toMatchObject({ address: 0x800000000 });
  });

  it("is 32-bit only by its register: it cannot go high", () => {
    const placed = placeBars(libxl([device("odd", 5, [memory(0, 2 * GIB)])], { lowRamEnd: GIB }));
    expect(placed.low.start).toBe(0x80000000);
    expect(placed.bars[0]).toMatchObject({ address: null, because: "no-space-low" });
  });
});

describe("the low hole", () => {
  const fill = (mib: number): ReturnType<typeof device> => device("d", 4, [memory(0, mib * MIB)]);

  it.each([
    [128, 0xf0000000],
    [256, 0xe0000000],
    [512, 0xc0000000],
    [1024, 0x80000000],
    [2048, 0x80000000],
  ])("doubles for %i MiB to start at %i", (mib, start) => {
    expect(placeBars(libxl([fill(mib)], { lowRamEnd: GIB })).low.start).toBe(start);
  });

  it("stops where it would shift to zero, and may move all RAM above it when allowed", () => {
    const placed = placeBars(libxl([fill(2048)], { allowRelocate: true, lowRamEnd: 0xf0000000 }));
    expect(placed.low.start).toBe(0x80000000);
    expect(placed.lowRamEnd).toBe(0x80000000);
    expect(placed.highRamEnd).toBe(0x170000000);
    expect(codes(placed)).toContain("ram-relocated");
    expect(placed.messages).toContain("RAM in high memory; setting high_mem resource base to 170000000");
  });

  it("never grows into RAM with allow-relocate 0, and sends 64-bit BARs high instead", () => {
    const gpu = device("gpu", 4, [memory64(0, 256 * MIB), memory64(2, 64 * MIB)]);
    const placed = placeBars(libxl([gpu], { lowRamEnd: 0xf0000000, highRamEnd: 0x110000000 }));
    expect(placed.low.start).toBe(0xf0000000);
    expect(placed.bars[0]).toMatchObject({ address: 0x110000000, because: "high-low-hole-full" });
    expect(placed.bars[1]).toMatchObject({ address: 0xf0000000, where: "low" });
    expect(placed.high).toEqual({ start: 0x110000000, end: 0x120000000 });
    expect(placed.messages).toContain("Low MMIO hole not large enough for all devices, relocating some BARs to 64-bit");
  });

  it("grows as far as RAM lets it", () => {
    expect(placeBars(libxl([fill(1024)], { lowRamEnd: 0xc0000000 })).low.start).toBe(0xc0000000);
    expect(placeBars(libxl([fill(1024)], { lowRamEnd: 0xc0001000 })).low.start).toBe(0xe0000000);
  });

  it("starts where mmio_hole says and does not grow further", () => {
    const placed = placeBars(libxl([fill(512)], { mmioHoleMiB: 512, lowRamEnd: GIB }));
    expect(placed.low.start).toBe(0xe0000000);
    expect(placed.bars[0]).toMatchObject({ address: null, because: "no-space-low" });
    expect(codes(placed)).toEqual(["hole-given"]);
  });

  it("ignores an mmio_hole that would start above 0xF0000000", () => {
    const placed = placeBars(libxl([fill(16)], { mmioHoleMiB: 128 }));
    expect(placed.low.start).toBe(0xf0000000);
    expect(codes(placed)).toEqual(["hole-ignored"]);
  });

  it("skips reserved device memory and aligns again", () => {
    const rdm = [{ start: 0xf0000000, end: 0xf0001000 }];
    const two = device("d", 4, [memory(0, 16 * MIB), memory(1, 4 * KIB)]);
    const placed = placeBars(libxl([two], { rdm, lowRamEnd: 0xf0000000 }));
    expect(placed.bars.map((b) => b.address)).toEqual([0xf1000000, 0xf2000000]);
    const below = placeBars(libxl([two], { rdm, lowRamEnd: GIB }));
    expect(below.low.start).toBe(GIB);
    expect(codes(below)).toContain("hole-lowered-for-rdm");
  });

  it("gives up its end to a write-back platform device from 4.21 on", () => {
    const platform = device("platform", 2, [io(0, 256), memory(1, 16 * MIB)], { xenPlatform: true });
    const input = libxl([platform, fill(32)], { platformWriteBack: true });
    expect(placeBars({ ...input, release: xen("4.21.0") }).bars[0]).toMatchObject({
      address: 0xfb000000,
      because: "platform-write-back",
    });
    expect(placeBars({ ...input, release: xen("4.21.0") }).low.end).toBe(0xfb000000);
    expect(placeBars(input).bars[1]).toMatchObject({ device: "platform", address: 0xf2000000 });
  });
});

describe("order and room", () => {
  it("places by descending size, equal sizes by devfn and then register, ROMs among them", () => {
    const a = device("a", 6, [memory(0, MIB), memory(1, MIB)], { rom: MIB });
    const b = device("b", 3, [memory(2, MIB), memory(0, 4 * KIB)], { rom: 64 * KIB });
    const placed = placeBars(libxl([a, b]));
    expect(placed.bars.map((x) => `${x.device}${x.index}`)).toEqual(["b2", "a0", "a1", "a6", "b6", "b0"]);
    expect(placed.bars.map((x) => x.address)).toEqual([
      0xf0000000, 0xf0100000, 0xf0200000, 0xf0300000, 0xf0400000, 0xf0410000,
    ]);
  });

  it("leaves out what does not fit and goes on with the smaller ones", () => {
    const many = [4, 5, 6].map((slot) => device(`d${slot}`, slot, [memory(0, 128 * MIB)]));
    const placed = placeBars(libxl([...many, device("s", 7, [memory(0, MIB)])], { lowRamEnd: 0xf0000000 }));
    expect(placed.bars.map((b) => b.address)).toEqual([0xf0000000, null, null, 0xf8000000]);
    expect(placed.messages.filter((m) => m.endsWith("no space for resource!"))).toHaveLength(2);
  });

  it("places I/O BARs from 0xC000 and never past 0x10000", () => {
    const d = device("d", 4, [io(0, 0x2000), io(1, 0x2000), io(2, 0x100)]);
    expect(placeBars(libxl([d])).bars.map((b) => b.address)).toEqual([0xc000, 0xe000, null]);
  });

  it("reports a BAR that cannot be one, and a device without a slot", () => {
    const odd = device("odd", 4, [memory(0, 3 * MIB), memory(1, 0), memory(2, Number.NaN)]);
    const lost = { ...device("lost", 0, [memory(0, MIB)]), devfn: null };
    const placed = placeBars(libxl([odd, lost]));
    expect(placed.bars.map((b) => b.because)).toEqual(["bad-size", "bad-size", "bad-size", "bad-slot"]);
    expect(placed.remarks).toHaveLength(4);
  });
});

describe("the print format", () => {
  it.each([
    [32 * GIB, "800000000"],
    [16 * MIB, "001000000"],
    [16, "000000010"],
    [2 ** 40, "10000000000"],
  ])("prints %i as %s", (n, text) => {
    expect(wideHex(n)).toBe(text);
  });

  it("adds the flag bits of the register", () => {
    const line = (more: object): string =>
      barLine(
        { devfn: 0xfb, index: 5, kind: "memory", width: 32, prefetchable: false, size: 4096, ...more },
        0xf0000000,
      );
    expect(line({})).toBe("pci dev 1f:3 bar 24 size 000001000: 0f0000000");
    expect(line({ prefetchable: true })).toMatch(/0f0000008$/);
    expect(line({ width: 64 })).toMatch(/0f0000004$/);
    expect(line({ width: 64, prefetchable: true })).toMatch(/0f000000c$/);
    expect(line({ kind: "io" })).toMatch(/0f0000001$/);
    expect(line({ kind: "rom", index: 6 })).toBe("pci dev 1f:3 bar 30 size 000001000: 0f0000000");
  });
});
