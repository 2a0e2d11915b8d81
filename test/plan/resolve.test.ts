import { describe, expect, it } from "vitest";
import type { Inventory } from "../../src/inventory/index.ts";
import { plan, type ScenarioKeys } from "../../src/plan/index.ts";
import { document, keysOf } from "./helpers.ts";
import { GPU, inventoryOf, lspci, NIC, xlCfg, xlInfo } from "./samples.ts";

const gpu = inventoryOf(lspci([GPU]), xlInfo("4.17.3", "iommu=verbose"), xlCfg("memory = 4096", "vcpus = 2"));
const quick = (inventory: Inventory, keys: ScenarioKeys = {}) => document(inventory, keys, { boot: false });
const sentence = (inventory: Inventory, keys: ScenarioKeys): string => {
  const result = plan(inventory, keys, { advice: false, boot: false });
  return typeof result === "string" ? result : "planned";
};
const assumed = (inventory: Inventory, keys: ScenarioKeys = {}): string =>
  quick(inventory, keys)
    .notes.filter(({ kind }) => kind === "assumed")
    .map(({ says }) => says)
    .join("\n");

describe("what inputs do not tell is assumed, with a note", () => {
  it("takes the newest release, Intel, an empty command line, 8 GiB, an old kernel", () => {
    const bare = inventoryOf(lspci([GPU]));
    expect(quick(bare).scenario).toMatchObject({ xen: "4.22.0", cpu: "intel", cmdline: "", memoryMiB: 8192 });
    for (const word of [
      "Xen 4.22.0",
      "an Intel processor",
      "empty Xen command line",
      "8 GiB",
      "guest kernel",
      "46 physical",
    ])
      expect(assumed(bare)).toContain(word);
  });

  it("needs no assumption for what keys tell", () => {
    const told = assumed(gpu, keysOf("xen=4.17.3,cpu=intel,cmdline=,memory=4096,guest-kernel=windows"));
    expect(told).toBe("46 physical address bits on the host: no input tells them");
  });

  it("takes a host with HAP that could share its tables and does not for AMD", () => {
    const caps = (text: string) => inventoryOf(lspci([GPU]), xlInfo("4.17.3", "", 8, text));
    expect(quick(caps("pv hvm hvm_directio pv_directio hap shadow")).scenario.cpu).toBe("amd");
    expect(quick(caps("pv hvm hvm_directio pv_directio hap shadow iommu_hap_pt_share")).scenario.cpu).toBe("intel");
    const off = inventoryOf(lspci([GPU]), xlInfo("4.17.3", "iommu=no-sharept", 8, "pv hvm hvm_directio hap shadow"));
    expect(quick(off).scenario.cpu).toBe("intel");
  });

  it("says when a branch's name hides a difference", () => {
    expect(assumed(gpu, { xen: "4.17" })).toContain("4.17 is read as 4.17.0");
    expect(assumed(gpu, { xen: "4.17.5" })).not.toContain("is read as");
  });

  it("widens the host's addresses to what its BARs need", () => {
    const high = inventoryOf(lspci([{ ...GPU, bars: [{ index: 0, at: "8000000000000", size: "1M" }] }]));
    expect(quick(high).scenario.physBits).toEqual({ host: 52, guest: 52 });
  });
});

describe("keys win over inputs", () => {
  it("each", () => {
    const keys = keysOf("xen=4.11.0,cpu=amd,cmdline=iommu=debug,hap=off,memory=1024,vcpus=7,cpus=64,mmio-hole=1024");
    expect(quick(gpu, keys).scenario).toMatchObject({
      xen: "4.11.0",
      cpu: "amd",
      cmdline: "iommu=debug",
      hap: false,
      memoryMiB: 1024,
      vcpus: 7,
      cpus: 64,
      mmioHoleMiB: 1024,
    });
  });
});

describe("contradictions are one sentence", () => {
  it.each([
    ["hap=off,passthrough=share_pt", "hap=off contradicts passthrough=share_pt"],
    ["device=99:00.0", "no device 99:00.0 in the inputs: they hold 0000:3b:00.0"],
    ["bar-address=99:00.0:1=0x1000000000", "the plan has no such device"],
    ["bar-address=3b:00.0:2=0x1000000000", "no such memory BAR; the device has 0, 1, 3"],
    ["guest=pv,bar-address=3b:00.0:1=0x1000000000", "a PV guest sees BARs at their machine addresses"],
    ["xen=4.99", 'unknown Xen release "4.99"'],
  ])("%s", (keys, says) => {
    expect(sentence(gpu, keysOf(keys))).toContain(says);
  });

  it("also where nothing can be planned", () => {
    expect(sentence(inventoryOf("hello world\n"), {})).toContain("no PCI device in the inputs (input-1: ");
    expect(sentence(inventoryOf(xlInfo("4.17.3", "")), {})).toContain("give the output of lspci -vv");
  });
});

