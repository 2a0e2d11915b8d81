import { type ConfirmedNamed, withNamed, withRandom } from "./confirmed.ts";
import { runDom0 } from "./dom0.ts";
import { fetchXen } from "./fetch-xen.ts";
import { disagreementLines, keepSmallest } from "./keep.ts";
import { differing, runNamed } from "./named.ts";
import { runRandom } from "./random.ts";
import { RELEASES } from "./releases.ts";
import { differenceLines } from "./show.ts";
import { FULL, SLICE, SLICE_OF_DOM0, type Step } from "./steps.ts";
import { readConfirmed, writeConfirmed, writeConfirmedPage } from "./store.ts";
import { requireTools } from "./tools.ts";

const say = (text: string): boolean => process.stdout.write(`${text}\n`);
const today = (): string => new Date().toISOString().slice(0, 10);

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

/** Some of everything, from a seed that is printed. Returns the exit code. */
export async function slice(seed: number): Promise<number> {
  prepare();
  const started = Date.now();
  say(`seed ${seed}: again with npm run rig -- --slice --seed ${seed}`);
  let [boots, scenarios, sequences, differ] = [0, 0, 0, 0];
  for (const [xen, names] of SLICE_OF_DOM0) {
    const row = await dom0Step(xen, names);
    boots += row.names.length;
    differ += row.differ.length;
  }
  for (const one of SLICE) {
    if (one.count === 0) {
      const row = await namedStep(one);
      scenarios += row.names.length;
      differ += row.differ.length;
      continue;
    }
    const { tally, different } = await randomStep(one, seed);
    sequences += tally.sequences;
    differ += different.length;
  }
  const verdict = differ === 0 ? "hypervisor and model agree" : `hypervisor and model disagree ${differ} times`;
  const seconds = Math.round((Date.now() - started) / 1000);
  say(`${verdict}: ${sequences} sequences, ${scenarios} scenarios, ${boots} boots of dom0, ${seconds} s`);
  return differ === 0 ? 0 : 1;
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
    differ: wrong.map(({ name }) => name),
    entries: runs.reduce((sum, { entries }) => sum + entries, 0),
    date: today(),
  };
}

/**
 * Everything, or the targets named ("ept-4.17", "dom0-4.17") or one half of them ("ept-4.17-named", "ept-4.17-random"),
 * into docs/confirmed.json after each step, and docs/confirmed.md. Returns the exit code.
 */
export async function full(only?: readonly string[]): Promise<number> {
  prepare();
  const wanted = (target: string, xen: string, half?: "named" | "random"): boolean =>
    only === undefined || only.includes(`${target}-${xen}`) || only.includes(`${target}-${xen}-${half}`);
  const seed = Math.floor(Date.now() / 1000) % 2 ** 30;
  let wrong = 0;
  for (const one of FULL.filter(({ target, xen, count }) => wanted(target, xen, count === 0 ? "named" : "random"))) {
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
  for (const xen of ["4.14", "4.17", "4.20"].filter((xen) => wanted("dom0", xen))) {
    const row = await dom0Step(xen);
    wrong += row.differ.length;
    writeConfirmed(withNamed(readConfirmed(), row));
  }
  say(`wrote ${writeConfirmedPage()}`);
  return wrong === 0 ? 0 : 1;
}
