/**
 * npm run bench [-- --hosts N] [-- --rounds N]: measures, compares with C, and writes bench/speed.json, which
 * docs/speed.md's table is made from (bench/table.mjs). One run, the candidates interleaved, medians. Needs dist/, and
 * gcc for the comparisons with C, which are left out without it.
 */
import { fork, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { build } from "rolldown";
import { readInputs, readLspci } from "../dist/inventory/index.js";
import { plan } from "../dist/plan/index.js";
import { EIGHT, fleet, longLspci, oneDevice } from "./inputs.mjs";
import { processorTime } from "./model.mjs";
import { run } from "./process.mjs";
import { writeTable } from "./table.mjs";

const { values } = parseArgs({
  options: { hosts: { type: "string", default: "10000" }, rounds: { type: "string", default: "7" } },
});
const ROUNDS = Number(values.rounds);
const HOSTS = Number(values.hosts);
/** Kinds of host in a fleet: releases, command lines, processors and addresses together. */
const KINDS = 24;
/** The 32 GiB BAR of examples/p40 in 4 KiB entries, in both tables. */
const PAGES = 2 ** 23;
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const folder = mkdtempSync(join(tmpdir(), "physmap-bench-"));
const note = (text) => process.stderr.write(`bench: ${text}\n`);

const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];

/** Each candidate once a round, in turn. The first `warm` rounds do not count: until what is hot has been compiled. */
async function inTurn(candidates, warm, rounds = ROUNDS) {
  const taken = new Map(Object.keys(candidates).map((name) => [name, []]));
  for (let round = 0; round < warm + rounds; round++)
    for (const [name, candidate] of Object.entries(candidates)) {
      const value = await candidate();
      if (round >= warm) taken.get(name).push(value);
    }
  return Object.fromEntries(taken);
}

/** The same, medians. */
async function interleaved(candidates, warm, rounds = ROUNDS) {
  const taken = await inTurn(candidates, warm, rounds);
  return Object.fromEntries(Object.entries(taken).map(([name, numbers]) => [name, median(numbers)]));
}

/** The C program, or the reason why there is none. */
function compileC() {
  const to = join(folder, "tables");
  const { status, error, stderr } = spawnSync("gcc", ["-O2", "-o", to, here("c/tables.c")], { encoding: "utf8" });
  if (error) return { missing: "gcc is not installed" };
  if (status !== 0) return { missing: `gcc failed: ${stderr.split("\n")[0]}` };
  const { stdout } = spawnSync("gcc", ["--version"], { encoding: "utf8" });
  return {
    gcc: stdout.split("\n")[0],
    time:
      (...mode) =>
      () =>
        Number(
          spawnSync(to, [mode[0], String(PAGES), ...mode.slice(1)])
            .stdout.toString()
            .split(" ")[0],
        ),
  };
}

/** One of the model's candidates as a function, in a process of its own. */
async function startModel(name) {
  const file = join(folder, "model.mjs");
  await build({ input: here("model-process.mjs"), platform: "node", output: { file } });
  const model = fork(file);
  const time = async () => {
    model.send({ name, pages: PAGES });
    const [nanoseconds] = await once(model, "message");
    return nanoseconds;
  };
  return { model, time };
}

/** What C and the model do alike: the C program's mode, and the model's candidate. */
const PAIRS = { set: "setModel", fill: "bulkModel", map: "mapModel" };

async function againstC() {
  const c = compileC();
  if (c.missing) return { missing: c.missing };
  note("page by page, with the rules, and in bulk, against C");
  const pairs = {};
  for (const [mode, candidate] of Object.entries(PAIRS)) {
    const { model, time } = await startModel(candidate);
    const taken = await inTurn({ c: c.time(mode), model: time }, 2);
    model.disconnect();
    pairs[mode] = {
      c: median(taken.c) / PAGES,
      model: median(taken.model) / PAGES,
      // Of neighbours in time: the machine may be faster at one time than at another.
      ratio: median(taken.model.map((ns, i) => ns / taken.c[i])),
    };
  }
  return { gcc: c.gcc, pages: PAGES, nanosecondsAPage: pairs };
}

async function eight() {
  note("8 devices of 256 GiB");
  for (const [name, text] of Object.entries(EIGHT.files)) writeFileSync(join(folder, name), text);
  const inputs = Object.keys(EIGHT.files).map((name) => join(folder, name));
  const kinds = { plan: ["--no-advice"], withAdvice: [], help: null };
  const results = { plan: [], withAdvice: [], help: [] };
  for (let round = 0; round < ROUNDS; round++)
    for (const [name, more] of Object.entries(kinds))
      results[name].push(await run(more === null ? ["--help"] : ["plan", ...inputs, ...EIGHT.options, ...more]));
  const medians = (runs) =>
    Object.fromEntries(["wall", "user", "system", "mib"].map((key) => [key, median(runs.map((r) => r[key]))]));
  const { model, time } = await startModel("mapping");
  const { mapping } = await interleaved({ mapping: time }, 20);
  model.disconnect();
  return {
    entries: EIGHT.entries,
    ...Object.fromEntries(Object.entries(results).map(([name, runs]) => [name, medians(runs)])),
    mappingMilliseconds: mapping / 1e6,
  };
}

