import type { Ledger, LedgerKind } from "../xen/ledger.ts";

/** What one unit of a ledger kind costs, in nanoseconds: least, likely, most. */
export type Cost = readonly [low: number, likely: number, high: number];

/** Costs by ledger kind, and what they were calibrated on. Kinds that are left out cost nothing of their own. */
export interface Calibration {
  readonly name: string;
  readonly costs: Readonly<Partial<Record<LedgerKind, Cost>>>;
}

/**
 * Shipped costs. They are estimates for a server of 2015 to 2020, chosen so that one set gives the three times of the
 * published P40 case (about 20 s, several minutes, a few seconds more than the first) from its ledgers; docs/time.md
 * derives each. A user's own log replaces them.
 */
export const DEFAULT_CALIBRATION: Calibration = {
  name: "default",
  costs: {
    // Entry to the hypervisor, the domctl's copies and checks, the log line that nobody sees.
    hypercalls: [700, 1_500, 4_000],
    infoCalls: [500, 1_000, 3_000],
    // About 2,000 instructions an entry, 4 KiB and 2 MiB alike (xen-mapping.md 10.5).
    setEntries: [200, 350, 700],
    retries: [100, 250, 600],
    p2mTables: [500, 1_000, 2_500],
    m2pUpdates: [2, 5, 15],
    // 13 instructions on 4.17, 25 on 4.22, one of them a speculation barrier.
    specialPageTests: [4, 8, 20],
    markReads: [0.3, 0.6, 1.5],
    markLeafStores: [1, 3, 8],
    recalcLeafStores: [20, 40, 100],
    tlbFlushes: [500, 1_000, 2_500],
    // Write back and invalidate all caches on all CPUs, and wait for the slowest.
    cacheFlushes: [30_000, 60_000, 250_000],
    // One call of the VT-d or AMD-Vi routine: lock, walk, store, cache-line write-back.
    iommuVendorCalls: [18, 30, 60],
    iommuTables: [400, 900, 2_500],
    iotlbFlushes: [5, 10, 25],
    iotlbCommands: [300, 600, 1_500],
    iotlbDomainCommands: [800, 2_000, 6_000],
  },
};

/** A time as a range, in seconds. */
export interface TimeRange {
  readonly low: number;
  readonly likely: number;
  readonly high: number;
}

/** What a ledger costs, in seconds. */
export function timeOf(ledger: Ledger, calibration: Calibration = DEFAULT_CALIBRATION): TimeRange {
  let [low, likely, high] = [0, 0, 0];
  for (const kind of Object.keys(calibration.costs) as LedgerKind[]) {
    const [units, cost] = [ledger[kind], calibration.costs[kind]!];
    low += units * cost[0];
    likely += units * cost[1];
    high += units * cost[2];
  }
  return { low: low / 1e9, likely: likely / 1e9, high: high / 1e9 };
}

/** Which kinds the time goes to, most first, as seconds likely. */
export function timeShares(
  ledger: Ledger,
  calibration: Calibration = DEFAULT_CALIBRATION,
): readonly (readonly [LedgerKind, number])[] {
  return Object.entries(calibration.costs)
    .map(([kind, cost]) => [kind as LedgerKind, (ledger[kind as LedgerKind] * cost[1]) / 1e9] as const)
    .filter(([, seconds]) => seconds > 0)
    .sort((a, b) => b[1] - a[1]);
}
