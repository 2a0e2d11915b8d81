import { describe, expect, it } from "vitest";
import { DEFAULT_CALIBRATION, timeOf, timeShares } from "../../src/plan/index.ts";
import { LEDGER_KINDS, newLedger } from "../../src/xen/ledger.ts";

const ledger = { ...newLedger(), hypercalls: 1_000_000, cacheFlushes: 10_000 };
const calibration = { name: "test", costs: { hypercalls: [1_000, 2_000, 3_000], cacheFlushes: [1, 2, 1e6] } } as const;

describe("timeOf", () => {
  it("adds counts times nanoseconds", () => {
    expect(timeOf(ledger, calibration)).toEqual({ low: 1.00001, likely: 2.00002, high: 13 });
  });

  it("is zero for nothing", () => {
    expect(timeOf(newLedger())).toEqual({ low: 0, likely: 0, high: 0 });
  });

  it("has shipped costs for kinds of the ledger only, each a range", () => {
    for (const [kind, [low, likely, high]] of Object.entries(DEFAULT_CALIBRATION.costs)) {
      expect(LEDGER_KINDS).toHaveProperty(kind);
      expect(0 < low && low <= likely && likely <= high).toBe(true);
    }
  });
});

describe("timeShares", () => {
  it("gives the likely seconds of each kind, most first, and sums to the whole", () => {
    expect(timeShares(ledger, calibration)).toEqual([
      ["hypercalls", 2],
      ["cacheFlushes", 0.00002],
    ]);
    const sum = timeShares(ledger).reduce((total, [, seconds]) => total + seconds, 0);
    expect(sum).toBeCloseTo(timeOf(ledger).likely, 12);
  });
});
