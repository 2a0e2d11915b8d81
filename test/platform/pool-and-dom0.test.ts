import { describe, expect, it } from "vitest";
import { type Dom0IomemInput, dom0Iomem } from "../../src/platform/dom0-iomem.ts";
import { type PoolInput, pagingPool, tablesFor, takenAtCreation } from "../../src/platform/paging-pool.ts";
import { pvhDom0Map, pvhRamAllocations } from "../../src/platform/pvh-dom0.ts";
import { xen } from "./helpers.ts";

const MIB = 2 ** 20;

describe("the paging pool (xen-mapping.md 11.1)", () => {
  const pool = (release: string, more: Partial<PoolInput> = {}): ReturnType<typeof pagingPool> =>
    pagingPool({
      release: xen(release),
      kind: "hvm",
      hap: true,
      vcpus: 4,
      maxMemMiB: 8192,
      shadowMemoryMiB: null,
      ...more,
    });

  it("has one page a MiB from 4.17 on for HAP, two before and in shadow mode", () => {
    expect(pool("4.17.0")).toEqual({ pages: 9216, because: "pool-default-hap" });
    expect(pool("4.16.5")).toEqual({ pages: 1024 + 16384, because: "pool-default" });
    expect(pool("4.19.0", { hap: false })).toEqual({ pages: 1024 + 16384, because: "pool-default" });
    expect(pool("4.19.0", { kind: "pv", hap: false })).toEqual({ pages: 1024, because: "pool-default-pv" });
  });

  it("follows shadow_memory, with 256 pages at least", () => {
    expect(pool("4.19.0", { shadowMemoryMiB: 64 })).toEqual({ pages: 16384, because: "pool-configured" });
    expect(pool("4.19.0", { shadowMemoryMiB: 0 })).toEqual({ pages: 256, because: "pool-minimum" });
  });

  it("is rounded up to a MiB for a PVH dom0", () => {
    const dom0 = { kind: "pvh-dom0", vcpus: 1, maxMemMiB: 100 } as const;
    expect(pool("4.17.0", dom0).pages).toBe(512);
    expect(pool("4.16.0", { ...dom0, maxMemMiB: 300 }).pages).toBe(1024);
    expect(pool("4.17.0", { ...dom0, maxMemMiB: 300 }).pages).toBe(768);
    expect(pool("4.17.0", { ...dom0, maxMemMiB: 300, hap: false }).pages).toBe(1024);
  });

  it.each([
    ["4.14.0", 12, 245],
    ["4.22.0", 12, 245],
    ["4.13.5", 45, 215],
    ["4.11.0", 45, 215],
  ])("loses to creation in %s %i pages of a 1 MiB pool, and leaves %i for the P2M", (release, pages, left) => {
    const use = takenAtCreation({ release: xen(release), vcpus: 1, altp2m: false });
    expect(use.pages).toBe(pages);
    const nested = use.p2mPages - use.hostP2mPages;
    expect(256 - nested - use.monitorPages).toBe(left);
  });

  it("also pays for altp2m views: 10, from 4.21 those asked for", () => {
    const use = (release: string) => takenAtCreation({ release: xen(release), vcpus: 2, altp2m: true, altp2mViews: 3 });
    expect(use("4.20.0").pages).toBe(21 + 2);
    expect(use("4.21.0").pages).toBe(14 + 2);
    expect(use("4.13.0").pages).toBe(84 + 2);
  });
});

describe("tablesFor", () => {
  const bar = (start: number, pages: number, order: 0 | 9 | 18) => tablesFor([{ start, end: start + pages, order }]);

  it("counts 16,384 PTs and 32 PDs for 32 GiB in 4 KiB, and 32 PDs in 2 MiB", () => {
    expect(bar(0x800000, 2 ** 23, 0)).toMatchObject({ pt: 16384, pd: 32, pdpt: 1 });
    expect(bar(0x800000, 2 ** 23, 9)).toMatchObject({ pt: 0, pd: 32, pdpt: 1 });
    expect(bar(0x800000, 2 ** 23, 18)).toMatchObject({ pt: 0, pd: 0, pdpt: 1 });
  });

  it("counts tables at the borders, and those shared once", () => {
    expect(bar(511, 2, 0)).toMatchObject({ pt: 2, pd: 1, pdpt: 1, pages: 4 });
    expect(bar(2 ** 27 - 1, 2, 0)).toEqual({ pt: 2, pd: 2, pdpt: 2, pages: 6 });
    const shared = [
      { start: 0, end: 10, order: 0 },
      { start: 100, end: 110, order: 0 },
      { start: 512, end: 1024, order: 9 },
    ] as const;
    expect(tablesFor(shared)).toEqual({ pt: 1, pd: 1, pdpt: 1, pages: 3 });
    expect(bar(0, 0, 0).pages).toBe(0);
  });
});

