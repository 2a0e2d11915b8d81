import { describe, expect, it } from "vitest";
import { readXlDmesg } from "../../src/inventory/index.ts";
import type { Inventory } from "../../src/inventory/types.ts";
import { calibrationSchema, readCalibration } from "../../src/plan/calibration.ts";
import { callLedgers } from "../../src/plan/calibration-calls.ts";
import { calibrate } from "../../src/plan/calibration-fit.ts";
import { resolveScenario } from "../../src/plan/resolve.ts";
import type { ScenarioKeys } from "../../src/plan/scenario.ts";
import { DEFAULT_CALIBRATION, timeOf } from "../../src/plan/time.ts";
import { readTrace } from "../../src/plan/trace.ts";
import { stamped } from "./trace-samples.ts";

const HOST = [
  "(XEN) [    0.000000] Xen version 4.17.5 (Debian) (gcc) debug=n",
  "(XEN) [    0.100000] I/O virtualisation enabled",
  "(XEN) [    0.100000] Intel VT-d Shared EPT tables not enabled.",
];

/** A mapping of 64 calls, each of so many microseconds. */
const mapping = (step: number, micros: number, gfn = 0x1000000, start = 60e6): string[] =>
  Array.from({ length: 64 }, (_, i) => {
    const nr = (64 - i) * step;
    const line = `memory_map:add: d1 gfn=${(gfn + i * step).toString(16)} mfn=${(gfn + i * step).toString(16)} nr=${nr.toString(16)}`;
    return stamped(line, start + i * micros);
  });

const calibrated = (lines: readonly string[], keys: ScenarioKeys = {}) => {
  const text = lines.join("\n");
  const { host, notes } = readXlDmesg(text, "log");
  const inventory: Inventory = { devices: [], host, guest: null, notes };
  return calibrate(readTrace(text, "dir/log"), inventory, keys);
};

const documentOf = (lines: readonly string[], keys: ScenarioKeys = {}) => {
  const made = calibrated(lines, keys);
  if (typeof made === "string") throw new Error(made);
  return made.document;
};

