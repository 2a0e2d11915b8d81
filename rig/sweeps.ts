import { type ConfirmedNamed, withNamed, withRandom } from "./confirmed.ts";
import { runDom0 } from "./dom0.ts";
import { fetchXen } from "./fetch-xen.ts";
import type { FormatTarget } from "./generate.ts";
import { disagreementLines, keepSmallest } from "./keep.ts";
import { differing, runNamed } from "./named.ts";
import { runRandom } from "./random.ts";
import { RELEASES } from "./releases.ts";
import { differenceLines } from "./show.ts";
import { readConfirmed, writeConfirmed, writeConfirmedPage } from "./store.ts";
import { requireTools } from "./tools.ts";

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const today = (): string => new Date().toISOString().slice(0, 10);

/** Random sequences, or the named scenarios, of a target on a release. */
interface Step {
  readonly target: FormatTarget;
  readonly xen: string;
  /** 0: the named scenarios instead. */
  readonly count: number;
}

const step = (target: FormatTarget, xen: string, count: number): Step => ({ target, xen, count });

/** What CI has time for: all formats on 4.17, the other releases on one machine each. */
const SLICE: readonly Step[] = [
  step("npt", "4.17", 0),
  step("amdvi", "4.17", 750),
  step("vtd", "4.17", 500),
  step("amdvi", "4.14", 150),
  step("vtd", "4.20", 250),
  step("ept", "4.17", 140),
];

/** Ways that a dom0 boots, a few seconds each. */
const SLICE_OF_DOM0 = ["pv-dom0-vtd-relaxed", "pv-dom0-amdvi-strict", "pvh-dom0-msix"];

/** Everything that docs/confirmed.md speaks of. The AMD machine gives NPT and AMD-Vi from the same boots. */
const FULL: readonly Step[] = [
  ...(["4.17", "4.14", "4.20"] as const).flatMap((xen) => {
    const most = xen === "4.17" ? 2000 : 500;
    return (["amdvi", "vtd", "ept"] as const).flatMap((target) => [step(target, xen, 0), step(target, xen, most)]);
  }),
  ...(["4.17", "4.14", "4.20"] as const).map((xen) => step("npt", xen, 0)),
];

/** Fails with a sentence when an emulator is not there; hypervisors are fetched. */
function prepare(): void {
  requireTools("qemu");
  requireTools("bochs");
  for (const release of RELEASES) fetchXen(release);
}

async function randomStep({ target, xen, count }: Step, seed: number): Promise<ReturnType<typeof runRandom>> {
  const started = Date.now();
  const result = await runRandom({ target, xen, count, seed });
  const { tally, different } = result;
  const seconds = Math.round((Date.now() - started) / 1000);
  say(
    `Xen ${tally.build} ${target}: ${tally.sequences} sequences, ${different.length} differ, ${seconds} s; ` +
      `again with --random ${count} --seed ${seed} --target ${target} --xen ${xen}`,
  );
  for (const line of disagreementLines(different)) say(`  ${line}`);
  if (different[0] !== undefined) say(await keepSmallest(target, xen, different[0]));
  return result;
}

async function namedStep({ target, xen }: Step): Promise<ConfirmedNamed> {
  const started = Date.now();
  const runs = await runNamed(target, xen);
  const wrong = differing(runs);
  const build = String(runs[0]?.run.snapshot.source.xen);
  const seconds = Math.round((Date.now() - started) / 1000);
  say(`Xen ${build} ${target}: ${runs.length} scenarios, ${wrong.length} differ, ${seconds} s`);
  for (const { name, comparison } of wrong) say([`  ${name}`, ...differenceLines(comparison).slice(0, 6)].join("\n"));
  return {
    target,
    xen,
    build,
    names: runs.map(({ name }) => name),
    differ: wrong.map(({ name }) => name),
    entries: runs.reduce((sum, { comparison: { entries } }) => sum + entries.p2m + entries.iommu, 0),
    date: today(),
  };
}

/** A few minutes of everything, from a seed that is printed. Returns the exit code. */
export async function slice(seed: number): Promise<number> {
  prepare();
  say(`seed ${seed}: again with npm run rig -- --slice --seed ${seed}`);
  let wrong = 0;
  for (const one of SLICE)
    wrong += one.count === 0 ? (await namedStep(one)).differ.length : (await randomStep(one, seed)).different.length;
  wrong += (await dom0Step("4.17", SLICE_OF_DOM0)).differ.length;
  say(wrong === 0 ? "hypervisor and model agree" : `${wrong} disagreements`);
  return wrong === 0 ? 0 : 1;
}

async function dom0Step(xen: string, only?: readonly string[]): Promise<ConfirmedNamed> {
  const started = Date.now();
  const runs = await runDom0(xen, only);
  const seconds = Math.round((Date.now() - started) / 1000);
  const wrong = runs.filter(({ differences }) => differences.length > 0);
  say(`Xen ${runs[0]?.build} dom0: ${runs.length} boots, ${wrong.length} differ, ${seconds} s`);
  for (const { name, differences } of wrong) say([`  ${name}`, ...differences.map((d) => `  ${d}`)].join("\n"));
  return {
    target: "dom0",
    xen,
    build: runs[0]?.build ?? xen,
    names: runs.map(({ name }) => name),
    differ: runs.filter(({ differences }) => differences.length > 0).map(({ name }) => name),
    entries: runs.reduce((sum, { entries }) => sum + entries, 0),
    date: today(),
  };
}

/**
 * Everything, or the targets named ("ept-4.17", "dom0-4.17"), into docs/confirmed.json after each step, and
 * docs/confirmed.md. Returns the exit code.
 */
export async function full(only?: readonly string[]): Promise<number> {
  prepare();
  const wanted = ({ target, xen }: { readonly target: string; readonly xen: string }): boolean =>
    only === undefined || only.includes(`${target}-${xen}`);
  const seed = Math.floor(Date.now() / 1000) % 2 ** 30;
  let wrong = 0;
  for (const one of FULL.filter(wanted)) {
    if (one.count === 0) {
      const row = await namedStep(one);
      wrong += row.differ.length;
      writeConfirmed(withNamed(readConfirmed(), row));
      continue;
    }
    const { tally, different } = await randomStep(one, seed);
    wrong += different.length;
    const { target, xen } = one;
    const row = { target, xen, seed, differences: different.length, date: today(), ...tally };
    writeConfirmed(withRandom(readConfirmed(), row));
  }
  for (const xen of ["4.14", "4.17", "4.20"].filter((xen) => wanted({ target: "dom0", xen }))) {
    const row = await dom0Step(xen);
    wrong += row.differ.length;
    writeConfirmed(withNamed(readConfirmed(), row));
  }
  say(`wrote ${writeConfirmedPage()}`);
  return wrong === 0 ? 0 : 1;
}
