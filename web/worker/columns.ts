import { diffStretches, type Stretch, sameOutput } from "../../src/inspect/diff-runs.ts";
import { type MappedRun, wordsReader } from "../../src/inspect/mapped-run.ts";
import { outline } from "../../src/radix/outline.ts";
import type { Problem, Run } from "../../src/radix/runs.ts";
import type { Tree } from "../../src/radix/tree.ts";
import type { Disagreements, RunList, RunWords } from "../protocol.ts";

/** Runs that are kept of one tree: more than any screen can show, and 30 MiB. */
export const MOST_RUNS = 2 ** 20;
const MOST_DISAGREEMENTS = 20_000;

/** A run as the page draws it. */
export interface DrawnRun extends Stretch {
  readonly order: number;
  readonly words: RunWords;
}

/** What a tree maps, as runs to draw; problems on the way are told. Lazy. */
export function* drawnRuns(tree: Tree, onProblem: (problem: Problem) => void): Generator<DrawnRun> {
  const words = wordsReader(tree);
  for (const run of outline(tree, { onProblem })) yield drawn(run, words(run));
}

const drawn = (run: Run, { access, type, memoryType }: ReturnType<ReturnType<typeof wordsReader>>): DrawnRun => ({
  start: run.start,
  pages: run.pages,
  maps: run.maps,
  entries: run.entries,
  order: run.order,
  words: { access: access ?? "---", type, memoryType },
});

/** What a text tells, as runs to draw. */
export const toldRun = ({ start, pages, maps, entries, order, access, type, memoryType }: MappedRun): DrawnRun => ({
  start,
  pages,
  maps,
  entries,
  order: order ?? 0,
  words: { access: access ?? "?", type, memoryType },
});

/** The parts of runs that lie in ascending stretches without overlap. */
export function* within(
  runs: Iterable<DrawnRun>,
  windows: readonly { readonly start: number; readonly pages: number }[],
): Generator<DrawnRun> {
  for (const run of runs)
    for (const window of windows) {
      const start = Math.max(run.start, window.start);
      const end = Math.min(run.start + run.pages, window.start + window.pages);
      if (start < end)
        yield { ...run, start, pages: end - start, maps: run.maps === null ? null : run.maps + (start - run.start) };
    }
}

/** Runs as columns. */
export function columnsOf(runs: readonly DrawnRun[]): RunList {
  const dictionary: RunWords[] = [];
  const known = new Map<string, number>();
  const indexOf = (words: RunWords): number => {
    const key = `${words.access} ${words.type} ${words.memoryType}`;
    const found = known.get(key);
    if (found !== undefined) return found;
    if (dictionary.length === 0xffff) return 0;
    known.set(key, dictionary.length);
    return dictionary.push(words) - 1;
  };
  return {
    count: runs.length,
    start: Float64Array.from(runs, ({ start }) => start),
    pages: Float64Array.from(runs, ({ pages }) => pages),
    maps: Float64Array.from(runs, ({ maps }) => maps ?? Number.NaN),
    order: Uint8Array.from(runs, ({ order }) => order),
    words: Uint16Array.from(runs, ({ words }) => indexOf(words)),
    dictionary,
  };
}

/** Where two sets of runs do not lead to the same frames. */
export function disagreementsOf(p2m: readonly DrawnRun[], iommu: readonly DrawnRun[]): Disagreements {
  const found: { start: number; pages: number; kind: number }[] = [];
  for (const { start, pages, left, right } of diffStretches(p2m.filter(maps), iommu.filter(maps), sameOutput)) {
    const kind = right === null ? 0 : left === null ? 1 : 2;
    const last = found.at(-1);
    if (last && last.kind === kind && last.start + last.pages === start) last.pages += pages;
    else if (found.length === MOST_DISAGREEMENTS) break;
    else found.push({ start, pages, kind });
  }
  return {
    count: found.length,
    start: Float64Array.from(found, ({ start }) => start),
    pages: Float64Array.from(found, ({ pages }) => pages),
    kind: Uint8Array.from(found, ({ kind }) => kind),
  };
}

const maps = (run: Stretch): boolean => run.maps !== null;

/** Buffers of an answer that may move to the page. */
export function transferables(value: unknown): ArrayBuffer[] {
  const found = new Set<ArrayBuffer>();
  const visit = (each: unknown, depth: number): void => {
    if (ArrayBuffer.isView(each)) {
      if (each.buffer instanceof ArrayBuffer) found.add(each.buffer);
    } else if (typeof each === "object" && each !== null && depth < 6)
      for (const inner of Object.values(each)) visit(inner, depth + 1);
  };
  visit(value, 0);
  return [...found];
}