describe("calibration from a log", () => {
  it("makes the model's calls take what the log's took", () => {
    const document = documentOf([...HOST, ...mapping(0x8000, 900)]);
    expect(document).toMatchObject({ physmap: 1, kind: "calibration", name: "log (Xen 4.17.5, intel)" });
    expect(document.from).toMatchObject({ log: "dir/log", xen: "4.17.5", cpu: "intel", resolution: 1e-6 });
    expect(document.from.calls).toMatchObject([{ entries: "64x2m", calls: 63 }]);
    const inventory: Inventory = { devices: [], host: {}, guest: null, notes: [] };
    const resolved = resolveScenario(inventory, { xen: "4.17.5", cpu: "intel", cmdline: "iommu=no-sharept" });
    if (typeof resolved === "string") throw new Error(resolved);
    const ledgers = callLedgers(resolved.scenario);
    if (typeof ledgers === "string") throw new Error(ledgers);
    const time = timeOf(ledgers["64x2m"]!, document);
    for (const seconds of [time.low, time.likely, time.high]) expect(Math.abs(seconds / 900e-6 - 1)).toBeLessThan(0.02);
    // 64 entries a call, and 32,768 frames looked at (xen-mapping.md 10.5: releases from 4.17.5 on).
    expect(ledgers["64x2m"]).toMatchObject({ hypercalls: 1, iterations: 64, setEntries: 64, specialPageTests: 32_768 });
    expect(ledgers["64x4k"]).toMatchObject({ hypercalls: 1, iterations: 64, setEntries: 64, specialPageTests: 64 });
  });

  it("keeps the shipped costs of what no measured call has", () => {
    const { costs, from } = documentOf([...HOST, ...mapping(0x8000, 900)]);
    // Mapping afresh flushes no TLB and no caches from 4.17 on (xen-mapping.md 10.6).
    for (const kind of ["tlbFlushes", "cacheFlushes", "m2pUpdates"] as const) {
      expect(costs[kind]).toEqual(DEFAULT_CALIBRATION.costs[kind]);
      expect(from.measuredKinds).not.toContain(kind);
    }
    expect(from.measuredKinds).toContain("setEntries");
  });

  it("spans what both kinds of call say", () => {
    const { from } = documentOf([...HOST, ...mapping(0x8000, 900), ...mapping(0x40, 100, 0x8000000, 90e6)]);
    expect(from.calls.map(({ entries }) => entries)).toEqual(["64x4k", "64x2m"]);
    const ratios = from.calls.map(({ measured, predicted }) => measured[1] / predicted);
    expect(from.ratio[0]).toBeCloseTo(Math.min(...ratios), 1);
    expect(from.ratio[2]).toBeCloseTo(Math.max(...ratios), 1);
  });

  it("uses whole requests where the clock is coarse, and leaves open what it does", () => {
    const lines = mapping(0x40, 100_000).map((line, i) =>
      line.replace(/\[.*?\]/, `[2024-03-01 10:00:${String(Math.floor(i / 10)).padStart(2, "0")}]`),
    );
    const { from } = documentOf([...HOST, ...lines]);
    // 63 calls within 6 s, give or take 1 s.
    const [low, likely, high] = from.calls[0]!.measured;
    expect(likely).toBeCloseTo(6e9 / 63, 0);
    expect(low).toBeCloseTo(5e9 / 63, 0);
    expect(high).toBeCloseTo(7e9 / 63, 0);
  });

  it.each([
    ["no stamps", [...HOST, ...mapping(0x40, 1).map((line) => line.replace(/\[.*?\] /, ""))], {}, "console_timestamps"],
    [
      "raw counters",
      mapping(0x40, 1).map((line, i) => line.replace(/\[.*?\]/, `[${i.toString(16).padStart(16, "0")}]`)),
      {},
      "counter",
    ],
    ["no release", mapping(0x40, 100), {}, "--xen"],
    ["a release that makes no such calls", mapping(0x8000, 900), { xen: "4.11", cpu: "amd" }, "does not make"],
    ["few calls", [...HOST, ...mapping(0x40, 100).slice(0, 5)], {}, "too few"],
    ["a PV guest", [...HOST, ...mapping(0x40, 100)], { guest: "pv" }, "HVM"],
    [
      "a clock too coarse",
      [...HOST, ...mapping(0x40, 100).map((line) => line.replace(/\[.*?\]/, "[2024-03-01 10:00:00]"))],
      {},
      "too few",
    ],
  ] as const)("refuses: %s", (_, lines, keys, why) => {
    expect(calibrated(lines, keys)).toContain(why);
  });
});

describe("reading a calibration", () => {
  const good = { physmap: 1, kind: "calibration", name: "mine", costs: { hypercalls: [1, 2, 3] } };

  it("takes what calibrate wrote", () => {
    const document = documentOf([...HOST, ...mapping(0x8000, 900)]);
    expect(readCalibration(JSON.parse(JSON.stringify(document)))).toEqual({
      name: document.name,
      costs: document.costs,
    });
    expect(readCalibration(good)).toEqual({ name: "mine", costs: { hypercalls: [1, 2, 3] } });
  });

  it.each([
    ["another kind", { ...good, kind: "plan" }, "at kind"],
    ["an unknown cost", { ...good, costs: { bananas: [1, 2, 3] } }, "bananas"],
    ["two numbers", { ...good, costs: { hypercalls: [1, 2] } }, "at costs.hypercalls"],
    ["a negative cost", { ...good, costs: { hypercalls: [-1, 2, 3] } }, "at costs.hypercalls.0"],
    ["no order", { ...good, costs: { hypercalls: [3, 2, 1] } }, "ascending"],
    [
      "a prototype's name",
      JSON.parse('{"physmap":1,"kind":"calibration","name":"x","costs":{"constructor":[1,2,3]}}'),
      "constructor",
    ],
    ["no object", 7, "not a calibration"],
  ])("refuses: %s", (_, document, why) => {
    expect(readCalibration(document)).toContain(why);
    expect(calibrationSchema.type).toBe("object");
  });
});
