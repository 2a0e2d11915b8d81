import { type Ledger, subtractLedgers } from "../xen/ledger.ts";
import type { ReasonCode } from "../xen/reasons.ts";
import { addCall, addRepetition, type CallRun, type CallRuns, callRuns, sumUpTo } from "./call-runs.ts";
import type { Carried } from "./carry-out.ts";
import { type Act, type MadeCall, type Replay, replay } from "./replay.ts";
import { type Calibration, DEFAULT_CALIBRATION, type TimeRange, timeOf } from "./time.ts";

/** One iteration of the mapping loop: a block of 2^order pages, and the rule that gave the order. */
export interface TimelineStep {
  readonly gfn: number;
  readonly mfn: number;
  readonly order: number;
  readonly because: ReasonCode;
}

/** One call in full. `cost` is what it alone booked; the first of a range holds the library's question before it. */
export interface TimelineCall extends Omit<MadeCall, "decisions" | "act"> {
  /** Number of the call, from 0. */
  readonly call: number;
  /** Index into the timeline's ranges. */
  readonly range: number;
  /** At most 64; none for a removal. */
  readonly steps: readonly TimelineStep[];
}

/** A contiguous range that is mapped (or, after a failure, removed) by calls `first` to `first + calls - 1`. */
export interface TimelineRange extends Act {
  readonly first: number;
  readonly calls: number;
}

/** What the first calls did and cost, times in seconds. */
export interface TimelineSum {
  readonly calls: number;
  readonly pages: number;
  readonly ledger: Ledger;
  readonly time: TimeRange;
}

/**
 * The mapping of a plan's BARs, once, call by call. Calls are memory-mapping hypercalls (for a PVH dom0: rounds of vPCI's
 * loop, which are no hypercalls). Nothing is held but runs of like calls, so that millions of calls are a small object.
 */
export interface Timeline {
  /** All calls. */
  readonly calls: number;
  readonly ranges: readonly TimelineRange[];
  /** The calls as runs of like ones. */
  readonly runs: CallRuns;
  /**
   * What the first `calls` calls did and cost, exactly, for 0 to all of them. Answered from the runs; only where counts
   * depend on the place is the model asked, which is quick for ascending questions.
   */
  sum(calls: number): TimelineSum;
  /** `points` sums or fewer, evenly spread from no call to all of them. */
  samples(points: number): readonly TimelineSum[];
  /** Calls that are done by a time, in seconds likely. */
  callsBy(seconds: number): number;
  /** The calls from one to another (exclusive) in full. Throws RangeError for more than 4,096 at once. */
  detail(from: number, to: number): readonly TimelineCall[];
}

const MOST_DETAIL = 4096;

/** The timeline of what a plan carried out: `plan(…)`'s own result will do. */
export function timelineOf(
  { scenario, layout, budget }: Pick<Carried, "scenario" | "layout" | "budget">,
  calibration: Calibration = DEFAULT_CALIBRATION,
): Timeline {
  const begin = (): Replay => replay(scenario, layout, budget?.forBars);
  const { runs, ranges } = record({ scenario, layout, budget });
  const all = runs.sum.calls;
  const bounded = (calls: number): number => Math.min(all, Math.max(0, Math.floor(calls)));
  let model = begin();
  /** The model after so many calls: the one that was asked last, if it is not past them. */
  const modelAt = (calls: number): Replay => {
    if (model.calls > calls) model = begin();
    model.advance(calls);
    return model;
  };
  const sum = (asked: number): TimelineSum => {
    const calls = bounded(asked);
    const { pages, cost, exact } = sumUpTo(runs, calls);
    const ledger = exact ? cost : modelAt(calls).cost();
    return { calls, pages, ledger, time: timeOf(ledger, calibration) };
  };
  return {
    calls: all,
    ranges,
    runs,
    sum,
    samples(points) {
      const steps = Math.max(1, Math.min(all, Math.floor(points) - 1));
      return Array.from({ length: all === 0 ? 1 : steps + 1 }, (_, i) => sum(Math.round((i * all) / steps)));
    },
    callsBy(seconds) {
      let [low, high] = [0, all];
      while (low < high) {
        const middle = Math.ceil((low + high) / 2);
        if (timeOf(sumUpTo(runs, middle).cost, calibration).likely <= seconds) low = middle;
        else high = middle - 1;
      }
      // Inside of what repeats that was an estimate: the calls next to it tell.
      while (low < all && sum(low + 1).time.likely <= seconds) low++;
      while (low > 0 && sum(low).time.likely > seconds) low--;
      return low;
    },
    detail(from, to) {
      const [first, last] = [bounded(from), bounded(to)];
      if (last - first > MOST_DETAIL)
        throw new RangeError(`${last - first} calls at once: expected ${MOST_DETAIL} at most`);
      const at = modelAt(first);
      return Array.from({ length: Math.max(0, last - first) }, (_, i) => {
        const { act: _act, decisions, ...made } = at.step()!;
        const call = first + i;
        return {
          call,
          range: ranges.findLastIndex((range) => range.first <= call),
          ...made,
          steps: stepsOf(decisions),
        };
      });
    },
  };
}

/** Carry everything out once and note what repeats as such. */
function record({ scenario, layout, budget }: Pick<Carried, "scenario" | "layout" | "budget">): {
  runs: CallRuns;
  ranges: TimelineRange[];
} {
  const list: CallRun[] = [];
  const begun: { act: Act; first: number }[] = [];
  let seen = 0;
  const model = replay(scenario, layout, budget?.forBars, (act) => begun.push({ act, first: seen }));
  let before = model.cost();
  model.advance(Number.POSITIVE_INFINITY, ({ calls, pages, regions, like }) => {
    const now = model.cost();
    const cost = subtractLedgers(now, before);
    before = now;
    seen += calls;
    if (regions === 0) addCall(list, pages, cost);
    else addRepetition(list, calls, regions, begun.at(-1)!.first + like, cost);
  });
  const ranges = begun.map(({ act, first }, i) => ({ ...act, first, calls: (begun[i + 1]?.first ?? seen) - first }));
  return { runs: callRuns(list), ranges };
}

const stepsOf = (decisions: MadeCall["decisions"]): TimelineStep[] =>
  decisions.flatMap(({ gfn, mfn, pages, order, because }) =>
    Array.from({ length: pages / 2 ** order }, (_, i) => ({
      gfn: gfn + i * 2 ** order,
      mfn: mfn + i * 2 ** order,
      order,
      because,
    })),
  );
