/** node bench/table.mjs: makes the table of docs/speed.md from bench/speed.json; nobody writes a number by hand. */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const RESULTS = new URL("speed.json", import.meta.url);
const PAGE = new URL("../docs/speed.md", import.meta.url);
const BEGIN = "<!-- made by bench/table.mjs from bench/speed.json -->";
const END = "<!-- end -->";

const digits = (n, places) =>
  n.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
const size = (bytes) => {
  const power = Math.floor(Math.log2(bytes) / 10);
  return `${bytes / 2 ** (10 * power)} ${["B", "KiB", "MiB", "GiB", "TiB"][power]}`;
};
const verdict = (reached) => (reached ? "yes" : "no");

/** Rows of what, measured, goal, whether it is reached. */
function rows({ small, eight, bySize, c, batches }) {
  const between = (key) => [Math.min(...bySize.map((r) => r[key])), Math.max(...bySize.map((r) => r[key]))];
  const [least, most] = between("seconds");
  const [leastInside, mostInside] = between("milliseconds");
  const processor = ({ user, system }) => user + system;
  const whole = ({ wall, mib, ...times }) =>
    `${digits(wall, 2)} s (processor ${digits(processor(times), 2)} s), ${digits(mib, 0)} MiB`;
  const { lspci } = small;
  const list = [
    [
      "`plan examples/p40`, advice included",
      whole(small.plan),
      "0.5 s, 200 MiB",
      small.plan.wall < 0.5 && small.plan.mib < 200,
    ],
    [
      "2 MiB of lspci: the first time in a process, and later",
      `${digits(lspci.firstMilliseconds, 0)} ms (processor ${digits(lspci.firstProcessorMilliseconds, 0)} ms), ${digits(lspci.milliseconds, 0)} ms`,
      "200 ms",
      lspci.firstMilliseconds < 200,
    ],
    [
      "8 × 256 GiB, all 4 KiB: `plan --no-advice`",
      whole(eight.plan),
      "0.6 s, 256 MiB",
      eight.plan.wall < 0.6 && eight.plan.mib < 256,
    ],
    [
      "the same with advice",
      whole(eight.withAdvice),
      "0.6 s, 256 MiB",
      eight.withAdvice.wall < 0.6 && eight.withAdvice.mib < 256,
    ],
    [
      "the same, mapping alone, in process",
      `${digits(eight.mappingMilliseconds, 1)} ms`,
      "10 ms",
      eight.mappingMilliseconds < 10,
    ],
    ["`physmap --help`, for comparison", whole(eight.help), "", null],
    [
      "one plan, least and most of the sizes below",
      `${digits(least, 2)} s to ${digits(most, 2)} s`,
      "within 2×",
      most < 2 * least,
    ],
    [
      "the same inside a process that has planned before, processor time",
      `${digits(leastInside, 1)} ms to ${digits(mostInside, 1)} ms`,
      "",
      null,
    ],
  ];
  if (c.missing) list.push(["against C", `not measured: ${c.missing}`, "", null]);
  else {
    const { set, fill, map } = c.nanosecondsAPage;
    const against = ({ model, c, ratio }) =>
      `${digits(model, 1)} ns a page, C ${digits(c, 1)} ns: ${digits(ratio, 2)}×`;
    list.push(
      [
        "page by page, each with a walk from the root in both trees, against the same loop in C",
        against(set),
        "2.5×",
        set.ratio < 2.5,
      ],
      ["the same with the hypervisor's rules for each page, in both languages", against(map), "", null],
      [
        "mapped in bulk and all tables made real, against C that fills the same tables",
        against(fill),
        "1.6×",
        fill.ratio < 1.6,
      ],
    );
  }
  for (const { hosts, kinds, advice, hostsASecond, mib, processor } of batches)
    list.push([
      `a fleet of ${digits(hosts, 0)} hosts, ${kinds < hosts ? `${kinds} kinds` : "each of its own kind"}: \`plan --json ${advice ? "" : "--no-advice "}--batch -\``,
      `${digits(hostsASecond, 0)} hosts/s, ${digits(mib, 0)} MiB, processor ${digits((processor / hosts) * 1000, 1)} ms a host`,
      "1,000 hosts/s",
      hostsASecond >= 1000,
    ]);
  return list;
}

/** The table and what it was measured on, as Markdown. */
export function tableOf(results) {
  const { cpu, cores, memoryGiB, node, rounds, load } = results.machine;
  return [
    "| what | measured | goal | reached |",
    "|---|---|---|---|",
    ...rows(results).map(
      ([what, measured, goal, reached]) =>
        `| ${what} | ${measured} | ${goal} | ${reached === null ? "" : verdict(reached)} |`,
    ),
    "",
    "| size of the BAR | 4 KiB entries in each tree | one plan, whole process | inside a process, processor time |",
    "|---|---|---|---|",
    ...results.bySize.map(
      ({ bytes, milliseconds, seconds }) =>
        `| ${size(bytes)} | ${digits(bytes / 4096, 0)} | ${digits(seconds, 2)} s | ${digits(milliseconds, 1)} ms |`,
    ),
    "",
    `Measured on ${cpu}, ${cores} cores, ${memoryGiB} GiB, Node ${node}${results.c.gcc ? `, ${results.c.gcc}` : ""}; medians of`,
    `${rounds} rounds, candidates in turn. ${load.map((l) => digits(l, 1)).join(" processes were runnable when it began, ")} when it ended: with`,
    "more than there are cores, wall-clock times are those of a busy machine.",
  ].join("\n");
}

/** The page with its table replaced. */
export function withTable(page, results) {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new Error(`docs/speed.md lacks the lines ${BEGIN} and ${END}`);
  return `${page.slice(0, from + BEGIN.length)}\n${tableOf(results)}\n${page.slice(to)}`;
}

export function writeTable() {
  if (!existsSync(RESULTS)) throw new Error("bench/speed.json is missing: npm run bench writes it");
  writeFileSync(PAGE, withTable(readFileSync(PAGE, "utf8"), JSON.parse(readFileSync(RESULTS, "utf8"))));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeTable();
