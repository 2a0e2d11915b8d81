import { describe, expect, it } from "vitest";
import type { Inventory } from "../../src/inventory/index.ts";
import type { FitFinding, ScenarioKeys } from "../../src/plan/index.ts";
import { document, keysOf } from "./helpers.ts";
import { GPU, inventoryOf, lspci, NIC, type SampleDevice, xlCfg, xlInfo } from "./samples.ts";

const GUEST = ["memory = 8192", "vcpus = 4"];
const MiB = 2 ** 20;

/** A host of a release with devices, and a guest with these lines in its configuration. */
const host = (devices: readonly SampleDevice[], cfg: readonly string[] = [], xen = "4.17.3", cmdline = ""): Inventory =>
  inventoryOf(lspci(devices), xlInfo(xen, cmdline), xlCfg(...GUEST, ...cfg));

const oneBar = (bar: Partial<SampleDevice["bars"][number]>, bdf = GPU.bdf): SampleDevice => ({
  ...GPU,
  bdf,
  bars: [{ index: 0, at: "a0000000", size: "256M", bits: 32, prefetchable: false, ...bar }],
});

const fitOf = (inventory: Inventory, keys: ScenarioKeys = {}): readonly FitFinding[] =>
  document(inventory, keys, { boot: false }).fit;
const codes = (inventory: Inventory, keys: ScenarioKeys = {}): string[] =>
  fitOf(inventory, keys).map(({ code }) => code);

describe("a plan in which everything fits", () => {
  it("has no findings", () => {
    expect(fitOf(host([GPU]))).toEqual([]);
    expect(fitOf(host([NIC]))).toEqual([]);
    expect(fitOf(host([GPU, NIC]), { guest: "pvh" })).toEqual([]);
    expect(fitOf(host([GPU]), { guest: "pv" })).toEqual([]);
  });
});

describe("cannot-assign", () => {
  it("names passthrough=disabled, and the line mends it", () => {
    const disabled = host([GPU], ['passthrough = "disabled"']);
    const [finding] = fitOf(disabled);
    expect(finding).toMatchObject({ code: "cannot-assign", severity: "fault" });
    expect(finding?.set).toEqual({ where: "xl.cfg", line: 'passthrough = "enabled"' });
    expect(codes(host([GPU], [finding!.set!.line]))).toEqual([]);
  });

  it("ignores passthrough= before 4.13, which had no such setting", () => {
    expect(codes(host([GPU], ['passthrough = "disabled"'], "4.12.0"))).toEqual([]);
  });

  it.each(["iommu=off", "no-iommu", "iommu=0,verbose", "dom0_mem=8G iommu=no -- iommu=soft"])(
    "names %s, and the command line without it mends it",
    (cmdline) => {
      const [finding] = fitOf(host([GPU], [], "4.17.3", cmdline));
      expect(finding).toMatchObject({ code: "cannot-assign", set: { where: "Xen command line" } });
      expect(codes(host([GPU], [], "4.17.3", finding!.set!.line))).toEqual([]);
    },
  );

  it("names share_pt where the host cannot share", () => {
    const amd = host([GPU], ['passthrough = "share_pt"']);
    expect(codes(amd, { cpu: "amd" })).toEqual(["cannot-assign"]);
    expect(codes(amd, { cpu: "intel" })).toEqual([]);
  });

  it("names a PVH guest's configuration, but not a PVH dom0", () => {
    const pvh = inventoryOf(lspci([GPU]), xlInfo("4.17.3", ""), 'type = "pvh"\nmemory = 1024\npci = [ "3b:00.0" ]\n');
    expect(fitOf(pvh)[0]).toMatchObject({ code: "cannot-assign", set: { line: 'type = "hvm"' } });
    expect(codes(pvh, { guest: "hvm" })).toEqual([]);
    expect(codes(pvh, { guest: "pvh" })).toEqual([]);
  });
});

describe("no-address", () => {
  it("names a BAR without an address and goes on with the others", () => {
    const plan = document(host([{ ...GPU, bars: [{ ...GPU.bars[0]!, at: null }, ...GPU.bars.slice(1)] }]));
    expect(plan.fit.map(({ code, says }) => [code, says])).toEqual([
      ["no-address", "0000:3b:00.0 BAR 0: the host gave it no address, so the guest does not see it"],
    ]);
    expect(plan.devices[0]?.bars.map(({ pieces }) => pieces.length)).toEqual([0, 1, 1]);
  });

  it("names a BAR without a size, as a hex dump leaves it", () => {
    const [finding] = fitOf(host([oneBar({ size: null })]));
    expect(finding?.code).toBe("no-address");
    expect(finding?.says).toContain("does not tell its size");
  });
});

