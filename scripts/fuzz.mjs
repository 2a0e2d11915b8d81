/**
 * npm run fuzz [-- --cases N] [-- --seed N] [-- --only NAME]: spoilt inputs for every reader, a million unless told
 * otherwise. A case that takes longer than a second, memory beyond the limit, or anything but an answer or a sentence is a
 * failure, and so is a case that does not end. Writes bench/fuzz.json and the table of docs/inspect.md, unless --only is given.
 */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";

const MOST_MS = 1000;
/** What the whole process may take, the compiled fuzzer included. */
const MOST_MIB = 512;
const LOOK_EVERY_MS = 500;
const mib = () => process.resourceUsage().maxRSS / 1024;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));

/** Share the cases out by weight, so that slow readers do not take all the time. */
function share(targets, cases) {
  const total = targets.reduce((sum, { weight }) => sum + weight, 0);
  return targets.map((target) => Math.ceil((cases * target.weight) / total));
}

/** The worker: all cases, one target after the other. What it is at stands in shared memory. */
async function work({ bundle, cases, seed, only, shared }) {
  const { fuzz, TARGETS } = await import(pathToFileURL(bundle).href);
  const now = new BigInt64Array(shared);
  const targets = only === undefined ? TARGETS : TARGETS.filter(({ name }) => name.includes(only));
  const numbers = share(targets, cases);
  for (const [i, target] of targets.entries()) {
    parentPort.postMessage({ begins: target.name });
    const start = process.cpuUsage();
    const tally = fuzz(target, numbers[i], seed, {
      begin(id) {
        now[0] = BigInt(id);
        now[1] = BigInt(Date.now());
      },
      // Processor time: the machine may be doing other things.
      clock: () => process.cpuUsage(start).user / 1000,
    });
    parentPort.postMessage({ tally, took: process.cpuUsage(start).user / 1000 });
  }
}

async function main() {
  const { values } = parseArgs({
    options: {
      cases: { type: "string", default: "1000000" },
      seed: { type: "string", default: "20181204" },
      only: { type: "string" },
    },
  });
  // Beside the tests' folders: samples are found from there.
  const folder = mkdtempSync(here("../test/.fuzz-"));
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const entry = join(folder, "entry.ts");
  const bundle = join(folder, "fuzz.mjs");
  writeFileSync(
    entry,
    `export { fuzz } from ${JSON.stringify(here("../test/fuzz/run.ts"))};\nexport { TARGETS } from ${JSON.stringify(here("../test/fuzz/targets.ts"))};\n`,
  );
  // In a process of its own, so that its memory is not taken for the readers'.
  const rolldown = [here("../node_modules/rolldown/bin/cli.mjs"), entry, "--file", bundle, "--platform", "node"];
  const { status, stderr } = spawnSync(process.execPath, [...rolldown, "--format", "esm"], { encoding: "utf8" });
  if (status !== 0) throw new Error(`the fuzzer could not be bundled: ${stderr}`);
  const shared = new SharedArrayBuffer(16);
  const now = new BigInt64Array(shared);
  const { only } = values;
  const worker = new Worker(new URL(import.meta.url), {
    // What is garbage is to be collected before it counts as needed.
    resourceLimits: { maxOldGenerationSizeMb: 128 },
    workerData: { bundle, shared, only, cases: Number(values.cases), seed: Number(values.seed) },
  });
  const targets = [];
  let current = "";
  let bad = 0;
  const fail = (text) => {
    bad++;
    console.error(`FAILED: ${current}: ${text}`);
  };
  const started = process.cpuUsage();
  await new Promise((resolve) => {
    const end = async () => {
      clearInterval(watch);
      await worker.terminate();
      resolve();
    };
    const watch = setInterval(() => {
      if (now[1] !== 0n && Date.now() - Number(now[1]) > 30 * MOST_MS) {
        fail(`case ${now[0]} does not end`);
        void end();
      } else if (mib() > MOST_MIB) {
        fail(`${Math.round(mib())} MiB of memory at case ${now[0]} or shortly before`);
        void end();
      }
    }, LOOK_EVERY_MS);
    worker.on("error", (error) => {
      fail(error.stack ?? String(error));
      void end();
    });
    worker.on("exit", () => void end());
    worker.on("message", ({ begins, tally, took }) => {
      if (begins !== undefined) current = begins;
      if (!tally) return;
      const { failures, ...counts } = tally;
      targets.push(counts);
      for (const { seed, says } of failures) fail(`case ${seed}: ${says}`);
      if (counts.slowest > MOST_MS) fail(`a case took ${Math.round(counts.slowest)} ms`);
      console.log(
        `${counts.name}: ${counts.cases} cases, ${counts.read} read, ${counts.refused} refused, slowest ${Math.round(counts.slowest)} ms, ${Math.round((1000 * took) / counts.cases)} µs each, ${Math.round(mib())} MiB so far`,
      );
    });
  });
  const { user, system } = process.cpuUsage(started);
  const cases = targets.reduce((sum, { cases: n }) => sum + n, 0);
  console.log(`${cases} cases, ${bad} failures, ${Math.round((user + system) / 1e6)} s, ${Math.round(mib())} MiB`);
  process.exitCode = bad > 0 ? 1 : 0;
  if (only !== undefined || bad > 0) return;
  const results = {
    cases,
    seed: Number(values.seed),
    node: process.version,
    milliseconds: Math.round((user + system) / 1000),
    peakMiB: Math.round(mib()),
    targets: targets.map((each) => ({ ...each, slowest: Math.round(each.slowest) })),
  };
  writeFileSync(here("../bench/fuzz.json"), `${JSON.stringify(results, null, 2)}\n`);
  const { writeInspectTables } = await import("../bench/inspect-table.mjs");
  writeInspectTables();
}

if (isMainThread) await main();
else await work(workerData);
