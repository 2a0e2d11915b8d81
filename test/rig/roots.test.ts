import { describe, expect, it } from "vitest";
import { RELEASES, releaseOf } from "../../rig/releases.ts";
import { findImage, hypervisorFrames, readDomains } from "../../rig/roots.ts";
import { type TestRam, testRam } from "./memory.ts";

const DIRECT_MAP = 0xffff830000000000n;
const FRAME_TABLE = 0xffff82e000000000n;
const SYMBOLS = { domainList: 0x201000, physStart: 0x202008 };
const IMAGE = 0x400000;

/** dom0 without tables, then a domain with all of them, at the offsets of a release (rig.md 4). */
function machine(version: string, iommu: "amdvi" | "vtd"): TestRam {
  const { offsets } = releaseOf(version);
  const ram = testRam(0x1000);
  ram.put(IMAGE + SYMBOLS.physStart, BigInt(IMAGE));
  ram.put(IMAGE + SYMBOLS.domainList, DIRECT_MAP + 0x10000n);
  ram.put(0x10000 + offsets.nextDomain, DIRECT_MAP + 0x20000n);
  ram.put(0x20000, 0xabcd0007n);
  ram.put(0x20000 + offsets.p2m, DIRECT_MAP + 0x30040n);
  ram.put(0x30040 + offsets.p2mRootMfn, 0x7fcn);
  if (iommu === "amdvi") {
    ram.put(0x20000 + offsets.amdRoot, FRAME_TABLE + 32n * 0x72730n);
    ram.put(0x20000 + offsets.amdLevels, 4n);
  } else {
    ram.put(0x20000 + offsets.vtdRoot, 0x7263e000n);
    ram.put(0x20000 + offsets.vtdWidth, 2n);
  }
  return ram;
}

describe("readDomains", () => {
  const cases = RELEASES.flatMap((r) => (["amdvi", "vtd"] as const).map((iommu) => [r.version, iommu] as const));
  it.each(cases)("finds the roots of Xen %s with %s", (version, iommu) => {
    const ram = machine(version, iommu);
    expect(findImage(ram, SYMBOLS)).toBe(IMAGE);
    const root = iommu === "amdvi" ? 0x72730 : 0x7263e;
    expect(readDomains(ram, IMAGE, SYMBOLS, releaseOf(version).offsets, iommu)).toEqual([
      { id: 0, p2m: null, iommu: null },
      { id: 7, p2m: 0x7fc, iommu: { root, levels: 4 } },
    ]);
  });

  it("sees no IOMMU tables where the machine has none", () => {
    const domains = readDomains(machine("4.17", "vtd"), IMAGE, SYMBOLS, releaseOf("4.17").offsets, null);
    expect(domains.map((domain) => domain.iommu)).toEqual([null, null]);
  });

  it("throws on a list that goes astray or in a circle", () => {
    const { offsets } = releaseOf("4.17");
    const ram = machine("4.17", "amdvi");
    ram.put(0x20000 + offsets.nextDomain, DIRECT_MAP + 0x10000n);
    expect(() => readDomains(ram, IMAGE, SYMBOLS, offsets, "amdvi")).toThrow(/domains/);
    ram.put(0x20000 + offsets.nextDomain, 0x1234n);
    expect(() => readDomains(ram, IMAGE, SYMBOLS, offsets, "amdvi")).toThrow(/domains/);
    ram.put(0x20000 + offsets.nextDomain, DIRECT_MAP + 0x7fffffff000n);
    expect(() => readDomains(ram, IMAGE, SYMBOLS, offsets, "amdvi")).toThrow(/domains/);
  });

  it("finds no image in memory without one", () => {
    expect(findImage(testRam(0x1000), SYMBOLS)).toBeUndefined();
  });
});

describe("releaseOf", () => {
  it("takes a point release for its branch, and nothing else", () => {
    expect(releaseOf("4.17.7").version).toBe("4.17");
    expect(() => releaseOf("4.1")).toThrow(/4\.14, 4\.17, 4\.20/);
    expect(() => releaseOf("4.170")).toThrow(/no Xen 4\.170/);
  });
});

describe("hypervisorFrames", () => {
  it("are the image without what only boot needs, and the code that starts processors, where a word says", () => {
    const ram = testRam(0x1000);
    const symbols = {
      ...SYMBOLS,
      textStart: 0x200000,
      constantsEnd: 0x3b7000,
      dataStart: 0x45b000,
      end: 0x5a6140,
      bootAllocator: 0x472000,
      trampolineAt: 0x203000,
      trampolineStart: 0x3dec50,
      trampolineEnd: 0x3e05c0,
    };
    ram.put(IMAGE + symbols.trampolineAt, 0x8f000n);
    expect(hypervisorFrames(ram, IMAGE, symbols)).toEqual({
      ownFrames: [
        { start: 0x8f, end: 0x91 },
        { start: 0x600, end: 0x7b7 },
        { start: 0x85b, end: 0x9a7 },
      ],
      bootAllocator: { start: 0x872, end: 0x972 },
    });
  });
});