describe("no-room", () => {
  const two = [oneBar({}, "30:00.0"), oneBar({ at: "b0000000" }, "31:00.0")];

  it("names the mmio_hole that makes room, and it does", () => {
    const findings = fitOf(host(two));
    expect(findings.map(({ code }) => code)).toEqual(["no-room", "no-room"]);
    // 256 MiB of 32-bit BARs each: with the hole from 0xD0000000 both stand below 0xFC000000.
    expect(findings[0]?.set).toEqual({ where: "xl.cfg", line: "mmio_hole = 768" });
    expect(codes(host(two, [findings[0]!.set!.line]))).toEqual([]);
  });

  it("says so when no hole is large enough", () => {
    const three = ["40000000", "80000000", "c0000000"].map((at, i) => oneBar({ at, size: "1G" }, `3${i}:00.0`));
    const findings = fitOf(host(three));
    expect(findings.map(({ set }) => set)).toEqual([null, null, null]);
    expect(findings[0]?.says).toContain("fewer devices");
  });

  it("names the address width that a large BAR needs, and it helps", () => {
    const huge = host([oneBar({ at: "4000000000", size: "256G", bits: 64 })]);
    const [finding] = fitOf(huge, keysOf("phys-bits=38"));
    expect(finding?.code).toBe("no-room");
    expect(finding?.set?.line).toBe("physical address width of at least 39 bits");
    expect(codes(huge, keysOf("phys-bits=39"))).toEqual([]);
  });
});

describe("widths", () => {
  const gpu = host([GPU]);

  it("beyond-guest-width: an address that the guest cannot see", () => {
    const [finding] = fitOf(gpu, keysOf("phys-bits=36,bar-address=3b:00.0:1=0x1000000000"));
    expect(finding?.code).toBe("beyond-guest-width");
    expect(finding?.set?.line).toContain("at least 37 bits");
    expect(codes(gpu, keysOf("phys-bits=37,bar-address=3b:00.0:1=0x1000000000"))).toEqual([]);
  });

  it("beyond-host-width and beyond-iommu-width: what no access reaches, and what no table translates", () => {
    expect(codes(gpu, keysOf("bar-address=3b:00.0:1=0x3ffff0000000"))).toEqual([]);
    expect(codes(gpu, keysOf("phys-bits=47,bar-address=3b:00.0:1=0x400000000000"))).toEqual(["beyond-host-width"]);
    expect(codes(gpu, keysOf("phys-bits=52,bar-address=3b:00.0:1=0x1000000000000"))).toEqual(
      expect.arrayContaining(["beyond-host-width", "beyond-iommu-width", "refused"]),
    );
  });
});

describe("places that the user chose", () => {
  const gpu = host([GPU]);

  it("not-size-aligned: no BAR register can hold it, and a multiple of the size is fine", () => {
    const [finding] = fitOf(gpu, keysOf("bar-address=3b:00.0:1=0x1000200000"));
    expect(finding).toMatchObject({ code: "not-size-aligned", severity: "risk" });
    expect(codes(gpu, keysOf("bar-address=3b:00.0:1=0x1000000000"))).toEqual([]);
  });

  it("overlap: over RAM, and over another BAR", () => {
    expect(codes(gpu, keysOf("bar-address=3b:00.0:1=0x100000000"))).toEqual(["overlap"]);
    const both = "bar-address=3b:00.0:1=0x1000000000,bar-address=3b:00.0:3=0x1002000000";
    const [finding] = fitOf(gpu, keysOf(both));
    expect(finding?.says).toBe("0000:3b:00.0 BAR 1 and 0000:3b:00.0 BAR 3 overlap at 0x1002000000");
  });

  it("overlap: a guest in the log that had other memory", () => {
    const log = "(XEN) Xen version 4.17.3 (x) debug=n\n(d3) pci dev 05:0 bar 10 size 010000000: 0e0000000\n";
    const logged = inventoryOf(lspci([oneBar({})]), log, xlCfg(...GUEST));
    expect(fitOf(logged)[0]?.says).toContain("the guest in the log had other memory settings");
    expect(codes(logged, keysOf("mmio-hole=1024"))).toEqual([]);
  });
});

