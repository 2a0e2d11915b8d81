import { describe, expect, it } from "vitest";
import { type AddressMap, addressMapOf, type MapBlock } from "../../src/plan/index.ts";
import { keysOf, planned } from "./helpers.ts";
import { GPU, inventoryOf, lspci, NIC, p40, xlCfg, xlInfo } from "./samples.ts";

const GIB = 2 ** 18;
const MIB = 256;
const quiet = { advice: false, boot: false };
const mapOf = (inventory: ReturnType<typeof inventoryOf>, keys = ""): AddressMap =>
  addressMapOf(planned(inventory, keys === "" ? {} : keysOf(keys), quiet));
const nic = (...cfg: string[]) => inventoryOf(lspci([NIC]), xlInfo("4.17.3", ""), xlCfg("memory = 2048", ...cfg));
const gpu = () => inventoryOf(lspci([GPU]), xlInfo("4.17.3", ""), xlCfg("memory = 2048"));
const bar = (map: AddressMap, index: number): MapBlock => map.blocks.find((block) => block.bar?.index === index)!;
const told = (spans: MapBlock["p2m"]) => spans.map(({ pages, order, access }) => [pages, order, access]);

describe("the address map of a plan", () => {
  it("has RAM and BARs in ascending order, and what both trees say of them", () => {
    const map = mapOf(p40(), "xen=4.11");
    expect(map.blocks.map(({ what, start, pages }) => [what, start, pages])).toEqual([
      ["ram", 0, 3.75 * GIB],
      ["bar", 0xf0000, 32 * MIB],
      ["bar", 0xf4000, 16 * MIB],
      ["ram", 4 * GIB, 32 * GIB - 3.75 * GIB - 16 * MIB],
      ["bar", 64 * GIB, 32 * GIB],
    ]);
    expect(map).toMatchObject({ iommu: "own", formats: { p2m: "ept", iommu: "vtd" }, unplaced: [] });
    expect(told(bar(map, 1).p2m)).toEqual([[32 * GIB, 0, "rwx"]]);
    expect(told(bar(map, 1).iommu)).toEqual([[32 * GIB, 0, "rw-"]]);
    expect(bar(map, 1).iommu[0]!.maps).toBe(0x383800000);
    expect(map.blocks.flatMap(({ differences }) => differences)).toEqual([]);
  });

  it("shows that the IOMMU's entries are larger where it joins them", () => {
    const map = mapOf(p40(), "xen=4.17");
    expect(told(bar(map, 1).p2m).map(([, order]) => order)).toEqual([9]);
    expect(told(bar(map, 1).iommu).map(([, order]) => order)).toEqual([18]);
    expect(bar(map, 1).differences).toEqual([]);
  });

  it("cuts the MSI-X table out, and shows what is read-only beside it", () => {
    const block = bar(mapOf(nic()), 3);
    expect(block.cuts).toEqual([{ start: block.start, pages: 1, because: "msix-table" }]);
    expect(block.p2m.map(({ start, pages }) => [start - block.start, pages])).toEqual([
      [1, 1],
      [2, 6],
    ]);
    expect(block.p2m.map(({ access }) => access.includes("w"))).toEqual([false, true]);
  });

  it("tells of a disagreement: before 4.9 direct MMIO got no IOMMU rights", () => {
    const map = mapOf(gpu(), "xen=4.8,cmdline=iommu=no-sharept");
    const { start, pages, differences } = bar(map, 1);
    expect(differences).toEqual([
      { start, pages, code: "p2m-only", says: expect.stringContaining("only the P2M maps this") },
    ]);
  });

  it("knows shared tables, no IOMMU, and no P2M", () => {
    expect(mapOf(gpu(), "xen=4.17")).toMatchObject({ iommu: "shared", formats: { p2m: "ept", iommu: null } });
    expect(mapOf(gpu(), "cmdline=iommu=off").iommu).toBe("none");
    const pv = mapOf(gpu(), "guest=pv");
    expect(pv.formats.p2m).toBeNull();
    expect(pv.blocks.flatMap(({ p2m, iommu, differences }) => [p2m, iommu, differences].flat())).toEqual([]);
  });

  it("has iomem= ranges, and names BARs without a place", () => {
    const config = xlCfg("memory = 2048", 'iomem = ["d0000,10@d0000"]');
    const dead = { ...GPU, bars: [GPU.bars[0]!, { index: 1, at: null, size: "256M" }] };
    const map = mapOf(inventoryOf(lspci([dead]), xlInfo("4.17.3", ""), config));
    expect(map.blocks.find(({ what }) => what === "iomem")).toMatchObject({ start: 0xd0000, pages: 16 });
    expect(map.unplaced).toEqual([{ bdf: "0000:3b:00.0", index: 1, because: expect.stringContaining("no address") }]);
  });
});
