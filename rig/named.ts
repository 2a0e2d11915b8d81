import { compareScript, isEqual, type ScriptComparison } from "./compare.ts";
import { compareLogs } from "./compare-log.ts";
import { compareTrace, tracedRequests } from "./compare-trace.ts";
import { type FormatTarget, hypervisorOf } from "./generate.ts";
import { goldenScripts } from "./golden.ts";
import { memoryFor } from "./random.ts";
import { type RigRun, runMany } from "./run.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import type { RigScript } from "./script.ts";
import { targetOf } from "./target.ts";

/** A named script's run beside the model's. */
export interface NamedRun {
  readonly name: string;
  readonly script: RigScript;
  readonly run: RigRun;
  readonly comparison: ScriptComparison;
  /** Where the console parts from the model's log, or its trace from what was done; empty if it was not compared. */
  readonly logs: readonly string[];
}

/** Where a scenario is had: all targets, but for pools of single pages, which there are from 4.17 on. */
const isOn = ({ on, domain }: Scenario, target: FormatTarget, xen: string): boolean =>
  (on === undefined || on.includes(target)) && (xen !== "4.14" || Number.isInteger(domain?.p2mPoolMiB ?? 1));

/** NPT beside AMD-Vi is the AMD machine with tables of the domain's own. */
const contextOf = (target: FormatTarget): "none" | "sync_pt" =>
  target === "ept" || target === "npt" ? "none" : "sync_pt";

/** Domains with little to map get a pool that is quick to make; large 4 KiB ranges need more. */
const POOL_MIB = 8;

function scriptOf(scenario: Scenario, target: FormatTarget, xen: string): RigScript {
  const { cmdline, domain = {} } = scenario;
  return {
    hypervisor: { ...hypervisorOf(target, xen), ...(cmdline === undefined ? {} : { cmdline }) },
    domains: [{ id: 1, guest: "hvm", iommu: contextOf(target), p2mPoolMiB: POOL_MIB, ...domain }],
    operations: scenario.operations,
  };
}

/**
 * Runs the scenarios, and the goldens of the release, that a target can have, and compares each; with its console's lines
 * about mapping too when asked.
 */
export async function runNamed(target: FormatTarget, xen: string, withLog = false): Promise<NamedRun[]> {
  const memoryMiB = memoryFor(target);
  const logged = (script: RigScript): RigScript => {
    if (!withLog) return script;
    const { hypervisor } = script;
    return { ...script, hypervisor: { ...hypervisor, cmdline: `guest_loglvl=all ${hypervisor.cmdline ?? ""}`.trim() } };
  };
  const named = [
    ...SCENARIOS.filter((scenario) => isOn(scenario, target, xen)).map((scenario) => ({
      name: scenario.name,
      script: logged(scriptOf(scenario, target, xen)),
    })),
    ...goldenScripts(xen)
      .filter((golden) => golden.target === target)
      .map(({ name, script }) => ({ name: `golden ${name}`, script: logged(script) })),
  ];
  const runs = await runMany(
    named.map(({ script }) => script),
    { memoryMiB },
  );
  // Scripts that shared a boot share its console.
  const traces = new Map<string, ReturnType<typeof tracedRequests>>();
  const traceOf = (log: string): ReturnType<typeof tracedRequests> => {
    const trace = traces.get(log) ?? tracedRequests(log);
    traces.set(log, trace);
    return trace;
  };
  return named.map(({ name, script }, i) => {
    const run = runs[i]!;
    const comparison = compareScript(script, run, targetOf(script.hypervisor, { memoryMiB }));
    const model = comparison.model.domains.map(({ domain }) => domain);
    return {
      name,
      script,
      run,
      comparison,
      logs: withLog ? [...compareLogs(script, run, model), ...compareTrace(script, run, traceOf(run.log))] : [],
    };
  });
}

export const differing = (runs: readonly NamedRun[]): NamedRun[] =>
  runs.filter((run) => !isEqual(run.comparison) || run.logs.length > 0);
