import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Inventory, readInputs } from "../../src/inventory/index.ts";
import { type Planned, timelineOf, timeOf } from "../../src/plan/index.ts";
import { prepare, simulate } from "../../src/plan/simulate.ts";
import { memoryMapping } from "../../src/xen/domctl.ts";
import { addLedgers, copyLedger, type Ledger, newLedger, subtractLedgers } from "../../src/xen/ledger.ts";
import { keysOf, planned } from "./helpers.ts";
import { GPU, inventoryOf, lspci, NIC, p40, xlCfg, xlInfo } from "./samples.ts";

/** Every call of a plan by itself, block by block, nothing described: what the timeline must say. */
function oneByOne({ scenario, layout, budget }: Planned): { cost: Ledger; returned: number; pages: number }[] {
  const { domain, machine } = prepare(scenario, layout, { barTables: budget?.forBars });
  Object.assign(machine, { stepwise: true });
  const calls: { cost: Ledger; returned: number; pages: number }[] = [];
  const carry = (gfn: number, mfn: number, pages: number, add: boolean): void => {
    let before = copyLedger(domain.ledger);
    domain.ledger.infoCalls++;
    for (let done = 0; done < pages; ) {
      const returned = memoryMapping(domain, gfn + done, mfn + done, pages - done, add);
      const did = returned < 0 ? 0 : returned === 0 ? pages - done : returned;
      calls.push({ cost: subtractLedgers(domain.ledger, before), returned, pages: did });
      before = copyLedger(domain.ledger);
      done += did;
      if (returned < 0 && add) carry(gfn, mfn, pages, false);
      if (returned < 0) return;
    }
  };
  for (const { bars } of layout.devices)
    for (const { pieces } of bars) for (const { gfn, mfn, pages } of pieces) carry(gfn, mfn, pages, true);
  return calls;
}

const quiet = { advice: false, boot: false };
const gpu = (): Inventory => inventoryOf(lspci([GPU]), xlInfo("4.17.3", ""), xlCfg("memory = 2048", "vcpus = 2"));

const CASES: readonly [string, Inventory, string][] = [
  ["4.11, tables of its own", gpu(), "xen=4.11,passthrough=sync_pt,cmdline=iommu=no-sharept"],
  ["4.17, tables of its own", gpu(), "xen=4.17,cmdline=iommu=no-sharept"],
  ["4.17, no 2 MiB entries, so that the IOMMU's coalesce", gpu(), "xen=4.17,cmdline=iommu=no-sharept hap_2mb=0"],
  ["4.22 on AMD", gpu(), "xen=4.22,cpu=amd"],
  ["4.10.0 on AMD, which merges", gpu(), "xen=4.10.0,cpu=amd"],
  ["4.12 on AMD", gpu(), "xen=4.12,cpu=amd"],
  ["shadow paging", gpu(), "xen=4.17,hap=off"],
  ["an MSI-X table in the way", inventoryOf(lspci([NIC]), xlInfo("4.17.3", ""), xlCfg("memory = 2048")), "xen=4.17"],
];

describe("the timeline of a plan", () => {
  it.each(CASES)("says of every call what it books when made one by one: %s", (_, inventory, keys) => {
    const plan = planned(inventory, keysOf(keys), quiet);
    const timeline = timelineOf(plan);
    const truth = oneByOne(plan);
    expect(timeline.calls).toBe(truth.length);
    const calls = [];
    for (let from = 0; from < timeline.calls; from += 4096) calls.push(...timeline.detail(from, from + 4096));
    expect(calls.map(({ cost, returned }) => ({ cost, returned }))).toEqual(
      truth.map(({ cost, returned }) => ({ cost, returned })),
    );
    let total = newLedger();
    for (const [k, { cost, pages }] of truth.entries()) {
      const before = timeline.sum(k);
      expect(before.ledger).toEqual(total);
      total = addLedgers(total, cost);
      expect(timeline.sum(k + 1).pages - before.pages).toBe(pages);
    }
    expect(timeline.sum(truth.length).ledger).toEqual(total);
    expect(total).toEqual(plan.document.ledger);
  });

  it("shows the undoing of a mapping that fails", () => {
    const roomy = planned(gpu(), keysOf("xen=4.11,cmdline=iommu=no-sharept"), quiet);
    const plan = { ...roomy, budget: { ...roomy.budget!, forBars: 40 } };
    const timeline = timelineOf(plan);
    const { ranges, detail } = timeline;
    const truth = oneByOne(plan).map(({ cost }) => cost);
    expect(timeline.sum(timeline.calls).ledger).toEqual(truth.reduce(addLedgers, newLedger()));
    expect(detail(0, 4096).map(({ cost }) => cost)).toEqual(truth.slice(0, 4096));
    const at = ranges.findIndex(({ add }) => !add);
    expect(at).toBeGreaterThan(0);
    expect(ranges[at]).toMatchObject({ gfn: ranges[at - 1]!.gfn, pages: ranges[at - 1]!.pages });
    const [failed, undo] = detail(ranges[at]!.first - 1, ranges[at]!.first + 1);
    expect(failed!.returned).toBeLessThan(0);
    expect([undo!.range, undo!.steps]).toEqual([at, []]);
  });

  it("follows the rounds of vPCI's loop, which are no hypercalls, for a PVH dom0", () => {
    const plan = planned(gpu(), keysOf("guest=pvh,xen=4.17"), quiet);
    const timeline = timelineOf(plan);
    expect(timeline.calls).toBeGreaterThan(0);
    expect(timeline.sum(timeline.calls).ledger).toEqual(plan.document.ledger);
    expect(plan.document.ledger.hypercalls).toBe(0);
  });

  it("has no call where nothing is entered", () => {
    const timeline = timelineOf(planned(gpu(), keysOf("guest=pv"), quiet));
    expect([timeline.calls, timeline.ranges, timeline.samples(9), timeline.detail(0, 9)]).toMatchObject([
      0,
      [],
      [{ calls: 0, pages: 0 }],
      [],
    ]);
  });
});

