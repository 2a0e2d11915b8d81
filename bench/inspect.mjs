/**
 * npm run bench:inspect [-- --rounds N] [-- --gib N]: reading page tables out of an image against a plain C walker of the
 * same file, and the scan for roots. Writes bench/inspect.json and the table of docs/inspect.md. Needs dist/, gcc for the
 * comparison, and disk for the image, which is made first.
 */
import { spawnSync } from "node:child_process";
import { closeSync, mkdtempSync, openSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus, loadavg, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { fileSource } from "../dist/cli/image-file.js";
import { ept } from "../dist/format/index.js";
import { findRoots, openImage, tablesDocument } from "../dist/inspect/index.js";
import { writeImage } from "./image.mjs";
import { writeInspectTables } from "./inspect-table.mjs";
import { processorTime } from "./model.mjs";
import { run } from "./process.mjs";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "7" }, gib: { type: "string", default: "4" } },
});
const ROUNDS = Number(values.rounds);
const GIB = Number(values.gib);
const here = (path) => fileURLToPath(new URL(path, import.meta.url));
const note = (text) => process.stderr.write(`bench: ${text}\n`);
const median = (numbers) => [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
const folder = mkdtempSync(join(tmpdir(), "physmap-bench-"));
const path = join(folder, "memory.raw");

/** Use the image afresh: no frame of an earlier round is still at hand. */
function withImage(use) {
  const file = openSync(path, "r");
  try {
    return use(openImage(fileSource(file)));
  } finally {
    closeSync(file);
  }
}

function walkInC({ root, levels, leaves, tables }) {
  const program = join(folder, "walk");
  const { status, error } = spawnSync("gcc", ["-O2", "-o", program, here("c/walk.c")]);
  if (error || status !== 0) return null;
  return () => {
    const { stdout } = spawnSync(program, [path, String(root), String(levels)], { encoding: "utf8" });
    const [time, runs, ...counts] = stdout.trim().split(" ").map(Number);
    if (runs !== 1 || counts[0] !== leaves || counts[3] !== tables) throw new Error(`the C walker found ${stdout}`);
    return time;
  };
}

function walkHere({ root, levels, leaves, tables }) {
  return () =>
    processorTime(() => {
      const document = withImage((memory) => tablesDocument({ format: ept, memory, root: root / 4096, levels }));
      const found = Object.values(document.tables).reduce((sum, n) => sum + n, 0);
      if (document.runs.length !== 1 || document.leaves["4k"] !== leaves || found !== tables)
        throw new Error("not all tables were read");
    });
}

/** The whole scan: bytes a second of processor time, and of the clock. */
function scan({ root }) {
  const start = performance.now();
  const time = processorTime(() => {
    const { roots } = withImage((image) => findRoots(image));
    if (roots.length !== 1 || Number(roots[0].root) !== root) throw new Error("the root was not found, or not alone");
  });
  return { time, wall: (performance.now() - start) * 1e6 };
}

note(`an image of ${GIB} GiB`);
const load = [loadavg()[0]];
const image = writeImage(path, GIB);
const taken = { c: [], here: [], scan: [], scanWall: [] };
const c = walkInC(image);
const js = walkHere(image);
note(c ? "decoding, against C" : "decoding; gcc is missing");
for (let round = 0; round <= ROUNDS; round++) {
  const [inC, own] = [c?.() ?? null, js()];
  if (round === 0) continue;
  if (inC !== null) taken.c.push(inC);
  taken.here.push(own);
}
note("scanning for roots");
for (let round = 0; round <= Math.min(3, ROUNDS); round++) {
  const { time, wall } = scan(image);
  if (round === 0) continue;
  taken.scan.push(time);
  taken.scanWall.push(wall);
}
note("whole processes");
const tables = await run(["tables", path, "--root", `ept:0x${image.root.toString(16)}`, "--json"]);
const roots = await run(["roots", path, "--json"]);
load.push(loadavg()[0]);
rmSync(folder, { recursive: true, force: true });

const gcc = spawnSync("gcc", ["--version"], { encoding: "utf8" }).stdout?.split("\n")[0] ?? null;
const bytes = GIB * 2 ** 30;
const results = {
  machine: {
    cpu: cpus()[0]?.model ?? "unknown",
    cores: availableParallelism(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.version,
    gcc: c && gcc,
    rounds: ROUNDS,
    load,
  },
  image: { bytes, tables: image.tables, leaves: image.leaves },
  decode: { milliseconds: median(taken.here) / 1e6, cMilliseconds: c ? median(taken.c) / 1e6 : null },
  scan: {
    megabytesASecond: bytes / 1e6 / (median(taken.scan) / 1e9),
    megabytesASecondOfClock: bytes / 1e6 / (median(taken.scanWall) / 1e9),
  },
  processes: { tables, roots },
};
writeFileSync(
  here("inspect.json"),
  `${JSON.stringify(results, null, 2).replace(/\[\s+([\d.]+),\s+([\d.]+)\s+\]/g, "[$1, $2]")}\n`,
);
writeInspectTables();
note("bench/inspect.json and the table of docs/inspect.md are written");
