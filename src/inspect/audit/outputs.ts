import type { Run } from "../../radix/runs.ts";
import { FrameSet } from "../../ranges.ts";
import type { SurveyedTree } from "./rule.ts";

/** Output frames of a run. */
export interface Output {
  /** First output frame and the one after the last. */
  readonly start: number;
  readonly end: number;
  readonly tree: SurveyedTree;
  readonly run: Run;
}

const known = new WeakMap<SurveyedTree, readonly Output[]>();

function outputsOfTree(tree: SurveyedTree): readonly Output[] {
  const found =
    known.get(tree) ??
    tree.runs
      .flatMap((run): Output[] =>
        run.maps === null ? [] : [{ start: run.maps, end: run.maps + run.pages, tree, run }],
      )
      .sort((a, b) => a.start - b.start);
  known.set(tree, found);
  return found;
}

/** Output frames of some trees, by first frame. */
export const outputsOf = (trees: readonly SurveyedTree[]): readonly Output[] =>
  trees.length === 1 ? outputsOfTree(trees[0]!) : trees.flatMap(outputsOfTree).sort((a, b) => a.start - b.start);

/** All output frames of some trees. */
export const outputFrames = (trees: readonly SurveyedTree[]): FrameSet => FrameSet.from(outputsOf(trees));

/** Two outputs that share the frames of [start, end). */
export interface Overlap {
  readonly a: Output;
  readonly b: Output;
  readonly start: number;
  readonly end: number;
}

/** Open outputs that are compared with each new one: so many that real tables never have more. */
const MOST_OPEN = 16;

/**
 * Outputs that share frames, as `wanted` chooses pairs. Lazy. Where very many lie over one another, a new one is compared
 * with the 16 that reach furthest.
 */
export function* overlaps(sorted: readonly Output[], wanted: (a: Output, b: Output) => boolean): Generator<Overlap> {
  let open: Output[] = [];
  for (const b of sorted) {
    open = open.filter(({ end }) => end > b.start);
    for (const a of open) if (wanted(a, b)) yield { a, b, start: b.start, end: Math.min(a.end, b.end) };
    open.push(b);
    if (open.length > MOST_OPEN) {
      const least = Math.min(...open.map(({ end }) => end));
      open.splice(
        open.findIndex(({ end }) => end === least),
        1,
      );
    }
  }
}

/** First input frame at which an output's run leads to frame `mfn`. */
export const inputOf = ({ run, start }: Output, mfn: number): number => run.start + (mfn - start);