describe("which devices are planned", () => {
  const many = (drivers: readonly string[]): Inventory =>
    inventoryOf(
      lspci(
        drivers.map((driver, i) => ({
          ...NIC,
          bdf: `${(0x10 + i).toString(16)}:00.0`,
          bars: [{ index: 0, at: (0xa0000000 + i * 2 ** 20).toString(16), size: "1M" }],
          driver,
        })),
      ),
    );
  const planned = (inventory: Inventory, keys: ScenarioKeys = {}): string[] =>
    quick(inventory, keys).devices.map(({ bdf }) => bdf);

  it("those that the configuration names, else all with a memory BAR", () => {
    const named = inventoryOf(lspci([GPU, NIC]), xlCfg('pci = [ "5e:00.0" ]'));
    expect(planned(named)).toEqual(["0000:5e:00.0"]);
    expect(planned(named, { devices: ["3b:00.0"] })).toEqual(["0000:3b:00.0"]);
    expect(planned(inventoryOf(lspci([GPU, NIC])))).toEqual(["0000:3b:00.0", "0000:5e:00.0"]);
  });

  it("notes one that the configuration names and no input describes", () => {
    const { notes } = quick(inventoryOf(lspci([GPU]), xlCfg('pci = [ "3b:00.0", "99:00.0" ]')));
    expect(notes.find(({ kind }) => kind === "missing")?.says).toContain("99:00.0");
  });

  it("of more than eight the likely ones, and a note which were left out", () => {
    expect(planned(many(Array(8).fill("ixgbe")))).toHaveLength(8);
    const nine = many(["pciback", "vfio-pci", ...Array(7).fill("ixgbe")]);
    expect(planned(nine)).toEqual(["0000:10:00.0", "0000:11:00.0"]);
    expect(quick(nine).notes.some(({ says }) => says.startsWith("7 of 9 devices are left out"))).toBe(true);
  });
});

describe("placement", () => {
  const log = [
    "(XEN) Xen version 4.17.3 (x) debug=n",
    "(d3) pci dev 05:0 bar 10 size 001000000: 0f4000000",
    "(d3) pci dev 05:0 bar 14 size 010000000: 40000000c",
    "(d3) pci dev 05:0 bar 1c size 002000000: 0f200000c",
    "",
  ].join("\n");
  const logged = inventoryOf(lspci([GPU]), log, xlCfg("memory = 4096"));
  const places = (keys: ScenarioKeys = {}) =>
    quick(logged, keys).devices[0]?.bars.map(({ guest, placed }) => [guest, placed]);

  it("follows hvmloader's own messages, flag bits masked", () => {
    expect(places()).toEqual([
      ["0xf4000000", "observed"],
      ["0x400000000", "observed"],
      ["0xf2000000", "observed"],
    ]);
  });

  it("follows a key against them, and computes again where a key changes what they depend on", () => {
    expect(places(keysOf("bar-address=3b:00.0:1=0x2000000000"))?.[1]).toEqual(["0x2000000000", "given"]);
    expect(places({ mmioHoleMiB: 1024 })?.every(([, placed]) => placed !== "observed")).toBe(true);
  });

  it("takes the last of two addresses for one BAR", () => {
    const keys = keysOf("bar-address=3b:00.0:1=0x2000000000,bar-address=3b:00.0:1=0x3000000000");
    expect(places(keys)?.[1]?.[0]).toBe("0x3000000000");
  });
});

describe("a PVH dom0", () => {
  const dom0 = (xen: string) => quick(inventoryOf(lspci([GPU]), xlInfo(xen, "")), { guest: "pvh" });

  it("has its BARs at machine addresses, and shows adjoining ones each with its part of the run", () => {
    // BAR 1 ends where BAR 3 begins: up to 4.18 one run (xen-mapping.md 8.5, step 1).
    for (const xen of ["4.17.3", "4.19.0"]) {
      const bars = dom0(xen).devices[0]!.bars;
      expect(bars.map(({ guest, host }) => guest === host)).toEqual([true, true, true]);
      expect(bars.map(({ pieces }) => pieces.reduce((sum, { pages }) => sum + pages, 0))).toEqual([4096, 65536, 8192]);
      expect(bars.flatMap(({ pieces }) => pieces.map(({ order }) => order))).toEqual([9, 9, 9]);
    }
  });

  it("makes no hypercall, and maps once", () => {
    const { ledger, boot } = dom0("4.17.3");
    expect(ledger.hypercalls).toBe(0);
    expect(boot).toMatchObject({ adds: 1, deletes: 0 });
  });
});

describe("iomem=", () => {
  const iomem = (xen: string) =>
    quick(inventoryOf(lspci([GPU]), xlInfo(xen, ""), xlCfg('iomem = [ "383fe0000,200@a00000" ]'))).iomem;

  it("is mapped before the device is assigned: small pages before 4.12", () => {
    const range = { gfn: "0xa00000", mfn: "0x383fe0000", pages: 512 };
    expect(iomem("4.11.0")).toEqual([
      expect.objectContaining({
        ...range,
        pieces: [expect.objectContaining({ order: 0, because: "iommu-not-in-use" })],
      }),
    ]);
    expect(iomem("4.12.0")).toEqual([
      expect.objectContaining({ ...range, pieces: [expect.objectContaining({ order: 9, because: "aligned-2m" })] }),
    ]);
  });

  it("is absent when there is none", () => {
    expect(quick(gpu)).not.toHaveProperty("iomem");
  });
});

describe("very many devices", () => {
  it("are planned as far as a host could ever pass them through", () => {
    const text = lspci(
      Array.from({ length: 300 }, (_, i) => ({
        ...NIC,
        bdf: `${(i >> 5).toString(16).padStart(2, "0")}:${(i & 31).toString(16).padStart(2, "0")}.0`,
        bars: [{ index: 0, at: (0x100000000 + i * 2 ** 20).toString(16), size: "1M" }],
      })),
    );
    const plan = document(inventoryOf(text), { guest: "pv" }, { boot: false });
    expect(plan.devices).toHaveLength(256);
    expect(plan.notes.some(({ says }) => says.startsWith("the first 256 of 300 devices"))).toBe(true);
  });
});
