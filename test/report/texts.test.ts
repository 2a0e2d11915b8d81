import { describe, expect, it } from "vitest";
import type { Gfn } from "../../src/address.ts";
import { compare, readScript, runScript, why } from "../../src/plan/index.ts";
import { compareText } from "../../src/report/compare-text.ts";
import { planText } from "../../src/report/plan-text.ts";
import { runDocument, runText } from "../../src/report/run.ts";
import { plainStyle, type Style } from "../../src/report/style.ts";
import { whyText } from "../../src/report/why-text.ts";
import { document } from "../plan/helpers.ts";
import { GPU, inventoryOf, lspci, NIC, xlCfg, xlInfo } from "../plan/samples.ts";

const host = (xen = "4.17.3", cmdline = "", ...cfg: string[]) =>
  inventoryOf(lspci([GPU, NIC]), xlInfo(xen, cmdline), xlCfg("memory = 8192", "vcpus = 4", ...cfg));

/** Escape sequences around texts, as a terminal's style adds. */
const coloured: Style = {
  width: 80,
  bold: (text) => `\u001b[1m${text}\u001b[22m`,
  dim: (text) => `\u001b[2m${text}\u001b[22m`,
  good: (text) => `\u001b[32m${text}\u001b[39m`,
  warn: (text) => `\u001b[33m${text}\u001b[39m`,
  bad: (text) => `\u001b[31m${text}\u001b[39m`,
};

const plans = {
  quiet: document(host()),
  advice: document(host("4.14.0", "iommu=no-sharept"), {}, { advice: true }),
  unfit: document(host("4.17.3", "", 'passthrough = "disabled"')),
  iomem: document(host("4.17.3", "", 'iomem = [ "f7d10,4" ]')),
  pv: document(host(), { guest: "pv" }),
  pvh: document(host(), { guest: "pvh" }),
  shadow: document(host(), { hap: false }),
};

