import type { Mfn } from "../address.ts";
import type { Format } from "../format/format.ts";
import { p2mTypeOf } from "../format/index.ts";
import { type Children, type Pattern, type Placed, patternsOf } from "./pattern.ts";
import { pieces, type Run, type RunOptions } from "./pieces.ts";
import { isWritable, pagesAt, type Tree, type WritableTree } from "./tree.ts";

/**
 * What a tree maps, to be drawn: runs as `runs` gives them, but neighbours that differ in memory type or bookkeeping alone are
 * one (flags are the first one's). Tables that stand as descriptions stay descriptions: half a billion entries that go on in
 * the same way cost a few steps and no memory. Ascending, lazy; never throws.
 */
export function* outline(tree: Tree, options: Omit<RunOptions, "raw" | "skip"> = {}): Generator<Run> {
  const same = likeness(tree.format);
  yield* joined(isWritable(tree) ? described(tree, options) : pieces(tree, options), same);
}

type Likeness = (a: Run, b: Run) => boolean;

/** Whether two runs of a format allow the same, and are of one P2M type. */
function likeness(format: Format): Likeness {
  const known = new Map<string, string>();
  const wordsOf = ({ level, lo, hi }: Run): string => {
    const key = `${level} ${lo} ${hi}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    const words = `${format.decode({ lo, hi }, level).access} ${p2mTypeOf(format.name, hi)}`;
    if (known.size > 4096) known.clear();
    known.set(key, words);
    return words;
  };
  return (a, b) => (a.lo === b.lo && a.hi === b.hi) || wordsOf(a) === wordsOf(b);
}

/** Neighbours that go on at the same order as one. */
function* joined(list: Iterable<Run>, same: Likeness): Generator<Run> {
  let open: Run | undefined;
  for (const run of list) {
    const goesOn =
      open &&
      open.start + open.pages === run.start &&
      open.order === run.order &&
      open.level === run.level &&
      (open.maps === null ? run.maps === null : open.maps + open.pages === run.maps) &&
      same(open, run);
    if (open && goesOn) open = { ...open, pages: open.pages + run.pages, entries: open.entries + run.entries };
    else {
      if (open) yield open;
      open = run;
    }
  }
  if (open) yield open;
}

/** Pieces of a tree, with what `standing` says in place of those tables that it knows. */
function* passing(
  tree: Tree,
  options: RunOptions,
  standing: (table: Mfn, base: number) => (() => Generator<Run>) | null,
): Generator<Run> {
  // What was passed over since the last piece lies before the next one.
  let passed: (() => Generator<Run>)[] = [];
  const skip = (_level: number, table: Mfn, base: number): boolean => {
    const there = standing(table, base);
    if (there) passed.push(there);
    return there !== null;
  };
  for (const piece of pieces(tree, { ...options, skip })) {
    const now = passed;
    passed = [];
    for (const there of now) yield* there();
    yield piece;
  }
  for (const there of passed) yield* there();
}

function described(tree: WritableTree, options: RunOptions): Generator<Run> {
  const patterns = patternsOf(tree);
  return passing(tree, options, (table, base) => {
    const placed = patterns.standing(table);
    return placed ? () => placedRuns(tree.format, placed, base) : null;
  });
}

const nothing = function* (): Generator<Run> {};

/** The runs of a pattern from input frame `base` on. */
function* placedRuns(format: Format, { pattern, shift }: Placed, base: number): Generator<Run> {
  const moved = (run: Run): Run => ({
    ...run,
    start: run.start + base,
    maps: run.maps === null ? null : run.maps + shift,
  });
  const whole = wholeRun(format, pattern);
  if (whole) yield moved(whole);
  else for (const run of relativeRuns(format, pattern)) yield moved(run);
}

/** The runs of a pattern that lies at input frame 0, its outputs relative. */
function* relativeRuns(format: Format, pattern: Pattern): Generator<Run> {
  const span = pagesAt(pattern.level);
  const groups = new Map(pattern.children.map((group) => [group.index, group]));
  const tree: Tree = { format, memory: { frame: () => pattern.words }, root: 0 as Mfn, levels: pattern.level };
  let isRoot = true;
  yield* passing(tree, {}, (_, base) => {
    if (isRoot) {
      isRoot = false;
      return null;
    }
    const group = groups.get(base / span);
    return group ? () => groupRuns(format, group, base, span) : nothing;
  });
}

/** Neighbouring tables of one pattern: one run where each goes on where the one before ended. */
function* groupRuns(format: Format, group: Children, base: number, span: number): Generator<Run> {
  const { pattern, shift, count, step } = group;
  const whole = wholeRun(format, pattern);
  if (whole && whole.maps !== null && whole.pages === span && (count === 1 || step === span))
    yield { ...whole, start: base, maps: whole.maps + shift, pages: span * count, entries: whole.entries * count };
  else for (let i = 0; i < count; i++) yield* placedRuns(format, { pattern, shift: shift + i * step }, base + i * span);
}

const wholes = new WeakMap<Pattern, Run | null>();

/** A pattern's only run, if it has one and no more. */
function wholeRun(format: Format, pattern: Pattern): Run | null {
  const known = wholes.get(pattern);
  if (known !== undefined) return known;
  const list = joined(relativeRuns(format, pattern), likeness(format));
  const first = list.next();
  const answer = first.done || !list.next().done ? null : first.value;
  wholes.set(pattern, answer);
  return answer;
}
