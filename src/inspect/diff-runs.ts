import { type Run, type RunOptions, runs } from "../radix/runs.ts";
import type { Tree } from "../radix/tree.ts";

/** What any description of consecutive input frames has. */
export interface Stretch {
  /** First input frame and number of pages. */
  readonly start: number;
  readonly pages: number;
  /** First output frame; null where there is none, or none is known. */
  readonly maps: number | null;
  /** Entries of equal size that make it up. */
  readonly entries: number;
}

/** A stretch of input frames that two sequences of runs map differently. */
export interface Gap<R extends Stretch = Run> {
  readonly start: number;
  readonly pages: number;
  /** The part of the run that lies here; null where there is none. */
  readonly left: R | null;
  readonly right: R | null;
}

/** The part of a run in [start, end). A leaf that is only half inside still counts as an entry. */
function cut<R extends Stretch>(run: R, start: number, end: number): R {
  const span = run.pages / run.entries;
  const entries = Math.ceil((end - run.start) / span) - Math.floor((start - run.start) / span);
  const maps = run.maps === null ? null : run.maps + (start - run.start);
  return { ...run, start, pages: end - start, maps, entries };
}

/** Whether two runs say the same of a frame that both cover. */
const sameRun = (a: Run, b: Run): boolean =>
  a.order === b.order && a.level === b.level && a.lo === b.lo && a.hi === b.hi && sameOutput(a, b);

/** Whether two runs lead a frame that both cover to the same output, or both to none. */
export const sameOutput = (a: Stretch, b: Stretch): boolean =>
  a.maps === null || b.maps === null ? a.maps === b.maps : a.maps - a.start === b.maps - b.start;

/**
 * Where two sequences of runs differ, in ascending order. Lazy, so that a consumer may stop at the first. Both must ascend
 * without overlap, as `runs` yields them.
 */
export const diffRuns = (left: Iterable<Run>, right: Iterable<Run>): Generator<Gap> =>
  diffStretches(left, right, sameRun);

/** As `diffRuns`, for any description of runs and any notion of agreement on the frames that two of them share. */
export function* diffStretches<R extends Stretch>(
  left: Iterable<R>,
  right: Iterable<R>,
  agree: (left: R, right: R) => boolean,
): Generator<Gap<R>> {
  const lefts = left[Symbol.iterator]();
  const rights = right[Symbol.iterator]();
  const take = (iterator: Iterator<R>): R | null => {
    const next = iterator.next();
    return next.done ? null : next.value;
  };
  const endOf = (run: R | null): number => (run ? run.start + run.pages : Number.POSITIVE_INFINITY);
  const startOf = (run: R | null): number => run?.start ?? Number.POSITIVE_INFINITY;
  let l = take(lefts);
  let r = take(rights);
  let at = 0;
  while (l || r) {
    const start = Math.max(at, Math.min(startOf(l), startOf(r)));
    const hereL = l && l.start <= start ? l : null;
    const hereR = r && r.start <= start ? r : null;
    const end = Math.min(hereL ? endOf(l) : startOf(l), hereR ? endOf(r) : startOf(r));
    if (!hereL || !hereR || !agree(hereL, hereR))
      yield {
        start,
        pages: end - start,
        left: hereL && cut(hereL, start, end),
        right: hereR && cut(hereR, start, end),
      };
    at = end;
    if (endOf(l) <= at) l = take(lefts);
    if (endOf(r) <= at) r = take(rights);
  }
}

/**
 * Whether two trees map the same: their runs are equal (contract, "Snapshots"). Weaker than `compareTrees` finding nothing:
 * how tables are laid out, bookkeeping and markers do not matter. False where a table of either could not be read.
 */
export function mapTheSame(left: Tree, right: Tree, options: Omit<RunOptions, "onProblem" | "onTable"> = {}): boolean {
  let unread = false;
  const onProblem: RunOptions["onProblem"] = ({ code }) => {
    if (code === "table-outside-image" || code === "too-many-tables") unread = true;
  };
  for (const _ of diffRuns(runs(left, { ...options, onProblem }), runs(right, { ...options, onProblem }))) return false;
  return !unread;
}
