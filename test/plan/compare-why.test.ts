import { describe, expect, it } from "vitest";
import type { Gfn } from "../../src/address.ts";
import type { Inventory } from "../../src/inventory/index.ts";
import { type CompareDocument, compare, type ScenarioKeys, type WhyDocument, why } from "../../src/plan/index.ts";
import { GPU, inventoryOf, lspci, NIC, xlCfg, xlInfo } from "./samples.ts";

const host = (...cfg: string[]): Inventory =>
  inventoryOf(lspci([GPU]), xlInfo("4.17.3", "iommu=no-sharept"), xlCfg("memory = 8192", "vcpus = 2", ...cfg));

const whyOf = (gfn: number, keys: ScenarioKeys = {}, inventory = host()): WhyDocument => {
  const document = why(inventory, keys, gfn as Gfn);
  if (typeof document === "string") throw new Error(document);
  return document;
};
const codes = (document: WhyDocument): string[] => document.rules.map(({ code }) => code);

describe("why", () => {
  // 256 MiB, 64-bit, more than the low hole holds: above 8 GiB of RAM and the hole, at a multiple of its size.
  const bar1 = 0x210000;

  it("walks to a BAR's 2 MiB leaf and names its rules", () => {
    const document = whyOf(bar1 + 5);
    expect(document).toMatchObject({
      kind: "why",
      bar: { bdf: "0000:3b:00.0", index: 1, offset: "0x5000" },
      p2m: { type: "mmio_direct", maps: "0x383fe0005000", order: 9 },
      scenario: { xen: "4.17.3" },
    });
    expect(codes(document)).toEqual(["high-low-hole-full", "aligned-2m"]);
    expect(document.p2m.steps.map(({ level }) => level)).toEqual([4, 3, 2]);
    expect(document.p2m.steps.at(-1)).toMatchObject({ kind: "leaf", index: (0x210000 / 512) % 512 });
  });

  it("walks the IOMMU's own tables, the shared ones, or none", () => {
    expect(whyOf(bar1).iommu).toMatchObject({ format: "vtd", maps: "0x383fe0000000", order: 9 });
    expect(whyOf(bar1, { cmdline: "" }).iommu).toBe("shared");
    expect(whyOf(bar1, { cmdline: "iommu=off" }).iommu).toBeNull();
  });

  it("leads to RAM, wherever it lies", () => {
    for (const gfn of [0, 0x50, 0x12345, 0xeffff, 0x100000, 0x1fffff]) {
      const document = whyOf(gfn);
      expect([gfn, codes(document), document.p2m.type]).toEqual([gfn, ["guest-ram"], "ram_rw"]);
      expect(document.p2m.maps).not.toBeNull();
    }
  });

  it("says what is nothing: the VGA window, the hole, beyond the BARs", () => {
    for (const gfn of [0xa0, 0xfb000, 0x3000000]) {
      const document = whyOf(gfn);
      expect([gfn, codes(document), document.p2m.maps]).toEqual([gfn, ["nothing-here"], null]);
    }
  });

  it("shows the hole of an MSI-X table, and the pages before and behind it", () => {
    const bars = [{ index: 0, at: "c5000000", size: "32M" }];
    const nic = inventoryOf(
      lspci([{ ...NIC, bars, msix: { vectors: 64, table: [0, "00002000"] } }]),
      xlInfo("4.17.3", ""),
      xlCfg("memory = 8192"),
    );
    const first = 0xf0000;
    const hole = whyOf(first + 2, {}, nic);
    expect([codes(hole), hole.p2m.maps]).toEqual([["low-hole", "msix-table"], null]);
    expect(codes(whyOf(first + 1, {}, nic))).toEqual(["low-hole", "after-boundary"]);
    expect(codes(whyOf(first + 3, {}, nic))).toEqual(["low-hole", "before-boundary"]);
    expect(codes(whyOf(first + 512, {}, nic))).toEqual(["low-hole", "aligned-2m"]);
  });

  it("names a range of iomem=", () => {
    const document = whyOf(0xa00001, {}, host('iomem = [ "f7d10,4@a00000" ]'));
    expect(codes(document)).toEqual(["iomem", "misaligned"]);
    expect(document.p2m.maps).toBe("0xf7d11000");
  });

  it("refuses a frame beyond every table, beyond the guest, and a guest without a P2M, in one sentence", () => {
    expect(why(host(), {}, (2 ** 36) as Gfn)).toBe(
      "gfn 0x1000000000 lies beyond what the P2M translates: the last frame is 0xfffffffff",
    );
    expect(why(host(), { physBits: 40 }, (2 ** 28) as Gfn)).toContain("the guest's 40 physical address bits");
    expect(why(host(), { guest: "pv" }, 0 as Gfn)).toContain("no P2M");
  });
});

describe("compare", () => {
  const compared = (...changes: string[]): CompareDocument => {
    const document = compare(host(), {}, changes);
    if (typeof document === "string") throw new Error(document);
    return document;
  };

  it("puts the inputs as they are first, then each change", () => {
    const { scenarios } = compared("cmdline=", "xen=4.12,cpu=amd");
    expect(scenarios.map(({ name }) => name)).toEqual(["as it is", "cmdline=", "xen=4.12,cpu=amd"]);
    expect(scenarios.map(({ plan }) => [plan.scenario.xen, plan.scenario.cpu, plan.scenario.iommu.shared])).toEqual([
      ["4.17.3", "intel", false],
      ["4.17.3", "intel", true],
      ["4.12.0", "amd", false],
    ]);
    expect(scenarios.every(({ plan }) => plan.advice.length === 0)).toBe(true);
  });

  it("tells which counts differ, those of a boot included", () => {
    expect(compared("xen=4.17.3").differs).toEqual([]);
    expect(compared("cmdline=").differs).toContain("iommuEntries");
    const kernel = compared("guest-kernel=linux>=6.15");
    expect(kernel.differs).toContain("hypercalls");
    expect(kernel.scenarios[0]?.plan.ledger).toEqual(kernel.scenarios[1]?.plan.ledger);
  });

  it("names the change that is wrong", () => {
    expect(compare(host(), {}, ["xen=4.99"])).toContain("--with xen=4.99: unknown Xen release");
    expect(compare(host(), {}, ["nonsense"])).toContain("--with nonsense: expected KEY=VALUE");
  });
});
