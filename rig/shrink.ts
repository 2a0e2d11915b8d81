import { compareScript, isEqual } from "./compare.ts";
import { runMany } from "./run.ts";
import type { RigScript, ScriptOperation } from "./script.ts";
import { targetOf } from "./target.ts";

/** Whether each script still shows a difference. Run live, all in one boot. */
export type StillDiffers = (scripts: readonly RigScript[]) => Promise<readonly boolean[]>;

export const differsLive =
  (memoryMiB: number): StillDiffers =>
  async (scripts) => {
    const runs = await runMany(scripts, { memoryMiB });
    return runs.map((run, i) => {
      const script = scripts[i]!;
      return !isEqual(compareScript(script, run, targetOf(script.hypervisor, { memoryMiB })));
    });
  };

/** Scripts with a stretch of operations left out, the longest stretches first. */
function shorter(script: RigScript): RigScript[] {
  const { operations } = script;
  const candidates: RigScript[] = [];
  for (let length = Math.ceil(operations.length / 2); length >= 1; length = length === 1 ? 0 : Math.ceil(length / 2))
    for (let from = 0; from + length <= operations.length; from += length)
      candidates.push({ ...script, operations: operations.filter((_, i) => i < from || i >= from + length) });
  return candidates.filter((candidate) => candidate.operations.length > 0);
}

/** Simpler forms of one operation. */
function simpler(operation: ScriptOperation): ScriptOperation[] {
  if (operation.op === "memory_mapping") {
    const { maxCalls: _calls, undoOnFailure: _undo, raw: _raw, ...plain } = operation;
    const plainer = Object.keys(plain).length < Object.keys(operation).length ? [plain] : [];
    const counts = [1, 64, 512, 1024].filter((pages) => pages < operation.pages);
    return [...plainer, ...counts.map((pages) => ({ ...operation, pages }))];
  }
  if (operation.op === "populate" && (operation.extents ?? 1) > 1) return [{ ...operation, extents: 1 }];
  if (operation.op === "decrease_reservation" && (operation.extents ?? 1) > 1) return [{ ...operation, extents: 1 }];
  return [];
}

const simplified = (script: RigScript): RigScript[] =>
  script.operations.flatMap((operation, i) =>
    simpler(operation).map((simple) => ({ ...script, operations: script.operations.with(i, simple) })),
  );

const MOST_ROUNDS = 24;

/** The smallest script that a greedy search finds to differ still. One call of `differs` a round. */
export async function shrink(script: RigScript, differs: StillDiffers): Promise<RigScript> {
  let best = script;
  for (let round = 0; round < MOST_ROUNDS; round++) {
    const candidates = [...shorter(best), ...simplified(best)];
    if (candidates.length === 0) break;
    const answers = await differs(candidates);
    const next = candidates.find((_, i) => answers[i]);
    if (next === undefined) break;
    best = next;
  }
  return best;
}