describe("planText", () => {
  it.each(Object.entries(plans))("keeps within 80 and 120 columns, ends each line with a letter: %s", (_, plan) => {
    for (const width of [80, 120])
      for (const line of planText(plan, plainStyle(width), { verbose: true }).trimEnd().split("\n")) {
        expect(line).toBe(line.trimEnd());
        // Lines to be copied are never broken.
        if (!/^ {6,7}\S.*: {2}/.test(line)) expect(line.length).toBeLessThanOrEqual(width);
      }
  });

  it("says the same with colours", () => {
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is looked for
    const plain = (text: string) => text.replace(/\u001b\[\d+m/g, "");
    for (const plan of Object.values(plans)) {
      expect(plain(planText(plan, coloured))).toBe(planText(plan, plainStyle(80)));
      expect(planText(plan, coloured)).not.toBe(planText(plan, plainStyle(80)));
    }
  });

  it("has a line for each BAR, with sizes and grouped addresses", () => {
    const text = planText(plans.quiet, plainStyle(80));
    expect(text).toContain(' · HVM guest "guest", HAP, 8 GiB, 4 vCPUs\n');
    expect(text).toMatch(/^ 1 {2}256 MiB {2}0x383f_e000_0000 {2}0x2_1000_0000 {6}- {4}128 {6}2 {2}▓+$/m);
    expect(text).toContain("BAR 3: 1 page left out at 0xf601_0000: the MSI-X table is there");
    expect(text).toContain("[8086:1583]");
  });

  it("counts a boot's rounds, exact, and says what the time goes to", () => {
    const text = planText(plans.quiet, plainStyle(80));
    expect(text).toMatch(/A boot maps each device 6 times and unmaps it 5 times/);
    expect(text).toMatch(/Counts are exact; times are estimates from default costs. The time goes to:\s+\S/);
  });

  it("shows faults with the line that mends them", () => {
    const text = planText(plans.unfit, plainStyle(80));
    expect(text).toContain("  ! A guest created with passthrough=disabled cannot get devices (-EOPNOTSUPP).");
    expect(text).toContain('      xl.cfg:  passthrough = "enabled"');
  });

  it("shows advice with its exact line, and hides what saves next to nothing", () => {
    const text = planText(plans.advice, plainStyle(80), { verbose: true });
    expect(text).toContain("       Xen command line:  (empty)");
    expect(text).toContain("       the host:  Xen 4.17");
    expect(planText(plans.quiet, plainStyle(80))).toContain("Advice   nothing that you could change would save much");
    expect(planText(plans.quiet, plainStyle(80), { advice: false })).not.toContain("Advice");
  });

  it("tells assumptions and what is not confirmed, at the end", () => {
    const [, rests] = planText(plans.quiet, plainStyle(80)).split("Rests on\n");
    expect(rests).toContain("assumed: 46 physical address bits");
    expect(rests).toContain("unconfirmed: ");
  });

  it("speaks of a PV guest without a table of zeros", () => {
    const text = planText(plans.pv, plainStyle(80));
    expect(text).toContain("Cost   none: no page is mapped");
    expect(text).toContain("No P2M");
    expect(text).not.toContain("0 µs");
  });

  it("shows iomem= ranges in a block of their own", () => {
    expect(planText(plans.iomem, plainStyle(80))).toMatch(
      /iomem= of the guest's configuration.*\n.*\n {5}4 {2}0xf7d1_0000/,
    );
  });
});

describe("compareText", () => {
  const changes = ["cmdline=iommu=no-sharept", "xen=4.11", "cpu=amd", "hap=off", "xen=4.19", "xen=4.12"];
  const compared = compare(host(), {}, changes);

  it("keeps within the width by breaking the columns into blocks, and loses none", () => {
    if (typeof compared === "string") throw new Error(compared);
    for (const width of [80, 120]) {
      const text = compareText(compared, plainStyle(width));
      for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(width);
      const heads = text
        .split("\n")
        .filter((line) => /^ +A? +([A-G] +)*[A-G]$/.test(line) || /^ +([A-G] *)+$/.test(line));
      expect(heads.join(" ").match(/[A-G]/g)).toEqual(["A", "B", "C", "D", "E", "F", "G"]);
    }
  });

  it("marks what differs and gives each reason once", () => {
    if (typeof compared === "string") throw new Error(compared);
    const text = compareText(compared, plainStyle(120));
    expect(text).toMatch(/mapping hypercalls .* ≠/);
    expect(text.match(/shadow mode maps MMIO in 4 KiB pages only/g)).toHaveLength(1);
  });
});

describe("whyText", () => {
  const text = (gfn: number, width = 80, verbose = false): string => {
    const found = why(host("4.17.3", "iommu=no-sharept"), {}, gfn as Gfn);
    if (typeof found === "string") throw new Error(found);
    return whyText(found, plainStyle(width), verbose);
  };

  it("shows the way, the raw entries and the leaf's bits", () => {
    expect(text(0x210000)).toContain("gfn 0x210000 (guest address 0x2_1000_0000): 0000:3b:00.0 BAR 1 + 0x0");
    expect(text(0x210000)).toContain("leads to machine address 0x383f_e000_0000 by an entry of 2 MiB");
    expect(text(0x210000)).toMatch(/PDE, bit by bit/);
    expect(text(0x210000, 80, true)).toMatch(/PML4E, bit by bit/);
    expect(text(0xfb000)).toContain("P2M   not mapped");
  });

  it("keeps within the width", () => {
    for (const width of [80, 120])
      for (const gfn of [0, 0x210000, 0xfb000])
        for (const line of text(gfn, width, true).split("\n")) expect(line.length).toBeLessThanOrEqual(width);
  });
});

describe("runText", () => {
  const script = readScript({
    physmap: 1,
    kind: "script",
    hypervisor: { xen: "4.17" },
    domains: [{ id: 1, p2mPoolMiB: 4 }],
    operations: [
      { op: "iomem_permission", domain: 1, mfn: "0x383800000", pages: 1024, allow: true },
      { op: "memory_mapping", domain: 1, gfn: "0x1000000", mfn: "0x383800000", pages: 1024, add: true },
      { op: "memory_mapping", domain: 1, gfn: "0x2000000", mfn: "0x1", pages: 1, add: true },
      { op: "populate", domain: 1, gfn: "0x0", order: 0, extents: 2 },
    ],
  });

  it("lists operations with results, then tables and cost, within the width", () => {
    if (typeof script === "string") throw new Error(script);
    const run = runScript(script);
    if (typeof run === "string") throw new Error(run);
    const text = runText(runDocument(run, false), script, plainStyle(80));
    expect(text).toContain("Xen 4.17.0: 4 operations");
    expect(text).toMatch(/2 {2}map 0x1000000 → 0x383800000 \+ 1,024 {2}0, 1,024 pages in 1 call\n/);
    expect(text).toMatch(/3 {2}map 0x2000000 → 0x1 \+ 1 +-1 \(-EPERM\), 0 pages in 1 call\n/);
    expect(text).toMatch(/4 {2}populate 0x0 order 0 × 2 +2 extents\n/);
    expect(text).toMatch(/P2M: ept, \d+ tables, leaves 2 × 4 KiB, 2 × 2 MiB, 0 × 1 GiB/);
    for (const line of text.split("\n")) expect(line.length).toBeLessThanOrEqual(80);
  });
});