describe("a PVH dom0", () => {
  it("gets the host's map with RAM up to its allotment and unusable beyond (xen-mapping.md 8.2)", () => {
    const map = pvhDom0Map(
      [
        { start: 0x100000, end: 0x40000000, type: "ram" },
        { start: 0, end: 0x9fc00, type: "ram" },
        { start: 0x9fc00, end: 0xa0000, type: "reserved" },
        { start: 0x100000000, end: 0x140000000, type: "ram" },
      ],
      (0x9f000 + 16 * MIB) / 4096,
    );
    expect(map).toEqual([
      { start: 0, end: 0x9f000, type: "ram" },
      { start: 0x9fc00, end: 0xa0000, type: "reserved" },
      { start: 0x100000, end: 0x1100000, type: "ram" },
      { start: 0x1100000, end: 0x40000000, type: "unusable" },
      { start: 0x100000000, end: 0x140000000, type: "unusable" },
    ]);
  });

  it("is populated with the orders of xen-mapping.md 8.4", () => {
    const orders = (start: number, end: number, max = 20): number[][] =>
      [...pvhRamAllocations({ start, end }, max)].map((a) => [a.start, a.order]);
    expect(orders(0, 0x9f)).toEqual([
      [0, 7],
      [0x80, 4],
      [0x90, 3],
      [0x98, 2],
      [0x9c, 1],
      [0x9e, 0],
    ]);
    expect(orders(0x100, 0x40000).slice(0, 3)).toEqual([
      [0x100, 8],
      [0x200, 9],
      [0x400, 10],
    ]);
    expect(orders(0x40000, 0x100000)).toEqual([
      [0x40000, 18],
      [0x80000, 19],
    ]);
    expect(orders(0x40000, 0x100000, 18)).toHaveLength(3);
    const covered = [...pvhRamAllocations({ start: 0x123, end: 0x98765 }, 18)].reduce((n, a) => n + 2 ** a.order, 0);
    expect(covered).toBe(0x98765 - 0x123);
  });

  const input: Dom0IomemInput = {
    release: xen("4.21.0"),
    pvh: true,
    physBits: 46,
    cpu: "intel",
    family: 6,
    ioApics: [{ mfn: 0xfec00, readOnly: true }],
    unusable: [{ start: 0x1000, end: 0x200000 }],
    mmcfg: [{ start: 0xb0000, end: 0xc0000 }],
    protectedHpet: null,
  };
  const permits = (frame: number, more: Partial<Dom0IomemInput> = {}): boolean =>
    dom0Iomem({ ...input, ...more }).permitted.has(frame);

  it("may map everything but the exceptions of xen-mapping.md 7.9", () => {
    expect(permits(0xfee00)).toBe(false);
    expect(permits(0xfee01)).toBe(true);
    for (const release of ["4.17.7", "4.18.4", "4.19.1", "4.20.0"])
      expect(permits(0xfeeff, { release: xen(release) })).toBe(false);
    expect(permits(0xfec00)).toBe(false);
    expect(permits(0xfec00, { pvh: false })).toBe(true);
    expect(permits(0xb0000)).toBe(false);
    expect(permits(0xb0000, { release: xen("4.19.1") })).toBe(true);
    expect(permits(0xff)).toBe(true);
    expect(permits(0x100)).toBe(false);
    expect(permits(0x200)).toBe(true);
    expect(permits(2 ** 34 - 1)).toBe(true);
    expect(permits(2 ** 34)).toBe(false);
    expect(permits(0xfed00, { protectedHpet: { start: 0xfed00, end: 0xfed01 } })).toBe(false);
  });

  it("loses AMD's 12 GiB below 2^40, or below the top from family 17h and 4.14.4, 4.15.2, 4.16 on", () => {
    const amd = { cpu: "amd", family: 0x17, physBits: 48 } as const;
    const at40 = 0xfd00000000 / 4096;
    const atTop = 2 ** 36 - 1;
    for (const release of ["4.16.0", "4.15.2", "4.14.4"]) {
      expect(permits(at40, { ...amd, release: xen(release) })).toBe(true);
      expect(permits(atTop, { ...amd, release: xen(release) })).toBe(false);
    }
    for (const more of [
      { ...amd, release: xen("4.15.1") },
      { ...amd, family: 0x15 },
    ]) {
      expect(permits(at40, more)).toBe(false);
      expect(permits(at40 - 1, more)).toBe(true);
      expect(permits(atTop, more)).toBe(true);
    }
  });
});