describe("the published case", () => {
  const slow = planned(p40(), keysOf("xen=4.11"), quiet);
  const timeline = timelineOf(slow);
  /** The 32 GiB BAR's own range. */
  const big = timeline.ranges.find(({ pages }) => pages === 2 ** 23)!;

  it("is 131,072 hypercalls, each with 64 steps of 4 KiB, held as some dozens of runs", () => {
    expect(big.calls).toBe(131_072);
    expect(timeline.runs.runs.length).toBeLessThan(100);
    for (const { steps, returned, cost } of timeline.detail(big.first + 100_000, big.first + 100_016)) {
      expect(returned).toBe(64);
      expect(steps.map(({ order, because }) => [order, because])).toEqual(Array(64).fill([0, "iommu-not-shared"]));
      expect(cost).toMatchObject({ hypercalls: 1, positiveReturns: 1, iterations: 64, iotlbFlushes: 64 });
    }
  });

  it("is 256 hypercalls on 4.12", () => {
    const fast = timelineOf(planned(p40(), keysOf("xen=4.12"), quiet));
    const range = fast.ranges.find(({ pages }) => pages === 2 ** 23)!;
    expect(range.calls).toBe(256);
    expect(fast.detail(range.first, range.first + 1)[0]!.steps.map(({ order }) => order)).toEqual(Array(64).fill(9));
  });

  it("gives steps that follow each other, wherever one looks", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: big.calls - 3 }), (k) => {
        const [a, b] = timeline.detail(big.first + k, big.first + k + 2);
        expect(a!.gfn).toBe(big.gfn + 64 * k);
        expect(a!.mfn).toBe(big.mfn + 64 * k);
        expect(a!.left).toBe(big.pages - 64 * k);
        expect([...a!.steps, ...b!.steps].map(({ gfn }) => gfn - a!.gfn)).toEqual(
          Array.from({ length: 128 }, (_, i) => i),
        );
        const difference = subtractLedgers(timeline.sum(b!.call).ledger, timeline.sum(a!.call).ledger);
        expect(a!.cost).toEqual(difference);
      }),
      { numRuns: 20 },
    );
  });

  it("costs more and more, in counts and in time", () => {
    const sums = timeline.samples(50);
    expect(sums).toHaveLength(50);
    expect(sums.at(-1)).toMatchObject({ calls: timeline.calls, ledger: slow.document.ledger });
    expect(sums.at(-1)!.time).toEqual(timeOf(slow.document.ledger));
    for (const [i, sum] of sums.slice(1).entries()) {
      expect(sum.calls).toBeGreaterThan(sums[i]!.calls);
      expect(sum.time.likely).toBeGreaterThan(sums[i]!.time.likely);
      const by = timeline.callsBy(sum.time.likely);
      expect(timeline.sum(by).time.likely).toBeLessThanOrEqual(sum.time.likely);
      expect(by).toBeGreaterThanOrEqual(sum.calls - 1);
    }
  });

  it("answers for calls that do not exist with what there is, and refuses to show very many", () => {
    expect(timeline.sum(-1).calls).toBe(0);
    expect(timeline.sum(1e9).calls).toBe(timeline.calls);
    expect(timeline.detail(timeline.calls - 1, 1e9)).toHaveLength(1);
    expect(timeline.detail(5, 3)).toEqual([]);
    expect(() => timeline.detail(0, 5000)).toThrow(RangeError);
  });
});

describe("eight GPUs", () => {
  const folder = new URL("../../examples/eight-gpus/", import.meta.url);
  const files = readdirSync(folder).map((name) => ({ name, text: readFileSync(new URL(name, folder), "utf8") }));

  it.each(["xen=4.11", "xen=4.17,cmdline=iommu=no-sharept", "xen=4.17,cpu=amd"])(
    "are a few hundred runs: %s",
    (keys) => {
      const plan = planned(readInputs(files, []), keysOf(keys), quiet);
      const timeline = timelineOf(plan);
      expect(timeline.runs.runs.length).toBeLessThan(1000);
      expect(timeline.sum(timeline.calls).ledger).toEqual(simulate(plan.scenario, plan.layout).ledger);
      // Where counts depend on the place too: what two sums differ by is what the calls between them booked.
      for (const part of [0.1, 0.37, 0.5, 0.999]) {
        const k = Math.floor(part * timeline.calls);
        const calls = timeline.detail(k, k + 5);
        const booked = calls.map(({ cost }) => cost).reduce(addLedgers, timeline.sum(k).ledger);
        expect(timeline.sum(k + calls.length).ledger).toEqual(booked);
      }
    },
  );
});