/** The example, as a user plans it, and a long lspci text. */
async function small() {
  note("plan examples/p40, and 2 MiB of lspci");
  const runs = [];
  for (let round = 0; round < 3 * ROUNDS; round++) runs.push(await run(["plan", here("../examples/p40")]));
  const text = longLspci(readFileSync(here("../examples/p40/lspci.txt"), "utf8"), 2 ** 21);
  const read = () => processorTime(() => readLspci(text, "lspci.txt"));
  const first = Array.from({ length: ROUNDS }, () =>
    JSON.parse(spawnSync(process.execPath, [here("lspci.mjs")], { input: text, encoding: "utf8" }).stdout),
  );
  const { lspci } = await interleaved({ lspci: read }, 20);
  const medians = Object.fromEntries(
    ["wall", "user", "system", "mib"].map((key) => [key, median(runs.map((r) => r[key]))]),
  );
  return {
    plan: medians,
    lspci: {
      bytes: text.length,
      firstMilliseconds: median(first.map(({ wall }) => wall)),
      firstProcessorMilliseconds: median(first.map(({ processor }) => processor)),
      milliseconds: lspci / 1e6,
    },
  };
}

async function bySize() {
  note("one plan, from 32 MiB to 32 TiB");
  const sizes = [2 ** 25, 2 ** 30, 2 ** 35, 2 ** 40, 2 ** 45];
  const planOnce = (bytes) => {
    const { texts, keys } = oneDevice(bytes);
    return () =>
      processorTime(() => {
        const planned = plan(readInputs(texts), keys, { advice: false });
        if (typeof planned === "string") throw new Error(planned);
        if (planned.document.ledger.p2mEntries !== bytes / 4096) throw new Error(`${bytes} bytes: not all mapped`);
        planned.simulation.machine.memory.giveBack();
      }) / 1e6;
  };
  /** The same as a command: wall-clock seconds. */
  const planCommand = (bytes) => {
    const { texts, options } = oneDevice(bytes);
    const files = texts.map(({ name, text }) => {
      const file = join(folder, `${bytes}-${name}`);
      writeFileSync(file, text);
      return file;
    });
    return async () => (await run(["plan", ...files, ...options, "--no-advice"])).wall;
  };
  const times = await interleaved(Object.fromEntries(sizes.map((bytes) => [bytes, planOnce(bytes)])), 20, 3 * ROUNDS);
  const whole = await interleaved(Object.fromEntries(sizes.map((bytes) => [bytes, planCommand(bytes)])), 1);
  return sizes.map((bytes) => ({ bytes, milliseconds: times[bytes], seconds: whole[bytes] }));
}

/** A fleet of so many kinds of host, read from standard input. */
async function batch(hosts, kinds, advice) {
  note(`a fleet of ${hosts} hosts of ${kinds} kinds, ${advice ? "with" : "without"} advice`);
  const example = here("../examples/p40");
  const texts = readdirSync(example)
    .filter((name) => /\.(?:txt|cfg)$/.test(name))
    .map((name) => ({ name, text: readFileSync(join(example, name), "utf8") }));
  const file = join(folder, "hosts.ndjson");
  writeFileSync(file, [...fleet(texts, hosts, kinds)].join(""));
  const options = advice ? [] : ["--no-advice"];
  const { wall, user, system, mib, lines } = await run(["plan", "--json", ...options, "--batch", "-"], file);
  if (lines !== hosts) throw new Error(`${lines} answers for ${hosts} hosts`);
  return { hosts, kinds, advice, wall, processor: user + system, mib, hostsASecond: hosts / wall };
}

const startLoad = loadavg()[0];
const results = {
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    rounds: ROUNDS,
    /** Runnable processes before and after: what else the machine did. */
    load: [startLoad],
  },
  c: await againstC(),
  small: await small(),
  eight: await eight(),
  bySize: await bySize(),
  batches: [
    await batch(HOSTS, KINDS, true),
    await batch(HOSTS, KINDS, false),
    await batch(Math.min(HOSTS, 500), Math.min(HOSTS, 500), true),
  ],
};
results.machine.load.push(loadavg()[0]);
rmSync(folder, { recursive: true, force: true });
writeFileSync(
  here("speed.json"),
  `${JSON.stringify(results, null, 2).replace(/\[\s+([\d.]+),\s+([\d.]+)\s+\]/g, "[$1, $2]")}\n`,
);
writeTable();
note("bench/speed.json and the table of docs/speed.md are written");
