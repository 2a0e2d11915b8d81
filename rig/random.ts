import { compareScript, isEqual, type ScriptComparison } from "./compare.ts";
import { type FormatTarget, generate } from "./generate.ts";
import { type RigRun, runMany } from "./run.ts";
import type { RigScript } from "./script.ts";
import { targetOf } from "./target.ts";

/** A random script's run beside the model's; among the results, one on which the two do not agree. */
export interface Sequence {
  /** Seed of the batch and the script's number in it. */
  readonly seed: number;
  readonly index: number;
  readonly script: RigScript;
  readonly run: RigRun;
  readonly comparison: ScriptComparison;
}

/** What a number of random sequences came to. */
export interface Tally {
  readonly sequences: number;
  readonly operations: number;
  /** Entries that were compared bit by bit, empty ones included. */
  readonly p2mEntries: number;
  readonly iommuEntries: number;
  /** How many operations ended so: "0", "pages", or an error's name; "crashed" and "undone" beside that. */
  readonly outcomes: Readonly<Record<string, number>>;
  /** The hypervisor's exact version. */
  readonly build: string;
}

export interface RandomOptions {
  readonly target: FormatTarget;
  readonly xen: string;
  readonly count: number;
  readonly seed: number;
  /** Told of each sequence, in order. */
  readonly each?: (sequence: Sequence) => void;
  /** Told of each batch that is done. */
  readonly progress?: (done: number, different: number) => void;
}

/** Memory of the machine, MiB: room for RAM in 1 GiB pieces where there is an IOMMU to see them. */
export const memoryFor = (target: FormatTarget): number => (target === "ept" ? 512 : 8192);

const BATCH: Readonly<Record<FormatTarget, number>> = { npt: 250, amdvi: 250, vtd: 250, ept: 140 };

/** Every fourth batch runs under one of these, so that they are all seen again and again. */
const VARIANTS: Readonly<Record<FormatTarget, readonly string[]>> = {
  npt: ["hap_2mb=0", "hap_1gb=0", "hap_2mb=0 hap_1gb=0", "iommu=no-superpages"],
  amdvi: ["iommu=no-superpages", "hap_1gb=0", "hap_2mb=0", "hap_2mb=0 hap_1gb=0"],
  vtd: ["iommu=no-superpages", "hap_1gb=0", "hap_2mb=0", "iommu=no-snoop"],
  ept: ["ept=exec-sp", "hap_2mb=0", "hap_1gb=0"],
};

/** The command line of a batch: Xen's defaults mostly. */
export function variantOf(target: FormatTarget, batch: number): string {
  if (batch % 4 !== 3) return "";
  const variants = VARIANTS[target];
  return variants[Math.floor(batch / 4) % variants.length]!;
}

function count(outcomes: Record<string, number>, run: RigRun): void {
  const add = (key: string): void => {
    outcomes[key] = (outcomes[key] ?? 0) + 1;
  };
  for (const result of run.results) {
    add(result.error ?? (result.result > 0 ? "pages" : "0"));
    if (result.crashed) add("crashed");
    if (result.undo) add("undone");
  }
}

/**
 * Runs random sequences on a real hypervisor and compares each with the model. Batches have a seed each, from `seed` on:
 * a batch is repeated by its own seed and number alone.
 */
export async function runRandom(options: RandomOptions): Promise<{ tally: Tally; different: Sequence[] }> {
  const { target, xen } = options;
  const memoryMiB = memoryFor(target);
  const outcomes: Record<string, number> = {};
  const different: Sequence[] = [];
  let [sequences, operations, p2mEntries, iommuEntries] = [0, 0, 0, 0];
  let build = "";
  for (let batch = 0; sequences < options.count; batch++) {
    const seed = options.seed + batch;
    const size = Math.min(BATCH[target], options.count - sequences);
    const scripts = generate(target, xen, size, seed, variantOf(target, seed));
    const runs = await runMany(scripts, { memoryMiB });
    for (const [index, run] of runs.entries()) {
      const script = scripts[index]!;
      const comparison = compareScript(script, run, targetOf(script.hypervisor, { memoryMiB }));
      count(outcomes, run);
      operations += script.operations.length;
      p2mEntries += comparison.entries.p2m;
      iommuEntries += comparison.entries.iommu;
      const sequence = { seed, index, script, run, comparison };
      options.each?.(sequence);
      if (!isEqual(comparison)) different.push(sequence);
      build = String(run.snapshot.source.xen);
    }
    sequences += size;
    options.progress?.(sequences, different.length);
  }
  return { tally: { sequences, operations, p2mEntries, iommuEntries, outcomes, build }, different };
}
