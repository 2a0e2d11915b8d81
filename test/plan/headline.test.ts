import { readFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { DEFAULT_CALIBRATION, type PlanDocument, type ScenarioKeys } from "../../src/plan/index.ts";
import { document } from "./helpers.ts";
import { p40 } from "./samples.ts";

/**
 * The published case: a P40 (32 GiB BAR 1) on Xen 4.11 boots in about 20 s with shared tables, in several minutes with
 * `iommu=no-sharept`, and with the patch of 4.12 within a few seconds of the first.
 */
const CASES = {
  shared: { cmdline: "" },
  unshared: {},
  patched: { xen: "4.12" },
  posted: { xen: "as-posted" },
  before: { xen: "4.17.4" },
  today: { xen: "4.17.5" },
} satisfies Record<string, ScenarioKeys>;
type Case = keyof typeof CASES;

/** Those whose whole boot is carried out; for the others one mapping tells all. */
const TIMED: ReadonlySet<string> = new Set<Case>(["shared", "unshared", "patched"]);

const plans = new Map<Case, PlanDocument>();
const of = (name: Case): PlanDocument => plans.get(name)!;
const bar1 = (name: Case) => of(name).devices[0]!.bars.find(({ index }) => index === 1)!;

beforeAll(() => {
  const inventory = p40();
  for (const [name, keys] of Object.entries(CASES))
    plans.set(name as Case, document(inventory, keys, { boot: TIMED.has(name) }));
}, 120_000);

describe("the published P40 case", () => {
  it("needs 131,072 hypercalls for BAR 1 without shared tables on 4.11, and 256 otherwise", () => {
    expect(bar1("unshared").hypercalls).toBe(131_072);
    for (const name of ["shared", "patched", "posted", "today"] as const) expect(bar1(name).hypercalls).toBe(256);
  });

  it("maps BAR 1 in 8,388,608 entries of 4 KiB because the IOMMU has its own tables, or 16,384 of 2 MiB", () => {
    expect(bar1("unshared").pieces).toEqual([
      expect.objectContaining({ pages: 8_388_608, order: 0, entries: 8_388_608, because: "iommu-not-shared" }),
    ]);
    for (const name of ["shared", "patched", "posted"] as const)
      expect(bar1(name).pieces).toEqual([
        expect.objectContaining({ pages: 8_388_608, order: 9, entries: 16_384, because: "aligned-2m" }),
      ]);
  });

  it("makes all CPUs flush their caches once a hypercall", () => {
    for (const name of ["unshared", "shared", "patched"] as const) {
      const { ledger } = of(name);
      expect(ledger.cacheFlushes).toBe(ledger.hypercalls);
      expect(ledger.wbinvd).toBe(32 * ledger.hypercalls);
    }
    expect(of("before").ledger.cacheFlushes).toBe(0);
  });

  it("writes 8,388,608 IOMMU entries for BAR 1 in both unshared cases, none when shared", () => {
    // BAR 0 and BAR 3 add 4,096 and 8,192.
    for (const name of ["unshared", "patched"] as const) {
      expect(of(name).ledger.iommuEntries).toBe(8_388_608 + 4_096 + 8_192);
      expect(of(name).iommu?.leaves["4k"]).toBe(8_388_608 + 4_096 + 8_192);
    }
    expect(of("shared").iommu).toBeNull();
    expect(of("shared").ledger.iommuEntries).toBe(0);
  });

  it("gives all three published times from one set of costs", () => {
    const mapping = (name: Case): number => of(name).boot.time.likely;
    const base = 20 - mapping("shared");
    expect(base).toBeGreaterThan(15);
    expect(base).toBeLessThan(20);
    const minutes = (base + mapping("unshared")) / 60;
    expect(minutes).toBeGreaterThan(3);
    expect(minutes).toBeLessThan(8);
    const more = mapping("patched") - mapping("shared");
    expect(more).toBeGreaterThan(0);
    expect(more).toBeLessThan(6);
    // The patch as it was posted does the same work as the one that was committed.
    expect(of("posted").ledger).toEqual(of("patched").ledger);
  });

  it("says what today's releases do: 8,388,608 special-page tests for BAR 1", () => {
    expect(of("before").ledger.specialPageTests).toBe(0);
    expect(of("today").ledger.specialPageTests).toBe(8_388_608 + 4_096 + 8_192);
    const says = (name: Case): string | undefined =>
      of(name).remarks.find(({ code }) => code === "special-page-scan")?.says;
    expect(says("before")).toBeUndefined();
    expect(says("today")).toContain("8,400,896 tests");
    expect(of("today").time.likely).toBeGreaterThan(2 * of("before").time.likely);
  });

  it("warns of what 4.17.4 does to write-combining", () => {
    const codes = (name: Case) => of(name).remarks.map(({ code }) => code);
    expect(codes("before")).toContain("no-write-combining");
    expect(codes("today")).not.toContain("no-write-combining");
    expect(codes("shared")).not.toContain("no-write-combining");
  });
});

describe("docs/time.md", () => {
  const text = readFileSync(new URL("../../docs/time.md", import.meta.url), "utf8");
  const rows = text.split("\n").filter((line) => line.startsWith("| `"));
  const row = (kind: string): string[] =>
    (rows.find((line) => line.startsWith(`| \`${kind}\``)) ?? "").split("|").map((cell) => cell.trim());

  it("lists every shipped cost as it is", () => {
    for (const [kind, cost] of Object.entries(DEFAULT_CALIBRATION.costs)) {
      const [, , ...cells] = row(kind);
      expect([kind, ...cells.slice(0, 3).map(Number)]).toEqual([kind, ...cost]);
    }
    expect(rows).toHaveLength(Object.keys(DEFAULT_CALIBRATION.costs).length);
  });

  it("has the counts of the boots and the seconds that they make", () => {
    const columns = ["shared", "unshared", "patched"] as const;
    for (const [kind, cost] of Object.entries(DEFAULT_CALIBRATION.costs)) {
      const units = row(kind)
        .slice(5, 8)
        .map((cell) => Number(cell.replaceAll(",", "")));
      expect([kind, ...units]).toEqual([
        kind,
        ...columns.map((name) => of(name).boot.ledger[kind as keyof PlanDocument["ledger"]]),
      ]);
      expect(cost[0]).toBeLessThanOrEqual(cost[1]);
      expect(cost[1]).toBeLessThanOrEqual(cost[2]);
    }
    const sums = text.split("\n").find((line) => line.startsWith("| **sum, s**"));
    const seconds = sums
      ?.split("|")
      .slice(5, 8)
      .map((cell) => Number(cell.trim()));
    expect(seconds).toEqual(columns.map((name) => Number(of(name).boot.time.likely.toFixed(1))));
  });
});
