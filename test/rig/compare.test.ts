import { describe, expect, it } from "vitest";
import { compareScript, isEqual, type ScriptComparison } from "../../rig/compare.ts";
import { runOnModel } from "../../rig/model-run.ts";
import type { Observed } from "../../rig/observe.ts";
import type { OperationResult } from "../../rig/results.ts";
import type { RigScript } from "../../rig/script.ts";
import { comparisonText, differenceLines, differingBits } from "../../rig/show.ts";
import type { Snapshot } from "../../rig/snapshot.ts";
import { targetOf } from "../../rig/target.ts";
import { hex, hex64 } from "../../src/address.ts";
import { makeSnapshot } from "../../src/image/snapshot.ts";

const BUILD = "4.17.7+1-debian";
const BAR = 0x4000000;
const map = (gfn: number, pages: number, add = true) =>
  ({ op: "memory_mapping", domain: 1, gfn: hex(gfn), mfn: hex(gfn), pages, add }) as const;

const script: RigScript = {
  hypervisor: { xen: "4.17", cpu: "amd" },
  domains: [{ id: 1, guest: "hvm", iommu: "sync_pt" }],
  operations: [
    { op: "iomem_permission", domain: 1, mfn: hex(BAR), pages: 4096, allow: true },
    map(BAR, 1024),
    map(BAR + 0x600, 3),
    map(BAR + 0x10, 1, false),
    {
      op: "memory_mapping",
      domain: 1,
      gfn: hex(BAR),
      mfn: hex(BAR + 0x800),
      pages: 512,
      add: true,
      undoOnFailure: true,
    },
    { op: "populate", domain: 1, gfn: "0x200", order: 9, extents: 1, mfn: null },
    { op: "decrease_reservation", domain: 1, gfn: "0x203" },
  ],
};
const target = targetOf(script.hypervisor);

/** What a hypervisor that does as the model would have shown, in the rig's form. */
function observed(): Observed {
  const mfns = [{ first: 0, mfn: "0x7d200", extents: 1 }];
  const seen = script.operations.map(
    (o): OperationResult => (o.op === "populate" ? { result: 0, mfns } : { result: 0 }),
  );
  const run = runOnModel(script, target, BUILD, seen);
  const results = run.results.map((r, i): OperationResult => {
    const { decreased, error: _, firstReturn, lastReturn, undo, ...same } = r;
    const calls = { firstReturn: firstReturn ?? 0, lastReturn: lastReturn ?? 0 };
    return {
      ...same,
      result: r.result ?? 0,
      ...(r.hypercalls === undefined ? {} : calls),
      ...(decreased === undefined ? {} : { released: decreased }),
      ...(undo === undefined
        ? {}
        : { undo: { ...undo, firstReturn: undo.firstReturn ?? 0, lastReturn: undo.lastReturn ?? 0 } }),
      ...(i === 5 ? { mfns } : {}),
    };
  });
  const [{ p2m, iommu }] = run.domains as [(typeof run.domains)[number]];
  const trees = [
    { domain: 1, what: "p2m" as const, tree: p2m },
    { domain: 1, what: "iommu" as const, tree: iommu! },
  ];
  const snapshot = makeSnapshot({ xen: BUILD }, trees) as Snapshot;
  return { results, domains: [{ id: 1, result: 0, xenId: 5 }], snapshot: structuredClone(snapshot) };
}

const compare = (run: Observed): ScriptComparison => compareScript(script, run, target);

/** The frame of a tree's tables in which some entry passes, and that entry. */
function entryWhere(snapshot: Snapshot, test: (entry: bigint) => boolean): { frame: string; index: string } {
  for (const [frame, entries] of Object.entries(snapshot.frames))
    for (const [index, entry] of Object.entries(entries))
      if (typeof entry === "string" && test(BigInt(entry))) return { frame, index };
  throw new Error("no such entry");
}
type Frames = Record<string, Record<string, string | [string, string]>>;
const frames = (run: Observed): Frames => run.snapshot.frames as Frames;
const withResult = (i: number, change: Partial<OperationResult>): Observed => {
  const run = observed();
  return { ...run, results: run.results.map((r, at) => (at === i ? { ...r, ...change } : r)) };
};

