import type { RunList } from "../protocol.ts";
import { type View, xOf } from "./scale.ts";

/** A stretch of a lane in pixels, and the run (its index) that it shows. */
export interface Stretch {
  readonly x: number;
  readonly width: number;
  readonly run: number;
}

type Columns = Pick<RunList, "count" | "start" | "pages">;

/** Index of the first run that ends behind a frame. */
function firstAfter({ count, start, pages }: Columns, frame: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (start[middle]! + pages[middle]! <= frame) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The run that holds a frame; -1 where none does. */
export function runAt(runs: Columns, frame: number): number {
  const i = firstAfter(runs, frame);
  return i < runs.count && runs.start[i]! <= frame ? i : -1;
}

/** What is thinner is drawn as thick as this, so that it can be seen. */
const LEAST_WIDTH = 1.5;

/**
 * What of a list of runs is to be drawn: a stretch a run where there are few in view, and otherwise at most two a pixel, so
 * that a million runs cost what the screen is wide.
 */
export function stretches(runs: Columns, view: View, width: number): readonly Stretch[] {
  const first = firstAfter(runs, view.from);
  const end = view.from + view.pages;
  const found: Stretch[] = [];
  const perPixel = view.pages / width;
  for (let i = first; i < runs.count && runs.start[i]! < end; ) {
    const left = xOf(runs.start[i]!, view, width);
    const right = xOf(runs.start[i]! + runs.pages[i]!, view, width);
    const x = Math.max(-1, left);
    found.push({ x, width: Math.max(LEAST_WIDTH, Math.min(width + 1, right) - x), run: i });
    i++;
    if (right - left >= LEAST_WIDTH) continue;
    // What lies within the same half pixel cannot be told apart.
    const next = runs.start[i - 1]! + perPixel / 2;
    if (i < runs.count && runs.start[i]! < next) i = Math.max(i, firstAfter(runs, next));
  }
  return found;
}
