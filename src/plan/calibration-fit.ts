import type { Inventory, Note } from "../inventory/types.ts";
import type { Ledger, LedgerKind } from "../xen/ledger.ts";
import type { CalibrationDocument } from "./calibration.ts";
import { callLedgers } from "./calibration-calls.ts";
import { resolveScenario } from "./resolve.ts";
import type { ScenarioKeys } from "./scenario.ts";
import { type Cost, DEFAULT_CALIBRATION, timeOf } from "./time.ts";
import type { TraceDocument, TraceTimes } from "./trace-document.ts";

/** Fewer calls than this say little about a host. */
const LEAST_CALLS = 8;
/** A clock finer than this share of a call measures calls one by one; a coarser one, requests as wholes. */
const FINE = 0.25;

/** Costs measured from a log, in nanoseconds a unit, and what had to be assumed for them. */
export interface Calibrated {
  readonly document: CalibrationDocument;
  readonly notes: readonly Note[];
}

/**
 * Costs from the calls that a log timed. A log tells how long a call took, not what in it: the shipped costs of the
 * kinds that such a call has (on the model, in the scenario of the inputs) are scaled alike, by measured over predicted
 * at the 10th, 50th and 90th percentile. Returns a sentence where the log or the scenario does not serve.
 */
export function calibrate(trace: TraceDocument, inventory: Inventory, keys: ScenarioKeys): Calibrated | string {
  const { clock } = trace;
  if (clock === null)
    return "the log has no time stamps to measure by (Xen's option console_timestamps=boot prints them)";
  if (clock.style === "counter")
    return "the log's time stamps are raw counter values, whose rate it does not tell (Xen's option console_timestamps=boot prints seconds)";
  if (keys.xen === undefined && inventory.host.xenVersion === undefined)
    return "neither the log nor an input tells Xen's release, which decides what a call does: give --xen";
  const resolved = resolveScenario(inventory, keys);
  if (typeof resolved === "string") return resolved;
  const { scenario, notes } = resolved;
  const ledgers = callLedgers(scenario);
  if (typeof ledgers === "string") return ledgers;

  const calls: CalibrationDocument["from"]["calls"][number][] = [];
  const used: Ledger[] = [];
  for (const row of trace.times) {
    const { operation, entries } = row;
    if (operation !== "map" || entries === "mixed" || row.calls < LEAST_CALLS) continue;
    const ledger = ledgers[entries];
    if (ledger === null)
      return `the log shows calls of 64 entries of 2 MiB, which Xen ${scenario.release.name} on ${scenario.cpu} does not make in this scenario: give the host's release and options (--xen, --cpu, --cmdline, --passthrough)`;
    const measured = measuredCost(row, clock.resolution);
    if (measured[1] <= 0) continue;
    calls.push({ entries, calls: row.calls, measured, predicted: timeOf(ledger).likely * 1e9 });
    used.push(ledger);
  }
  if (calls.length === 0)
    return `too few timed calls to measure by: at least ${LEAST_CALLS} of 64 equal entries each are needed, and a clock that sees them (this one shows ${clock.resolution} s)`;

  const ratio = ratioOf(calls);
  const kinds = Object.entries(DEFAULT_CALIBRATION.costs) as [LedgerKind, Cost][];
  const isUsed = (kind: LedgerKind): boolean => used.some((ledger) => ledger[kind] > 0);
  const costs = kinds.map(([kind, cost]): [LedgerKind, Cost] => [
    kind,
    isUsed(kind) ? [rounded(cost[1] * ratio[0]), rounded(cost[1] * ratio[1]), rounded(cost[1] * ratio[2])] : cost,
  ]);
  const document: CalibrationDocument = {
    physmap: 1,
    kind: "calibration",
    name: `${trace.log.split(/[/\\]/).at(-1)!.slice(0, 120)} (Xen ${scenario.release.name}, ${scenario.cpu})`,
    costs: Object.fromEntries(costs),
    from: {
      log: trace.log,
      xen: scenario.release.name,
      cpu: scenario.cpu,
      iommu: ledgers.iommu,
      resolution: clock.resolution,
      calls,
      ratio,
      measuredKinds: kinds.map(([kind]) => kind).filter(isUsed),
    },
  };
  return { document, notes };
}

/** Five digits: more would promise what no clock shows. */
const rounded = (n: number): number => Number(n.toPrecision(5));

/** Nanoseconds a call: percentiles where the clock sees single calls, else the mean and what the clock leaves open. */
function measuredCost(row: TraceTimes, resolution: number): Cost {
  if (resolution <= row.likely * FINE) return [row.low * 1e9, row.likely * 1e9, row.high * 1e9];
  const open = row.requests * resolution;
  if (row.seconds <= open) return [0, 0, 0];
  const mean = (seconds: number): number => (seconds / row.calls) * 1e9;
  return [mean(row.seconds - open), mean(row.seconds), mean(row.seconds + open)];
}

/** Measured over predicted: of all calls together, and the extremes of both kinds. */
function ratioOf(calls: CalibrationDocument["from"]["calls"]): Cost {
  const sum = (of: (call: (typeof calls)[number]) => number): number =>
    calls.reduce((total, call) => total + of(call), 0);
  const likely = sum((c) => c.measured[1] * c.calls) / sum((c) => c.predicted * c.calls);
  const low = Math.min(...calls.map(({ measured, predicted }) => measured[0] / predicted));
  const high = Math.max(...calls.map(({ measured, predicted }) => measured[2] / predicted));
  return [low, likely, high];
}