/** A 2 MiB MMIO leaf and a 2 MiB RAM leaf of NPT, and an AMD-Vi leaf, as this script leaves them. */
const isMmio2m = (entry: bigint): boolean => (entry & 0xfffn) === 0xf7n && entry >> 52n === 5n;
const isAmdvi = (entry: bigint): boolean => entry >> 60n === 7n && (entry & 0xe01n) === 1n;
const isTable = (entry: bigint): boolean => (entry & 0xfffn) === 0x67n && entry >> 52n === 0n;

describe("compareScript", () => {
  it("finds nothing where there is nothing, and says how much it looked at", () => {
    const comparison = compare(observed());
    expect(differenceLines(comparison)).toEqual([]);
    expect(isEqual(comparison)).toBe(true);
    expect(comparison.entries.p2m).toBeGreaterThanOrEqual(2048);
    expect(comparison.entries.iommu).toBeGreaterThanOrEqual(2048);
  });

  it("hands the frames that the hypervisor chose to the model", () => {
    const run = observed();
    const moved = run.results.map((r, i) => (i === 5 ? { ...r, mfns: [{ first: 0, mfn: "0x7d400", extents: 1 }] } : r));
    expect(isEqual(compare({ ...run, results: moved }))).toBe(false);
  });

  it.each([0, 5, 9, 11, 20, 40, 53, 62])("reports a flipped bit %i in any entry it is in", (bit) => {
    const run = observed();
    const { frame, index } = entryWhere(run.snapshot, isMmio2m);
    const entry = BigInt(frames(run)[frame]![index] as string) ^ (1n << BigInt(bit));
    frames(run)[frame]![index] = `0x${entry.toString(16).padStart(16, "0")}`;
    const comparison = compare(run);
    expect(comparison.trees.length).toBeGreaterThan(0);
    expect(comparison.trees[0]!.what).toBe("p2m");
  });

  it("reports a marker that differs in an entry that is not present", () => {
    const run = observed();
    const { frame, index } = entryWhere(run.snapshot, (e) => e > 0n && e <= 0x1en);
    frames(run)[frame]![index] = "0x0000000000000000";
    expect(compare(run).trees.map((d) => d.what)).toContain("iommu");
  });

  it("reports a missing entry", () => {
    const run = observed();
    const { frame, index } = entryWhere(run.snapshot, isAmdvi);
    delete frames(run)[frame]![index];
    expect(compare(run).trees.length).toBeGreaterThan(0);
  });

  it("reports a missing run", () => {
    const run = observed();
    for (const [frame, entries] of Object.entries(frames(run)))
      for (const index of Object.keys(entries))
        if (Array.isArray(entries[index]) && index.includes("-511")) delete frames(run)[frame]![index];
    expect(compare(run).trees.length).toBeGreaterThan(0);
  });

  it("reports a wrong order", () => {
    const run = observed();
    const { frame, index } = entryWhere(run.snapshot, isMmio2m);
    const entry = BigInt(frames(run)[frame]![index] as string);
    const small = entry ^ 0x80n;
    const parts = [`0x${small.toString(16).padStart(16, "0")}`, "0x1000"] as [string, string];
    frames(run)["0x3333"] = { "0-511": parts };
    frames(run)[frame]![index] = hex64(0x3333067, 0);
    const [first] = compare(run).trees;
    expect(first?.says).toMatch(/against/);
    expect(first?.entry?.level).toBe(2);
  });

  it("reports swapped tables", () => {
    const run = observed();
    const tables = Object.entries(frames(run)).flatMap(([frame, entries]) =>
      Object.entries(entries).flatMap(([index, e]) =>
        typeof e === "string" && isTable(BigInt(e)) ? [{ frame, index, e }] : [],
      ),
    );
    const [a, b] = tables.slice(-2) as [(typeof tables)[number], (typeof tables)[number]];
    frames(run)[a.frame]![a.index] = b.e;
    frames(run)[b.frame]![b.index] = a.e;
    expect(isEqual(compare(run))).toBe(false);
  });

  it("reports a lost table, and one that the snapshot says is missing", () => {
    const run = observed();
    const { frame, index } = entryWhere(run.snapshot, isTable);
    const table = hex(Number((BigInt(frames(run)[frame]![index] as string) >> 12n) & 0xffffffffn));
    delete frames(run)[table];
    expect(differenceLines(compare(run)).join()).toMatch(/not in memory/);
    const cut = observed();
    const snapshot = { ...cut.snapshot, source: { ...cut.snapshot.source, missing: ["0x77"] } };
    expect(compare({ ...cut, snapshot }).refused[0]).toMatch(/lacks 1 tables.*0x77/);
  });

  it("reports a tree that only one side has", () => {
    const run = observed();
    const roots = run.snapshot.roots.filter((root) => root.what === "p2m");
    const comparison = compare({ ...run, snapshot: { ...run.snapshot, roots } });
    expect(comparison.trees.map((d) => d.says)).toEqual(["only the model has tables"]);
  });

  it("reports a domain that was not made", () => {
    const run = observed();
    const domains = [{ id: 1, result: -12, error: "ENOMEM", step: "pool", xenId: 5 }];
    expect(differenceLines(compare({ ...run, domains }))[0]).toMatch(/domain 1 was not made: pool gave ENOMEM/);
  });

  it.each([
    [1, "result", { result: -12 }],
    [1, "pagesDone", { pagesDone: 1023 }],
    [1, "hypercalls", { hypercalls: 2 }],
    [1, "firstReturn", { firstReturn: 64 }],
    [4, "lastReturn", { lastReturn: -2 }],
    [4, "undo.pagesDone", { undo: { result: 0, pagesDone: 3, hypercalls: 1, firstReturn: 0, lastReturn: 0 } }],
    [5, "populated", { populated: 0 }],
    [6, "released", { released: 0 }],
    [1, "crashed", { crashed: true }],
  ] as const)("reports a wrong answer of operation %i: %s", (i, field, change) => {
    const comparison = compare(withResult(i, change));
    expect(comparison.results.map((d) => `${d.operation} ${d.field}`)).toContain(`${i} ${field}`);
    expect(isEqual(comparison)).toBe(false);
  });

  it("reports results that were lost", () => {
    const run = observed();
    expect(compare({ ...run, results: run.results.slice(0, -1) }).results[0]!.field).toBe("operations");
  });
});

