import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Inventory } from "../../src/inventory/index.ts";
import { overlayKeys, type PlanDocument, type ScenarioKeys } from "../../src/plan/index.ts";
import type { LedgerKind } from "../../src/xen/ledger.ts";
import { document, keysOf } from "./helpers.ts";
import { GPU, inventoryOf, lspci, NIC, xlCfg, xlInfo } from "./samples.ts";

/** Small enough that even 4 KiB plans are quick. */
const SMALL = { ...GPU, bars: [GPU.bars[0]!, { index: 3, at: "383ff0000000", size: "32M" }] };

const host = (xen: string, cmdline = "", cfg: readonly string[] = []): Inventory =>
  inventoryOf(lspci([SMALL]), xlInfo(xen, cmdline), xlCfg("memory = 2048", "vcpus = 2", ...cfg));

const advised = (inventory: Inventory, keys: ScenarioKeys = {}): PlanDocument =>
  document(inventory, keys, { advice: true });

const changes = (plan: PlanDocument): Readonly<Record<string, string>>[] => plan.advice.map(({ change }) => change);

/** The change as a user writes it after `--with`. */
const written = (change: Readonly<Record<string, string>>): string =>
  Object.entries(change)
    .map(([key, value]) => `${key}=${value}`)
    .join(",");

/** Each advice, applied as it is written, must save exactly what it promises. */
function checkPromises(inventory: Inventory, keys: ScenarioKeys): void {
  const now = advised(inventory, keys);
  for (const { change, saves } of now.advice) {
    const then = document(inventory, overlayKeys(keys, keysOf(written(change))));
    const { seconds, ...counts } = saves;
    for (const [kind, count] of Object.entries(counts) as [LedgerKind, number][])
      expect([kind, now.ledger[kind] - then.ledger[kind]]).toEqual([kind, count]);
    const differences = (["low", "likely", "high"] as const).map((part) => now.boot.time[part] - then.boot.time[part]);
    for (const [i, difference] of differences.entries()) expect(seconds[i]).toBeCloseTo(difference, 9);
  }
}

