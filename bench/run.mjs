/**
 * Benchmarks, one run, interleaved, medians: `npm run bench`. The C side is built with gcc where there is one. Times are
 * processor time, those of whole processes wall time. Results and machine go to bench/results.json. Timings are no tests.
 */
import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { assignDevice, createDomain, iomemPermission, libraryMemoryMapping, makeMachine } from "../dist/index.js";
import { readLspci } from "../dist/inventory/index.js";

const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const ROUNDS = 5;
const median = (values) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)];
/** Processor time of this process: what else the machine does distorts it least. */
const seconds = (run) => {
  const start = process.cpuUsage();
  run();
  const { user, system } = process.cpuUsage(start);
  return (user + system) / 1e6;
};

/** Map one range on a fresh domain; the answer is the time of the mapping alone. */
function mapping({ xen, cpu = "intel", stepwise = false, iommu = true, pieces }) {
  const machine = makeMachine({
    xen,
    cpu,
    physBits: 52,
    stepwise,
    options: { sharept: false },
    ...(iommu ? {} : { iommu: null }),
  });
  const domain = createDomain(machine, {
    iommu: iommu ? "default" : "none",
    poolPages: Number.POSITIVE_INFINITY,
    logLimit: 0,
    mtrrsSet: true,
  });
  for (const [, mfn, pages] of pieces) iomemPermission(domain, mfn, pages, true);
  if (iommu) assignDevice(domain, "0000:01:00.0");
  domain.started = true;
  return seconds(() => {
    for (const [gfn, mfn, pages] of pieces) libraryMemoryMapping(domain, gfn, mfn, pages, true);
  });
}

/** A whole process: wall seconds and peak memory in MiB (GNU time where there is one). */
function process_(args) {
  const start = performance.now();
  const timed = spawnSync("/usr/bin/time", ["-f", "%M", process.execPath, here("../dist/cli.js"), ...args], {
    encoding: "utf8",
  });
  const wall = (performance.now() - start) / 1000;
  const kib = Number(timed.stderr?.trim().split("\n").at(-1));
  return { wall, mib: Number.isFinite(kib) ? kib / 1024 : null };
}

const GIB = 2 ** 18;
const STEP_PAGES = 2 * GIB;
const fleet = Array.from({ length: 8 }, (_, i) => [2 ** 30 + i * 256 * GIB + 1, 0x4000000 + i * 256 * GIB, 256 * GIB]);
const block = readFileSync(here("../examples/p40/lspci.txt"), "utf8");
const lspci = Array.from({ length: Math.ceil((2 * 2 ** 20) / block.length) }, (_, i) =>
  block.replace(
    "82:00.0",
    `${((i >> 8) & 255).toString(16).padStart(2, "0")}:${((i >> 3) & 31).toString(16).padStart(2, "0")}.${i & 7}`,
  ),
).join("\n");

const folder = mkdtempSync(join(tmpdir(), "physmap-bench-"));
let c = null;
try {
  execFileSync("gcc", ["-O2", "-o", join(folder, "step"), here("step.c")]);
  c = join(folder, "step");
} catch {
  console.error("no gcc: the C side is left out");
}

const samples = {
  stepC: [],
  stepModel: [],
  stretches: [],
  fleet: [],
  plan: [],
  planMib: [],
  lspci: [],
  small: [],
  large: [],
};
for (let round = 0; round < ROUNDS; round++) {
  if (c) samples.stepC.push(Number(execFileSync(c, [String(STEP_PAGES)], { encoding: "utf8" }).split(" ")[0]));
  const misaligned = [[0x2000001, 0x4000000, STEP_PAGES]];
  samples.stepModel.push(mapping({ xen: "4.17.5", stepwise: true, iommu: false, pieces: misaligned }));
  samples.stretches.push(mapping({ xen: "4.17.5", iommu: false, pieces: misaligned }));
  samples.fleet.push(mapping({ xen: "4.17.5", pieces: fleet }));
  samples.small.push(mapping({ xen: "4.17.5", pieces: [[0x2000001, 0x4000000, 8192]] }));
  samples.large.push(mapping({ xen: "4.17.5", cpu: "amd", pieces: [[2 ** 34 + 1, 2 ** 34, 2 ** 33]] }));
  const { wall, mib } = process_(["plan", here("../examples/p40")]);
  samples.plan.push(wall);
  if (mib !== null) samples.planMib.push(mib);
  samples.lspci.push(seconds(() => readLspci(lspci, "lspci.txt")));
}

const m = Object.fromEntries(
  Object.entries(samples).map(([name, values]) => [name, values.length ? median(values) : null]),
);
const rows = [
  [
    "step by step, one 4 KiB page at a time (EPT, 2 GiB)",
    m.stepModel,
    m.stepC && m.stepModel / m.stepC,
    "at most 4 times C",
  ],
  ["the same request, what repeats booked", m.stretches, m.stepC && m.stretches / m.stepC, ""],
  ["8 devices of 256 GiB in 4 KiB pages, P2M and IOMMU", m.fleet, null, "10 ms"],
  ["mapping 32 MiB", m.small, null, ""],
  ["mapping 32 TiB", m.large, null, ""],
  ["plan examples/p40, whole process", m.plan, null, "0.5 s, 200 MiB"],
  ["reading 2 MiB of lspci", m.lspci, null, "0.2 s"],
].map(([what, s, ratio, target]) => ({
  what,
  seconds: s && Number(s.toPrecision(3)),
  ratioToC: ratio && Number(ratio.toPrecision(3)),
  target,
}));
const results = {
  machine: {
    cpu: cpus()[0]?.model,
    cpus: cpus().length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    load: loadavg()[0],
  },
  rounds: ROUNDS,
  planPeakMiB: m.planMib && Math.round(m.planMib),
  rows,
};
writeFileSync(here("results.json"), `${JSON.stringify(results, null, 2)}\n`);
console.table(rows);
console.log(`plan examples/p40: ${results.planPeakMiB ?? "?"} MiB at most; load ${results.machine.load.toFixed(1)}`);