describe("comparisonText", () => {
  it("has results and tables of both sides, cycles, and every difference by range, level and bit", () => {
    const run = withResult(1, { result: -12, error: "ENOMEM", cycles: 1234 });
    const { frame, index } = entryWhere(run.snapshot, isMmio2m);
    const entry = frames(run)[frame]!;
    entry[index] = `0x${(BigInt(entry[index] as string) ^ (1n << 9n)).toString(16).padStart(16, "0")}`;
    const text = comparisonText(script, run, compare(run));
    expect(text).toMatch(/hypervisor -12 ENOMEM pages=1024 .*cycles=1234\n {6}model {6}0 pages=1024/);
    expect(text).toMatch(/domain 1 p2m \(npt\)\n {2}hypervisor\n {4}tables: .*\n(.*\n)+ {2}model\n/);
    expect(text).toContain("2 differences\n  operation 2: result is -12, the model says 0\n");
    expect(text).toMatch(/domain 1 p2m 0x40\d+-0x40\w+ level 2: .* \(bits 9\)/);
  });
});

describe("differingBits", () => {
  it("numbers the bits from 0", () => {
    expect(differingBits("0x8000000000000001", "0x0000000000000003")).toEqual([1, 63]);
    expect(differingBits("absent", "0x1")).toEqual([]);
  });
});