describe("advice", () => {
  it("saves exactly what it promises, in any scenario", () => {
    fc.assert(
      fc.property(
        fc.record(
          {
            xen: fc.constantFrom(
              "4.7.0",
              "4.9.0",
              "4.11.0",
              "4.12.1",
              "4.13.0",
              "4.14.6",
              "4.16.0",
              "4.17.5",
              "4.22.0",
            ),
            cpu: fc.constantFrom("intel" as const, "amd" as const),
            cmdline: fc.constantFrom(
              "",
              "iommu=no-sharept",
              "hap_2mb=0 iommu=verbose,sharept=off",
              "iommu=no-superpages com1=115200,8n1",
              "hap=0",
              "no-hap_1gb dom0_mem=8G,max:8G",
              "iommu=off",
            ),
            hap: fc.boolean(),
            passthrough: fc.constantFrom("enabled" as const, "sync_pt" as const),
            guestKernel: fc.constantFrom("linux<6.15" as const, "linux>=6.15" as const, "windows" as const),
            barAddresses: fc.constantFrom([], [{ bdf: "0000:3b:00.0", index: 3, address: 0x1000100000 }]),
          },
          { requiredKeys: ["xen"] },
        ),
        (keys) => checkPromises(host("4.17.5"), keys),
      ),
      { numRuns: 12 },
    );
  });

  it("ranks by what it saves and drops what saves nothing", () => {
    const plan = advised(host("4.11.0", "iommu=no-sharept"));
    const likely = plan.advice.map(({ saves }) => saves.seconds[1]);
    expect(likely).toEqual([...likely].sort((a, b) => b - a));
    expect(Math.min(...likely)).toBeGreaterThan(0);
    expect(changes(plan)).toEqual(
      expect.arrayContaining([{ cmdline: "" }, { xen: "4.17" }, { "guest-kernel": "linux>=6.15" }]),
    );
  });

  it("is silent where nothing can be gained", () => {
    expect(changes(advised(host("4.22.0"), { guestKernel: "linux>=6.15" }))).toEqual([]);
    expect(changes(advised(host("4.22.0"), { guest: "pv" }))).toEqual([]);
    expect(changes(advised(host("4.22.0"), { guestKernel: "windows" }))).toEqual([]);
  });

  it("names at most two releases, and never an older one", () => {
    const releases = (xen: string): string[] =>
      changes(advised(host(xen, "iommu=no-sharept"))).flatMap(({ xen: to }) => to ?? []);
    expect(releases("4.11.0")).toHaveLength(2);
    expect(releases("4.11.0")).toContain("4.12");
    expect(releases("4.16.0")).toEqual(["4.17"]);
    expect(releases("4.17.5")).toEqual([]);
  });

  it.each([
    ["hap_2mb=0 loglvl=all", "loglvl=all", "hap_2mb"],
    ["iommu=no-sharept,verbose loglvl=all", "iommu=verbose loglvl=all", "no-sharept"],
    ["iommu=sharept=off", "", "no-sharept"],
    ["hap=0 -- hap=0", "-- hap=0", "hap=0"],
  ])("writes the command line without what costs: %s", (cmdline, line, says) => {
    const found = advised(host("4.17.0", cmdline)).advice.find(({ change }) => "cmdline" in change);
    expect(found?.change).toEqual({ cmdline: line });
    expect(found?.write).toEqual({ where: "Xen command line", line: line === "" ? "(empty)" : line });
    expect(found?.says).toContain(says);
  });

  it("turns on the guest's own switches", () => {
    expect(changes(advised(host("4.17.0", "", ["hap = 0"])))).toContainEqual({ hap: "on" });
    const sync = advised(host("4.14.0", "", ['passthrough = "sync_pt"']));
    expect(sync.advice.find(({ change }) => "passthrough" in change)?.write).toEqual({
      where: "xl.cfg",
      line: 'passthrough = "share_pt"',
    });
  });

  it("finds sharing that page sizes prevent (xen-mapping.md 7.3)", () => {
    // VT-d without 1 GiB pages does not share with EPT that has them, unless hap_1gb=0.
    const log = "(XEN) Xen version 4.14.0 (x) debug=n\n(XEN) Intel VT-d iommu 0 supported page sizes: 4kB, 2MB\n";
    const inventory = inventoryOf(lspci([SMALL]), log, xlCfg("memory = 2048"));
    expect(changes(advised(inventory, { cmdline: "loglvl=all" }))).toContainEqual({ cmdline: "loglvl=all hap_1gb=0" });
  });

  it("moves a BAR whose address prevents large entries", () => {
    const plan = advised(host("4.17.0"), keysOf("bar-address=3b:00.0:3=0x1000100000"));
    expect(plan.reasons.map(({ code }) => code)).toContain("misaligned");
    expect(changes(plan)).toContainEqual({ "bar-address": "0000:3b:00.0:3=0x1002000000" });
  });

  it("puts first what makes more BARs work", () => {
    const large = { ...GPU, bars: [{ index: 1, at: "383f80000000", size: "512M" }] };
    const dry = inventoryOf(lspci([large]), xlInfo("4.17.3", "hap_2mb=0"), xlCfg("memory = 2048", "shadow_memory = 1"));
    const [first] = advised(dry).advice;
    expect(first).toMatchObject({ change: { cmdline: "" }, mends: 1 });
  });

  it("leaves MSI-X demotion alone: nothing in the user's hands changes it", () => {
    const nic = inventoryOf(lspci([NIC]), xlInfo("4.22.0", ""), xlCfg("memory = 2048"));
    expect(changes(advised(nic, { guestKernel: "linux>=6.15" }))).toEqual([]);
  });
});
