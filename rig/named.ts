import { compareScript, isEqual, type ScriptComparison } from "./compare.ts";
import { compareLogs } from "./compare-log.ts";
import { compareTrace, tracedRequests } from "./compare-trace.ts";
import { type FormatTarget, hypervisorOf } from "./generate.ts";
import { goldenScripts } from "./golden.ts";
import { memoryFor } from "./random.ts";
import { type RigRun, runMany } from "./run.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import { loggingAll, type RigScript } from "./script.ts";
import { targetOf } from "./target.ts";

/** A named script's run beside the model's. */
export interface NamedRun {
  readonly name: string;
  readonly memoryMiB: number;
  readonly script: RigScript;
  readonly run: RigRun;
  readonly comparison: ScriptComparison;
  /** Where the console parts from the model's log, or its trace from what was done; empty if it was not compared. */
  readonly logs: readonly string[];
}

/** Where a scenario is had: all targets, but for pools of single pages, which there are from 4.17 on. */
const isOn = ({ on, domain, xen: releases }: Scenario, target: FormatTarget, xen: string): boolean =>
  (on === undefined || on.includes(target)) &&
  (releases === undefined || releases.some((release) => release === xen)) &&
  (xen !== "4.14" || Number.isInteger(domain?.p2mPoolMiB ?? 1));

/** NPT beside AMD-Vi is the AMD machine with tables of the domain's own. */
const contextOf = (target: FormatTarget): "none" | "sync_pt" =>
  target === "ept" || target === "npt" ? "none" : "sync_pt";

/** Domains with little to map get a pool that is quick to make; large 4 KiB ranges need more. */
const POOL_MIB = 8;

function scriptOf(scenario: Scenario, target: FormatTarget, xen: string): RigScript {
  const { cmdline, domain = {}, others = [] } = scenario;
  return {
    hypervisor: { ...hypervisorOf(target, xen), ...(cmdline === undefined ? {} : { cmdline }) },
    domains: [{ id: 1, guest: "hvm", iommu: contextOf(target), p2mPoolMiB: POOL_MIB, ...domain }, ...others],
    operations: scenario.operations,
  };
}

/**
 * Runs the scenarios, and the goldens of the release, that a target can have, and compares each; with its console's lines
 * about mapping too when asked.
 */
export async function runNamed(
  target: FormatTarget,
  xen: string,
  withLog = false,
  only: (name: string) => boolean = () => true,
): Promise<NamedRun[]> {
  const logged = (script: RigScript): RigScript => (withLog ? loggingAll(script) : script);
  const named = [
    ...SCENARIOS.filter((scenario) => isOn(scenario, target, xen)).map((scenario) => ({
      name: scenario.name,
      memoryMiB: scenario.memoryMiB ?? memoryFor(target),
      script: logged(scriptOf(scenario, target, xen)),
    })),
    ...goldenScripts(xen)
      .filter((golden) => golden.target === target)
      .map(({ name, script }) => ({
        name: `golden ${name}`,
        memoryMiB: memoryFor(target),
        script: logged(script),
      })),
  ].filter(({ name }) => only(name));
  const runs: RigRun[] = [];
  for (const memoryMiB of new Set(named.map((one) => one.memoryMiB))) {
    const members = named.flatMap((one, i) => (one.memoryMiB === memoryMiB ? [i] : []));
    const scripts = members.map((i) => named[i]!.script);
    const done = await runMany(scripts, { memoryMiB });
    for (const [at, i] of members.entries()) runs[i] = done[at]!;
  }
  // Scripts that shared a boot share its console.
  const traces = new Map<string, ReturnType<typeof tracedRequests>>();
  const traceOf = (log: string): ReturnType<typeof tracedRequests> => {
    const trace = traces.get(log) ?? tracedRequests(log);
    traces.set(log, trace);
    return trace;
  };
  return named.map(({ name, memoryMiB, script }, i) => {
    const run = runs[i]!;
    const comparison = compareScript(script, run, targetOf(script.hypervisor, { memoryMiB }));
    const model = comparison.model.domains.map(({ domain }) => domain);
    return {
      name,
      memoryMiB,
      script,
      run,
      comparison,
      logs: withLog ? [...compareLogs(script, run, model), ...compareTrace(script, run, traceOf(run.log))] : [],
    };
  });
}

export const differing = (runs: readonly NamedRun[]): NamedRun[] =>
  runs.filter((run) => !isEqual(run.comparison) || run.logs.length > 0);
