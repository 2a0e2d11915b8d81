import type { LogTime } from "../inventory/log-time.ts";
import type { AddNote } from "../inventory/notes.ts";
import type { TraceDocument, TraceRange, TraceRequest, TraceTimes } from "./trace-document.ts";
import { type CallClass, type ClosedRequest, closeRequest, type OpenRequest } from "./trace-request.ts";
import { isWholeCalls } from "./trace-steps.ts";
import { type Durations, mergeDurations, newDurations, percentile } from "./trace-times.ts";

/** Requests that are kept one by one. */
const MOST_REQUESTS = 10_000;

type Found = Pick<TraceDocument, "boots" | "clock" | "requests" | "ranges" | "times"> & {
  readonly lost: number;
  /** Messages of second copies. */
  readonly repeated: number;
};

export interface TraceResults {
  sawClock(at: LogTime | null): void;
  close(request: OpenRequest, endsLog: boolean): void;
  finish(note: AddNote): Found;
}

interface Kept extends Omit<ClosedRequest, "row"> {
  row: TraceRequest;
}

/** Collects requests as they end, and tells what only their neighbours show: lost beginnings, undone failures, copies. */
export function traceResults(): TraceResults {
  const kept: Kept[] = [];
  const seen = new Set<string>();
  const times = new Map<string, { readonly durations: Durations; requests: number }>();
  let repeated = 0;
  let leftOut = 0;
  let clock: LogTime | null = null;

  /** Microsecond stamps make a request's first and last message unique. */
  const isCopy = ({ row, end, delta, stamps }: ClosedRequest): boolean => {
    const names = stamps.flatMap((at, i) =>
      at === null || at.resolution > 1 ? [] : [[i, row.domain, row.operation, end, delta, at.clock, at.value].join()],
    );
    const copy = names.some((name) => seen.has(name));
    if (seen.size < 2 * MOST_REQUESTS) for (const name of names) seen.add(name);
    return copy;
  };

  return {
    sawClock(at) {
      // Before the hypervisor knows its clock's rate it prints counters: later stamps say more. Of those the coarsest holds.
      if (at === null || (clock !== null && at.clock === "counter")) return;
      if (clock === null || clock.clock === "counter" || at.resolution > clock.resolution) clock = at;
    },
    close(request, endsLog) {
      const closed = closeRequest(request, endsLog);
      if (isCopy(closed)) {
        repeated += closed.row.calls - closed.row.lost;
        return;
      }
      for (const [name, durations] of closed.times) {
        const key = `${closed.row.operation} ${name}`;
        const sum = times.get(key) ?? { durations: newDurations(), requests: 0 };
        times.set(key, sum);
        mergeDurations(sum.durations, durations);
        sum.requests++;
      }
      if (kept.length < MOST_REQUESTS) kept.push(closed);
      else leftOut++;
    },
    finish(note) {
      kept.sort((a, b) => a.sequence - b.sequence);
      const ranges = findRanges(kept);
      markUndone(kept, ranges);
      const boots = [...new Set(kept.map(({ row }) => row.boot))];
      const renumbered = (boot: number): number => boots.indexOf(boot) + 1;
      if (leftOut > 0) note("info", `${leftOut} more requests are in the times only: ${MOST_REQUESTS} are kept`);
      if (repeated > 0) note("info", `${repeated} messages stand in the log a second time and were counted once`);
      return {
        boots: boots.length,
        clock: clock && { style: clock.clock, resolution: clock.resolution / 1e6, unit: "s" },
        requests: kept.map(({ row }) => ({ ...row, boot: renumbered(row.boot) })),
        ranges: ranges.map(({ range }) => ({ ...range, boot: renumbered(range.boot) })),
        times: timeRows(times),
        lost: kept.reduce((sum, { row }) => sum + row.lost, 0),
        repeated,
      };
    },
  };
}

interface Range {
  readonly first: Kept;
  range: { -readonly [K in keyof TraceRange]: TraceRange[K] };
}

/** Requests by range; one that begins whole calls into a range has lost its beginning. */
function findRanges(kept: readonly Kept[]): Range[] {
  const byEnd = new Map<string, Range[]>();
  const ranges: Range[] = [];
  for (const request of [...kept].sort((a, b) => a.gfn - b.gfn)) {
    const { row, gfn, end, delta } = request;
    const key = [row.boot, row.domain, end, delta].join();
    const candidates = byEnd.get(key) ?? [];
    byEnd.set(key, candidates);
    let found = candidates.find(
      ({ first }) => first.gfn === gfn || isWholeCalls(first.gfn, first.gfn - delta, gfn - first.gfn),
    );
    if (!found) {
      const { boot, domain, gfn: start, mfn, pages } = row;
      const counts = { mapped: 0, unmapped: 0, mapFailed: 0, undone: 0 };
      found = { first: request, range: { boot, domain, gfn: start, mfn, pages, ...counts } };
      candidates.push(found);
      ranges.push(found);
    } else if (found.first.gfn !== gfn) request.row = { ...row, start: "lost" };
    if (row.operation === "map") found.range.mapped++;
    else found.range.unmapped++;
    if (row.operation === "map" && row.outcome === "failed") found.range.mapFailed++;
  }
  return ranges.sort(
    (a, b) => a.range.boot - b.range.boot || a.range.domain - b.range.domain || a.first.gfn - b.first.gfn,
  );
}

/** A removal of the same range right after a mapping failed is the library's undo (xen-mapping.md 2.5). */
function markUndone(kept: readonly Kept[], ranges: readonly Range[]): void {
  const latest = new Map<string, number>();
  kept.forEach((request, i) => {
    const { row, end, delta } = request;
    const key = `${row.boot} ${row.domain}`;
    const before = latest.get(key);
    latest.set(key, i);
    const failed = before === undefined ? undefined : kept[before]!;
    if (!failed || row.operation !== "unmap" || failed.row.operation !== "map" || failed.row.outcome !== "failed")
      return;
    if (failed.end !== end || failed.delta !== delta) return;
    request.row = { ...row, undo: true };
    const range = ranges.find(
      ({ first, range: r }) =>
        r.boot === row.boot &&
        r.domain === row.domain &&
        first.end === end &&
        first.delta === delta &&
        first.gfn <= request.gfn,
    );
    if (!range) return;
    range.range.unmapped--;
    range.range.undone++;
  });
}

function timeRows(
  times: ReadonlyMap<string, { readonly durations: Durations; readonly requests: number }>,
): readonly TraceTimes[] {
  return (["map", "unmap"] as const).flatMap((operation) =>
    (["64x4k", "64x2m", "mixed"] as const satisfies readonly CallClass[]).flatMap((entries): readonly TraceTimes[] => {
      const sum = times.get(`${operation} ${entries}`);
      if (!sum) return [];
      const { durations, requests } = sum;
      const at = (share: number): number => percentile(durations, share) / 1e6;
      return [
        {
          operation,
          entries,
          calls: durations.count,
          seconds: durations.total / 1e6,
          low: at(0.1),
          likely: at(0.5),
          high: at(0.9),
          requests,
        },
      ];
    }),
  );
}
