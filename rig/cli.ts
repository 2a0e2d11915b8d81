import { randomInt } from "node:crypto";
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { compareScript, isEqual } from "./compare.ts";
import { runDom0 } from "./dom0.ts";
import { fetchXen } from "./fetch-xen.ts";
import { type FormatTarget, hypervisorOf } from "./generate.ts";
import { disagreementLines, keepSmallest } from "./keep.ts";
import { differing, runNamed } from "./named.ts";
import { memoryFor, runRandom } from "./random.ts";
import { releaseOf } from "./releases.ts";
import { runOnXen } from "./run.ts";
import { loggingAll } from "./script.ts";
import { notTaken, readScriptFile, rigScript } from "./script-file.ts";
import { comparisonText, differenceLines } from "./show.ts";
import { nameOf, pin, pinDom0, writeConfirmedPage } from "./store.ts";
import { full, slice } from "./sweeps.ts";
import { targetOf } from "./target.ts";
import { requireTools } from "./tools.ts";

export const USAGE = `usage:
  npm run rig -- SCRIPT.json [--xen 4.17] [--cpu amd|intel] [--iommu amdvi|vtd|none]
      [--keep FILE] [--console FILE]    keeps the tables, the console's log
  npm run rig -- --random N --target npt|amdvi|vtd|ept [--xen 4.17] [--seed S] [--pin N]
  npm run rig -- --named --target npt|amdvi|vtd|ept [--xen 4.17] [--log] [--pin NAME,…] [NAME…]
  npm run rig -- --dom0 [--xen 4.17] [--pin NAME,…] [NAME…]    dom0's own tables, as boot leaves them
  npm run rig -- --slice [--seed S]      some of everything, as CI runs it: about eight minutes
  npm run rig -- --full [--only TARGET-XEN[-named|-random],…]   everything, into docs/confirmed.json
  npm run rig -- --confirm               docs/confirmed.md from docs/confirmed.json
Hypervisors are fetched with: npm run rig:fetch
`;

const OPTIONS = {
  xen: { type: "string" },
  cpu: { type: "string" },
  iommu: { type: "string" },
  keep: { type: "string" },
  console: { type: "string" },
  random: { type: "string" },
  seed: { type: "string" },
  target: { type: "string" },
  pin: { type: "string" },
  only: { type: "string" },
  named: { type: "boolean" },
  log: { type: "boolean" },
  dom0: { type: "boolean" },
  slice: { type: "boolean" },
  full: { type: "boolean" },
  confirm: { type: "boolean" },
  help: { type: "boolean" },
} as const;
type Values = ReturnType<typeof parseArgs<{ options: typeof OPTIONS }>>["values"];

const say = (text: string): boolean => process.stdout.write(`${text}\n`);

function oneOf<T extends string>(name: string, value: string | undefined, allowed: readonly T[]): T | undefined {
  if (value === undefined) return undefined;
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new Error(`--${name} ${value}: expected one of ${allowed.join(", ")}`);
  return found;
}

function wholeNumber(name: string, value: string): number {
  const number = Number(value);
  if (!/^\d{1,10}$/.test(value) || !Number.isSafeInteger(number))
    throw new Error(`--${name} ${value}: expected a whole number`);
  return number;
}

const TARGETS: readonly FormatTarget[] = ["npt", "amdvi", "vtd", "ept"];

function targetIn(values: Values): FormatTarget {
  const target = oneOf("target", values.target, TARGETS);
  if (target === undefined) throw new Error("--target is missing: npt, amdvi, vtd or ept");
  return target;
}

async function runFile(file: string, values: Values): Promise<number> {
  const iommu = oneOf("iommu", values.iommu, ["amdvi", "vtd", "none"] as const);
  const read = readScriptFile(file);
  const given = rigScript(read, {
    xen: values.xen,
    cpu: oneOf("cpu", values.cpu, ["amd", "intel"] as const),
    iommu: iommu === "none" ? null : iommu,
  });
  const script = values.console === undefined ? given : loggingAll(given);
  const other = notTaken(read);
  if (other.length > 0) say(`note: the emulated machine has its own ${other.join(", ")}, not the script's`);
  const run = await runOnXen(script);
  const comparison = compareScript(script, run);
  process.stdout.write(comparisonText(script, run, comparison));
  if (values.console !== undefined) writeFileSync(values.console, run.log);
  if (values.keep !== undefined) writeFileSync(values.keep, `${JSON.stringify(run.snapshot)}\n`);
  return isEqual(comparison) ? 0 : 1;
}

