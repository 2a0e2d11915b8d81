import { hex, pagesOf } from "../src/address.ts";
import { readScript, runScript, type ScriptRun } from "../src/plan/script.ts";
import type { OperationResult as ModelResult } from "../src/xen/operations.ts";
import type { OperationResult } from "./results.ts";
import type { RigScript, ScriptOperation } from "./script.ts";
import type { Target } from "./target.ts";
import { modelSpec } from "./targets-model.ts";

/** A script's run on the model, with one result an operation of the script as it was written. */
export interface ModelRun {
  readonly results: readonly ModelResult[];
  readonly domains: ScriptRun["domains"];
}

type Populate = Extract<ScriptOperation, { op: "populate" }>;

/**
 * A populate as the model takes it: in pieces, each with the frames that the hypervisor chose for it. Extents that were
 * not seen leave the choice to the model; what lies beyond the one that failed was not tried.
 */
function pieces(operation: Populate, result: OperationResult | undefined): Populate[] {
  const parts: Populate[] = [];
  const { mfns: chosen = [], populated = Number.POSITIVE_INFINITY } = result ?? {};
  const extents = Math.min(operation.extents ?? 1, populated + 1);
  const gfn = Number(operation.gfn);
  const add = (first: number, end: number, mfn: string | null): void => {
    if (first >= end) return;
    const start = hex(gfn + first * pagesOf(operation.order));
    parts.push({ ...operation, gfn: start, extents: end - first, mfn });
  };
  let done = 0;
  for (const run of chosen) {
    add(done, run.first, null);
    add(run.first, run.first + run.extents, run.mfn);
    done = run.first + run.extents;
  }
  add(done, extents, null);
  return parts.length > 0 ? parts : [operation];
}

/** With what the contract's schema wants spelt out. */
const complete = (operation: ScriptOperation): ScriptOperation => {
  if (operation.op === "decrease_reservation") return { order: 0, extents: 1, ...operation };
  if (operation.op === "assign_device" || operation.op === "deassign_device") return { device: "", ...operation };
  return operation;
};

/** Results of the pieces of a populate as that of the whole: up to the first piece that fell short. */
function joined(parts: readonly Populate[], results: readonly ModelResult[]): ModelResult {
  let populated = 0;
  let crashed = {};
  for (const [i, result] of results.entries()) {
    if (result.crashed) crashed = { crashed: true };
    populated += result.populated ?? 0;
    if (result.populated !== parts[i]!.extents) break;
  }
  return results.length === 1 ? results[0]! : { populated, ...crashed };
}

/**
 * Runs a script on the model of a target, with the frames that the hypervisor chose in its run. `build` is the
 * hypervisor's exact version. Throws when the script is none of the contract's.
 */
export function runOnModel(
  script: RigScript,
  target: Target,
  build: string,
  results: readonly OperationResult[],
): ModelRun {
  const operations = script.operations.map((operation, i): readonly ScriptOperation[] =>
    operation.op === "populate" ? pieces(operation, results[i]) : [complete(operation)],
  );
  const document = {
    physmap: 1,
    kind: "script",
    hypervisor: { xen: build, cpu: target.cpu, cmdline: target.cmdline },
    domains: script.domains.map((domain) => ({
      p2mPoolMiB: 4,
      maxMemKiB: 2 ** 20,
      ...domain,
    })),
    operations: operations.flat(),
  };
  const read = readScript(document);
  if (typeof read === "string") throw new Error(read);
  const run = runScript(read, modelSpec(target, script.hypervisor.physBits));
  let next = 0;
  const joinedResults = operations.map((parts) => {
    const mine = run.operations.slice(next, next + parts.length);
    next += parts.length;
    return mine.length === 1 ? mine[0]! : joined(parts as readonly Populate[], mine);
  });
  return { results: joinedResults, domains: run.domains };
}
