import fc from "fast-check";
import { randomFrom } from "./mutate.ts";
import type { Target, Verdict } from "./target.ts";

/** What became of one target's cases. Milliseconds. */
export interface Tally {
  readonly name: string;
  cases: number;
  read: number;
  refused: number;
  slowest: number;
  /** The first inputs that were not dealt with, by the number that makes them again. */
  readonly failures: { readonly seed: number; readonly says: string }[];
}

export interface Watch {
  /** Told before each case, so that one that does not end can be named. */
  readonly begin?: (seed: number) => void;
  readonly clock?: () => number;
  readonly mostFailures?: number;
}

/** Of its cases one in four is made from structure, where a target knows any. */
const STRUCTURED = 4;
const BATCH = 500;

const said = (error: unknown): string => (error instanceof Error ? (error.stack ?? error.message) : String(error));

/** Runs so many cases of a target. Case `i` of a target depends on nothing but `seed + i`. Never throws. */
export function fuzz(
  target: Target,
  cases: number,
  seed: number,
  { begin, clock = () => 0, mostFailures = 10 }: Watch = {},
): Tally {
  const tally: Tally = { name: target.name, cases: 0, read: 0, refused: 0, slowest: 0, failures: [] };
  const one = (id: number, work: () => Verdict): void => {
    begin?.(id);
    const start = clock();
    tally.cases++;
    try {
      tally[work()]++;
    } catch (error) {
      if (tally.failures.length < mostFailures) tally.failures.push({ seed: id, says: said(error) });
    }
    tally.slowest = Math.max(tally.slowest, clock() - start);
  };
  const { structured } = target;
  const shaped = structured ? Math.floor(cases / STRUCTURED) : 0;
  for (let done = 0; structured && done < shaped; done += BATCH) {
    const inputs = fc.sample(structured.inputs, { seed: seed + done, numRuns: Math.min(BATCH, shaped - done) });
    for (const [i, input] of inputs.entries()) one(seed + done + i, () => structured.read(input));
  }
  for (let id = seed + shaped; id < seed + cases; id++) one(id, () => target.mutated(randomFrom(id)));
  return tally;
}
