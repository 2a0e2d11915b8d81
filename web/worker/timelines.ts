import type { Inventory } from "../../src/inventory/types.ts";
import { overlayKeys } from "../../src/plan/keys.ts";
import { type Planned, plan } from "../../src/plan/plan.ts";
import type { ScenarioKeys } from "../../src/plan/scenario.ts";
import { type Timeline, timelineOf } from "../../src/plan/timeline.ts";
import type { Change, Moment, TimelineInfo } from "../protocol.ts";
import { orThrow } from "./failure.ts";
import { keysOf } from "./keys.ts";

/** A plan's timeline, and that of the same inputs under another scenario. */
export interface Timelines {
  open(against: readonly Change[]): readonly TimelineInfo[];
  moments(clock: number): readonly Moment[];
  clockAt(scenario: number, calls: number): number;
}

/** Points of a curve: as many as a wide screen has pixels to draw them. */
const SAMPLES = 600;

export function makeTimelines(planned: Planned, inventory: Inventory, keys: ScenarioKeys): Timelines {
  const name = ({ document: { scenario } }: Planned): string => `Xen ${scenario.xen}`;
  let own: { readonly name: string; readonly timeline: Timeline } | null = null;
  let all: readonly { readonly name: string; readonly timeline: Timeline }[] = [];
  return {
    open(against) {
      own ??= { name: name(planned), timeline: timelineOf(planned) };
      all = [own];
      if (against.length > 0) {
        const other = orThrow(plan(inventory, overlayKeys(keys, keysOf(against)), { advice: false, boot: false }));
        const changed = against.map(([key, value]) => `${key}=${value}`).join(", ");
        all = [
          own,
          {
            name: changed.startsWith("xen=") && against.length === 1 ? name(other) : changed,
            timeline: timelineOf(other),
          },
        ];
      }
      return all.map(({ name: title, timeline }) => infoOf(title, timeline));
    },
    moments: (clock) => all.map(({ timeline }) => momentOf(timeline, timeline.callsBy(clock / 1e9))),
    clockAt: (scenario, calls) => clockOf(all[scenario]?.timeline, calls),
  };
}

/** The least whole number of nanoseconds by which the calls are done. */
function clockOf(timeline: Timeline | undefined, calls: number): number {
  if (!timeline) return 0;
  let clock = Math.ceil(timeline.sum(calls).time.likely * 1e9);
  // Seconds are sums of fractions: a nanosecond more makes up for what they lose.
  for (let i = 0; i < 4 && timeline.callsBy(clock / 1e9) < Math.min(calls, timeline.calls); i++) clock++;
  return clock;
}

function momentOf(timeline: Timeline, calls: number): Moment {
  const last = calls > 0 ? (timeline.detail(calls - 1, calls)[0] ?? null) : null;
  return { ...timeline.sum(calls), last };
}

function infoOf(name: string, timeline: Timeline): TimelineInfo {
  const samples = timeline.samples(SAMPLES);
  const total = momentOf(timeline, timeline.calls);
  return {
    name,
    calls: timeline.calls,
    pages: total.pages,
    ranges: timeline.ranges,
    samples: {
      calls: Float64Array.from(samples, ({ calls }) => calls),
      pages: Float64Array.from(samples, ({ pages }) => pages),
      seconds: Float64Array.from(samples, ({ time }) => time.likely),
    },
    total,
  };
}
