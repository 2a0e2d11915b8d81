import type { Frame } from "./address.ts";

/** A half-open run of frames: `start` up to, but not including, `end`. */
export interface FrameRange {
  readonly start: number;
  readonly end: number;
}

/**
 * A set of frames of one kind as sorted, disjoint, non-touching ranges. Immutable: each operation returns a new set.
 * Look-ups cost log(ranges); operations cost the number of ranges, never the number of frames.
 */
export class FrameSet<F extends Frame = Frame> {
  readonly ranges: readonly FrameRange[];

  /** End of the last range: most frames that are asked for lie beyond the sets that the hypervisor asks. */
  private readonly end: number;

  private constructor(ranges: readonly FrameRange[]) {
    this.ranges = ranges;
    this.end = ranges.at(-1)?.end ?? 0;
  }

  static empty<F extends Frame>(): FrameSet<F> {
    return new FrameSet<F>([]);
  }

  /** The union of some ranges, in any order; those without a frame are left out. Costs a sort. */
  static of<F extends Frame>(...ranges: FrameRange[]): FrameSet<F> {
    return FrameSet.from(ranges);
  }

  /** As `of`, for lists too long to be arguments. */
  static from<F extends Frame>(ranges: readonly FrameRange[]): FrameSet<F> {
    const joined: { start: number; end: number }[] = [];
    for (const { start, end } of ranges.filter((r) => r.start < r.end).sort((a, b) => a.start - b.start)) {
      const last = joined.at(-1);
      if (last && start <= last.end) last.end = Math.max(last.end, end);
      else joined.push({ start, end });
    }
    return new FrameSet<F>(joined);
  }

  get isEmpty(): boolean {
    return this.ranges.length === 0;
  }

  /** Number of frames in the set. */
  get pages(): number {
    return this.ranges.reduce((sum, r) => sum + r.end - r.start, 0);
  }

  /** Index of the first range that ends after `frame`. */
  private indexOf(frame: number): number {
    let low = 0;
    let high = this.ranges.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ranges[middle]!.end > frame) high = middle;
      else low = middle + 1;
    }
    return low;
  }

  has(frame: number): boolean {
    if (frame >= this.end) return false;
    const range = this.ranges[this.indexOf(frame)];
    return range !== undefined && range.start <= frame;
  }

  /** Whether any frame of [start, start + pages) is in the set. */
  overlaps(start: number, pages: number): boolean {
    const range = this.ranges[this.indexOf(start)];
    return pages > 0 && range !== undefined && range.start < start + pages;
  }

  /** Whether every frame of [start, start + pages) is in the set; true for no pages. */
  contains(start: number, pages: number): boolean {
    if (pages <= 0) return true;
    const range = this.ranges[this.indexOf(start)];
    return range !== undefined && range.start <= start && range.end >= start + pages;
  }

  /** Number of frames of [start, start + pages) in the set. */
  countIn(start: number, pages: number): number {
    let count = 0;
    for (let i = this.indexOf(start); i < this.ranges.length; i++) {
      const range = this.ranges[i]!;
      if (range.start >= start + pages) break;
      count += Math.min(range.end, start + pages) - Math.max(range.start, start);
    }
    return count;
  }

  /** First frame of the set at or after `frame`; Infinity when there is none. */
  nextFrom(frame: number): number {
    const range = this.ranges[this.indexOf(frame)];
    return range === undefined ? Number.POSITIVE_INFINITY : Math.max(range.start, frame);
  }

  /** How many frames from `frame` on are alike: all in the set, or none of them. Infinity past the last range. */
  alikeFrom(frame: number): number {
    const range = this.ranges[this.indexOf(frame)];
    if (range === undefined) return Number.POSITIVE_INFINITY;
    return (range.start <= frame ? range.end : range.start) - frame;
  }

  add(start: number, pages: number): FrameSet<F> {
    if (pages <= 0) return this;
    let from = start;
    let end = start + pages;
    const before: FrameRange[] = [];
    const after: FrameRange[] = [];
    for (const range of this.ranges) {
      if (range.end < from) before.push(range);
      else if (range.start > end) after.push(range);
      else {
        from = Math.min(from, range.start);
        end = Math.max(end, range.end);
      }
    }
    return new FrameSet<F>([...before, { start: from, end }, ...after]);
  }

  remove(start: number, pages: number): FrameSet<F> {
    if (pages <= 0) return this;
    const end = start + pages;
    return new FrameSet<F>(
      this.ranges.flatMap((range) => {
        if (range.end <= start || range.start >= end) return [range];
        const rest: FrameRange[] = [];
        if (range.start < start) rest.push({ start: range.start, end: start });
        if (range.end > end) rest.push({ start: end, end: range.end });
        return rest;
      }),
    );
  }
}
