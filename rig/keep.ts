import { compareScript } from "./compare.ts";
import type { FormatTarget } from "./generate.ts";
import { memoryFor, type Sequence } from "./random.ts";
import { runOnXen } from "./run.ts";
import { comparisonText, differenceLines } from "./show.ts";
import { differsLive, shrink } from "./shrink.ts";
import { nameOf, pin } from "./store.ts";
import { targetOf } from "./target.ts";

const MOST_SHOWN = 20;

/** What differs in each sequence, by seed and number: some lines of each. */
export const disagreementLines = (different: readonly Sequence[]): string[] =>
  different
    .slice(0, MOST_SHOWN)
    .flatMap(({ seed, index, comparison }) => [
      `seed ${seed} number ${index}:`,
      ...differenceLines(comparison).slice(0, 8),
    ]);

/** Shrinks a sequence live, keeps the smallest script as a regression, and tells what it shows and where it is. */
export async function keepSmallest(target: FormatTarget, xen: string, sequence: Sequence): Promise<string> {
  const memoryMiB = memoryFor(target);
  const script = await shrink(sequence.script, differsLive(memoryMiB));
  const run = await runOnXen(script, { memoryMiB });
  const comparison = compareScript(script, run, targetOf(script.hypervisor, { memoryMiB }));
  const says = `the model differed: ${differenceLines(comparison)[0]?.trim() ?? ""}`;
  const file = pin({ name: nameOf(target, xen, sequence), says, seed: sequence.seed, memoryMiB, script, run });
  return `the smallest script that still differs:\n${comparisonText(script, run, comparison)}kept as ${file}`;
}
