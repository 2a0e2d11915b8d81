import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { projectRoot } from "./cache.ts";
import { type Confirmed, confirmedMarkdown, NOTHING_CONFIRMED } from "./confirmed.ts";
import type { Dom0Run } from "./dom0.ts";
import { DOM0_PREFIX } from "./golden.ts";
import type { Sequence } from "./random.ts";
import { type Regression, regressionText } from "./regression.ts";
import type { RigRun } from "./run.ts";
import type { RigScript } from "./script.ts";
import { modelSpec } from "./targets-model.ts";

const resultFile = (): string => join(projectRoot(), "docs", "confirmed.json");

/** The results of the last runs; none where there is no file yet. */
export const readConfirmed = (): Confirmed =>
  existsSync(resultFile()) ? (JSON.parse(readFileSync(resultFile(), "utf8")) as Confirmed) : NOTHING_CONFIRMED;

export function writeConfirmed(confirmed: Confirmed): void {
  writeFileSync(resultFile(), `${JSON.stringify(confirmed, null, 2)}\n`);
}

/** Makes docs/confirmed.md anew. */
export function writeConfirmedPage(): string {
  const file = join(projectRoot(), "docs", "confirmed.md");
  writeFileSync(file, confirmedMarkdown(readConfirmed()));
  return file;
}

export interface ToPin {
  readonly name: string;
  readonly says: string;
  readonly seed: number | null;
  readonly memoryMiB: number;
  readonly script: RigScript;
  readonly run: RigRun;
}

/** Keeps a script with what the hypervisor made of it as a test. Returns the file. */
export function pin({ name, says, seed, memoryMiB, script, run }: ToPin): string {
  const { results, domains, snapshot } = run;
  const regression: Regression = {
    physmap: 1,
    kind: "regression",
    says,
    seed,
    memoryMiB,
    script,
    results,
    domains,
    snapshot,
  };
  const folder = join(projectRoot(), "test", "regressions");
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}.json`);
  writeFileSync(file, regressionText(regression));
  return file;
}

/** Keeps a dom0's tables, with the model's script for them, as a golden. Returns the file. */
export function pinDom0({ name, says, target, script, snapshot }: Dom0Run): string {
  const { xen, build, cpu, iommu, cmdline, emulator } = snapshot.source;
  const { hypervisor } = script;
  const golden = {
    physmap: 1,
    kind: "golden",
    name: `${DOM0_PREFIX}${name}`,
    description: says,
    hypervisor: { xen, build, cpu, iommu, cmdline, emulator },
    host: { hypervisor, spec: modelSpec(target) },
    script: { domains: script.domains, operations: script.operations },
    results: [],
    roots: snapshot.roots,
    frames: snapshot.frames,
  };
  const version = target.release.version.replace(".", "");
  const file = join(projectRoot(), "test", "golden", `${DOM0_PREFIX}${name}_${version}.json.gz`);
  writeFileSync(file, gzipSync(JSON.stringify(golden), { level: 9 }));
  return file;
}

export const nameOf = (target: string, xen: string, { seed, index }: Pick<Sequence, "seed" | "index">): string =>
  `${target}-${xen}-${seed}-${index}`;