describe("the paging pool", () => {
  // 512 MiB in 4 KiB pages are 256 tables; the pool of 1 MiB has 256 pages for everything.
  const bar = oneBar({ at: "383f80000000", size: "512M", bits: 64, prefetchable: true });
  const tiny = (...cfg: string[]): Inventory => host([bar], cfg, "4.17.3", "hap_2mb=0");

  it("pool-dry: says after how many pages, and the number to set", () => {
    const plan = document(tiny("shadow_memory = 1"), {}, { boot: false });
    const [finding] = plan.fit;
    expect(finding).toMatchObject({ code: "pool-dry", severity: "fault" });
    expect(finding?.says).toMatch(/256 pages\) runs dry after [\d,]+ of 131,072 pages; the call fails with -ENOMEM/);
    expect(finding?.set?.line).toMatch(/^shadow_memory = \d+$/);
    expect(codes(tiny(finding!.set!.line))).toEqual([]);
    // What was undone is not shown as mapped.
    expect(plan.devices[0]?.bars[0]?.pieces).toEqual([]);
  });

  it("pool-dry: EPT up to 4.13 says -ENOENT", () => {
    const old = host([bar], ["shadow_memory = 1"], "4.13.0", "hap_2mb=0");
    expect(fitOf(old)[0]?.says).toContain("-ENOENT");
  });

  it("pool-tight: enough only while RAM is in large entries, and the number to set", () => {
    // 8 GiB of RAM in 4 KiB entries need some 4,100 tables, 16 MiB are 4,096.
    const tight = (...cfg: string[]): Inventory => host([GPU], cfg);
    const [finding] = fitOf(tight("shadow_memory = 16"));
    expect(finding).toMatchObject({ code: "pool-tight", severity: "risk" });
    expect(codes(tight(finding!.set!.line))).toEqual([]);
    expect(codes(tight("shadow_memory = 64"))).toEqual([]);
  });

  it("counts the pool of 4.17 and before by their own rules (xen-mapping.md 11.1)", () => {
    const pool = (xen: string) => document(host([GPU], [], xen), {}, { boot: false }).pool;
    expect(pool("4.17.3")).toMatchObject({ pages: 4 * 256 + 8192, creation: 11 + 4 });
    expect(pool("4.16.0")).toMatchObject({ pages: 4 * 256 + 2 * 8192, creation: 11 + 4 });
    expect(pool("4.13.0")).toMatchObject({ creation: 44 + 4 });
    // 8 GiB less 16 MiB of video memory: 3.75 GiB below the hole, the rest from 4 GiB on; a table for each 2 MiB, each
    // GiB and each 512 GiB.
    expect(pool("4.17.3")?.ramMost).toBe((8192 - 16) / 2 + (4 + 5) + 1);
  });
});

describe("refused", () => {
  it("a table that is not page-aligned makes the last piece reach past the BAR", () => {
    const nic = { ...NIC, bars: [{ index: 0, at: "c5000000", size: "1M" }] };
    const unaligned = { ...nic, msix: { vectors: 16, table: [0, "00002800"] as const } };
    const [finding] = fitOf(host([unaligned]));
    expect(finding).toMatchObject({ code: "refused", set: null });
    // guest-mmio-layout.md 4.3: piece B begins at ceil(0x3800 / 4096) and has ceil((1 MiB - 0x3800) / 4096) pages.
    expect(finding?.says).toContain(`${Math.ceil((MiB - 0x3800) / 4096)} pages`);
    expect(finding?.says).toContain("-EPERM");
    expect(codes(host([{ ...nic, msix: { vectors: 16, table: [0, "00002000"] as const } }]))).toEqual([]);
  });

  it("a sub-page BAR that is not page-aligned on the host", () => {
    expect(codes(host([oneBar({ at: "f7d10200", size: "512" })]))).toEqual(["refused"]);
    expect(codes(host([oneBar({ at: "f7d10000", size: "512" })]))).toEqual([]);
  });

  it("an iomem= range beyond the host's addresses", () => {
    expect(fitOf(host([GPU], ['iomem = [ "ffffffffff,1" ]']))[0]?.says).toContain("iomem=: Xen refuses 1 page");
    expect(codes(host([GPU], ['iomem = [ "f7d10,4" ]']))).toEqual([]);
  });
});
