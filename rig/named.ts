import { compareScript, isEqual, type ScriptComparison } from "./compare.ts";
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

/** Runs the scenarios, and the goldens of the release, that a target can have, and compares each. */
export async function runNamed(target: FormatTarget, xen: string): Promise<NamedRun[]> {
  const memoryMiB = memoryFor(target);
  const named = [
    ...SCENARIOS.filter((scenario) => isOn(scenario, target, xen)).map((scenario) => ({
      name: scenario.name,
      script: scriptOf(scenario, target, xen),
    })),
    ...goldenScripts(xen)
      .filter((golden) => golden.target === target)
      .map(({ name, script }) => ({ name: `golden ${name}`, script })),
  ];
  const runs = await runMany(
    named.map(({ script }) => script),
    { memoryMiB },
  );
  return named.map(({ name, script }, i) => {
    const run = runs[i]!;
    const comparison = compareScript(script, run, targetOf(script.hypervisor, { memoryMiB }));
    return { name, script, run, comparison };
  });
}

export const differing = (runs: readonly NamedRun[]): NamedRun[] => runs.filter((r) => !isEqual(r.comparison));
