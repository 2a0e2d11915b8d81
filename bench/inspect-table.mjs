/** node bench/inspect-table.mjs: makes the tables of docs/inspect.md from bench/inspect.json and bench/fuzz.json. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const PAGE = new URL("../docs/inspect.md", import.meta.url);
const RESULTS = { inspect: new URL("inspect.json", import.meta.url), fuzz: new URL("fuzz.json", import.meta.url) };
const END = "<!-- end -->";

const digits = (n, places = 0) =>
  n.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
const row = (cells) => `| ${cells.join(" | ")} |`;
const yes = (reached) => (reached ? "yes" : "no");

function speedTable({ machine, image, decode, scan, processes }) {
  const { milliseconds, cMilliseconds } = decode;
  const ratio = cMilliseconds === null ? null : milliseconds / cMilliseconds;
  const gib = image.bytes / 2 ** 30;
  const whole = ({ user, system, mib }) => `${digits(user + system, 2)} s of processor time, ${digits(mib)} MiB`;
  return [
    row(["what", "measured", "goal", "reached"]),
    row(["---", "---", "---", "---"]),
    row([
      `decoding ${digits(image.leaves)} leaves in ${digits(image.tables)} tables`,
      ratio === null
        ? `${digits(milliseconds)} ms; C not measured, gcc is missing`
        : `${digits(milliseconds)} ms, C ${digits(cMilliseconds)} ms: ${digits(ratio, 2)}×`,
      "3×",
      ratio === null ? "" : yes(ratio <= 3),
    ]),
    row([
      `scanning ${digits(gib)} GiB for roots`,
      `${digits(scan.megabytesASecond)} MB a second of processor time, ${digits(scan.megabytesASecondOfClock)} by the clock`,
      "500 MB/s",
      yes(scan.megabytesASecond >= 500),
    ]),
    row(["`physmap tables` on it, start to end", whole(processes.tables), "256 MiB", yes(processes.tables.mib < 256)]),
    row(["`physmap roots` on it, start to end", whole(processes.roots), "256 MiB", yes(processes.roots.mib < 256)]),
    "",
    `Measured on ${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, Node ${machine.node}${machine.gcc ? `, ${machine.gcc}` : ""}; medians of`,
    `${machine.rounds} rounds, in turn, of processor time. ${machine.load.map((l) => digits(l, 1)).join(" processes were runnable when it began, ")} when it ended.`,
  ];
}

function fuzzTable({ cases, seed, node, milliseconds, peakMiB, targets }) {
  return [
    row(["reader", "cases", "read", "refused, with a sentence", "slowest"]),
    row(["---", "---", "---", "---", "---"]),
    ...targets.map(({ name, cases: n, read, refused, slowest }) =>
      row([name, digits(n), digits(read), digits(refused), `${digits(slowest)} ms`]),
    ),
    row(["all", `**${digits(cases)}**`, "", "", ""]),
    "",
    `Seed ${seed}, Node ${node}, ${digits(milliseconds / 60000, 1)} minutes of processor time, at most ${digits(peakMiB)} MiB of memory in the whole process.`,
  ];
}

const TABLES = { inspect: speedTable, fuzz: fuzzTable };

/** The page with its tables replaced by those of the results, by name. Throws Error when it has no place for one. */
export function withTables(page, results) {
  return Object.entries(TABLES).reduce((text, [name, table]) => {
    const begin = `<!-- made by bench/inspect-table.mjs from bench/${name}.json -->`;
    const from = text.indexOf(begin);
    const to = text.indexOf(END, from);
    if (from < 0 || to < from) throw new Error(`docs/inspect.md lacks the lines ${begin} and ${END}`);
    return `${text.slice(0, from + begin.length)}\n${table(results[name]).join("\n")}\n${text.slice(to)}`;
  }, page);
}

export const readResults = () =>
  Object.fromEntries(
    Object.entries(RESULTS).map(([name, url]) => {
      if (!existsSync(url)) throw new Error(`bench/${name}.json is missing: npm run bench:inspect and npm run fuzz`);
      return [name, JSON.parse(readFileSync(url, "utf8"))];
    }),
  );

export const writeInspectTables = () => writeFileSync(PAGE, withTables(readFileSync(PAGE, "utf8"), readResults()));

if (process.argv[1] === fileURLToPath(import.meta.url)) writeInspectTables();