async function runSequences(values: Values): Promise<number> {
  const target = targetIn(values);
  const xen = values.xen ?? "4.17";
  const count = wholeNumber("random", values.random ?? "0");
  const seed = values.seed === undefined ? randomInt(1, 2 ** 31) : wholeNumber("seed", values.seed);
  say(`seed ${seed}`);
  const started = Date.now();
  const keep = values.pin === undefined ? 0 : wholeNumber("pin", values.pin);
  const { tally, different } = await runRandom({
    target,
    xen,
    seed,
    count,
    progress: (done, wrong) =>
      say(`  ${done} sequences, ${wrong} differ, ${Math.round((Date.now() - started) / 1000)} s`),
    each: ({ seed: batch, index, script, run }) => {
      if (index >= keep) return;
      const says = `random sequence ${index} of seed ${batch}, as Xen carried it out`;
      pin({
        name: nameOf(target, xen, { seed: batch, index }),
        says,
        seed: batch,
        memoryMiB: memoryFor(target),
        script,
        run,
      });
    },
  });
  say(`${JSON.stringify(tally)}`);
  say(`${tally.sequences} sequences on Xen ${tally.build}, ${target}: ${different.length} differ (seed ${seed})`);
  for (const line of disagreementLines(different)) say(line);
  if (different[0] !== undefined) say(await keepSmallest(target, xen, different[0]));
  return different.length === 0 ? 0 : 1;
}

async function runScenarios(values: Values, names: readonly string[]): Promise<number> {
  const only = (name: string): boolean => names.length === 0 || names.includes(name);
  const runs = await runNamed(targetIn(values), values.xen ?? "4.17", values.log ?? false, only);
  const wanted = values.pin?.split(",") ?? [];
  for (const { name, memoryMiB, script, run } of runs.filter((r) => wanted.includes(r.name))) {
    const [target, xen] = [targetIn(values), values.xen ?? "4.17"];
    const says = `scenario ${name}, as Xen carried it out`;
    pin({ name: `${target}-${xen}-${name}`, says, seed: null, memoryMiB, script, run });
  }
  const wrong = differing(runs);
  for (const run of runs) {
    const verdict = `${run.name}: ${wrong.includes(run) ? "differs" : "equal"}`;
    say([verdict, ...differenceLines(run.comparison), ...run.logs.map((line) => `  console: ${line}`)].join("\n"));
  }
  say(`${runs.length} scenarios, ${wrong.length} differ`);
  return wrong.length === 0 ? 0 : 1;
}

async function runDom0Cases(values: Values, names: readonly string[]): Promise<number> {
  const xen = values.xen ?? "4.17";
  requireTools("qemu");
  fetchXen(releaseOf(xen));
  const wanted = values.pin?.split(",") ?? [];
  const runs = await runDom0(xen, names.length === 0 ? undefined : names);
  for (const run of runs) {
    const verdict = run.differences.length === 0 ? "equal" : "differs";
    say([`${run.name}: ${verdict}, ${run.entries} entries`, ...run.differences.map((line) => `  ${line}`)].join("\n"));
    if (wanted.includes(run.name)) say(`kept as ${pinDom0(run)}`);
  }
  return runs.every(({ differences }) => differences.length === 0) ? 0 : 1;
}

/** Carries a command line out. Returns the exit code; rejects with a sentence for people. */
export async function commands(args: readonly string[]): Promise<number> {
  const { values, positionals } = parseArgs({ args: [...args], options: OPTIONS, allowPositionals: true });
  if (values.help || values.confirm) {
    say(values.help ? USAGE.trimEnd() : `wrote ${writeConfirmedPage()}`);
    return 0;
  }
  if (values.slice) return slice(values.seed === undefined ? randomInt(1, 2 ** 31) : wholeNumber("seed", values.seed));
  if (values.full) return full(values.only?.split(","));
  if (values.dom0) return runDom0Cases(values, positionals);
  if (values.random !== undefined || values.named) {
    const target = targetOf(hypervisorOf(targetIn(values), values.xen ?? "4.17"));
    requireTools(target.emulator);
    fetchXen(releaseOf(values.xen ?? "4.17"));
    return values.random !== undefined ? runSequences(values) : runScenarios(values, positionals);
  }
  const [file] = positionals;
  if (file === undefined) throw new Error("name a script, or what to run");
  return runFile(file, values);
}
