/**
 * Writes docs/audit.md: the rules of the audit, what they find in the recorded page tables, and how many of the bits that are
 * flipped in those they name. Usage: audit.mjs [DIST], after a build; takes minutes.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath, pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { mutate } from "./audit/mutations.mjs";

const at = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const dist = process.argv[2] ?? at("dist");
const load = (path) => import(pathToFileURL(`${dist}/${path}`).href);
const [{ audit }, { RULES }, { mappedRuns }, { snapshotTrees }, kinds] = await Promise.all([
  load("inspect/audit/audit.js"),
  load("inspect/audit/rules/index.js"),
  load("inspect/mapped-run.js"),
  load("image/snapshot.js"),
  load("format/format.js"),
]);

/**
 * Tables in which bits are flipped, and how many: AMD-Vi and VT-d beside NPT, and EPT alone. The rules were worked out on other
 * recordings and seeds (test/inspect/audit/mutations.test.ts), so that these say something about tables not seen before.
 */
const MUTATED = [
  "s4b_deb417_iommu",
  "s5f_deb417_iommu",
  "v_s6a_417_iommu",
  "ept_s4b_417",
  "ept_s5d_417",
  "s6d_deb417_iommu",
];
const FLIPS = 1000;
const SEED = 4242;

const treesOf = (name) =>
  snapshotTrees(JSON.parse(gunzipSync(readFileSync(at(`test/golden/${name}.json.gz`))).toString("utf8"))).map(
    ({ domain, what, tree }) => ({ name: `d${domain} ${what}`, domain, what, tree }),
  );
const names = readdirSync(at("test/golden"))
  .filter((name) => name.endsWith(".json.gz"))
  .map((name) => name.slice(0, -".json.gz".length));

const row = (cells) => `| ${cells.join(" | ")} |`;
const table = (head, rows) => [row(head), row(head.map(() => "---")), ...rows.map(row)].join("\n");
const percent = (part, whole) => (whole === 0 ? "–" : `${((100 * part) / whole).toFixed(1)} %`);

const tables = names.map((name) => {
  const { trees, counts, rules } = audit({ trees: treesOf(name) });
  console.error(name);
  const risks = rules
    .filter(({ severity }) => severity === "fault" || severity === "risk")
    .map(({ id }) => `\`${id}\``);
  const number = trees.reduce((sum, each) => sum + each.tables, 0);
  return [name, number, counts.fault, counts.risk, counts.waste, counts.note, risks.join(", ") || "none"];
});

const tallies = MUTATED.map((name) => {
  const tally = mutate(treesOf(name), FLIPS, SEED, { audit, mappedRuns, kinds });
  console.error(name, tally);
  return { name, ...tally };
});
const sum = (key) => tallies.reduce((total, tally) => total + tally[key], 0);
/** One of the tallies' maps, over all of them, largest first. */
function all(key) {
  const total = new Map();
  for (const tally of tallies) for (const [what, n] of tally[key]) total.set(what, (total.get(what) ?? 0) + n);
  return [...total].sort(([, a], [, b]) => b - a);
}
const missed = all("missed");
const alarmRules = all("alarmRules").map(([rule, n]) => `\`${rule}\` (${n})`);

writeFileSync(
  at("docs/audit.md"),
  `# What the audit checks

<!-- Written by scripts/audit.mjs; do not edit. -->

\`physmap audit\` checks page tables by the rules below. A *fault* is something that hardware faults on, or that lets a guest or
a device reach what it must not; a *risk* works, but not as meant; *waste* could be cheaper; a *note* is nothing to mend.

${table(
  ["rule", "severity", "what is wrong", "rests on", "what to do"],
  RULES.map(({ id, severity, says, reference, fix }) => [`\`${id}\``, severity, says, reference, fix]),
)}

## What it finds in tables that real hypervisors built

All of \`test/golden/\`. No fault is the expected result; the risks are what those recordings were made for.

${table(["tables", "number", "faults", "risks", "waste", "notes", "faults and risks by rule"], tables)}

## How much of what is broken it names

Single bits of entries that are not empty, flipped at random (seed ${SEED}) in recorded tables. A flip is *harmful* when it changes
where something leads, its rights, its P2M type or memory type, or makes an entry that hardware faults on. It is *named* when the
audit then has a fault or a risk that it had not before. Of ${sum("harmful")} harmful flips, ${sum("named")} are named:
**${percent(sum("named"), sum("harmful"))}**.

${table(
  ["tables", "flips", "harmful", "named", "share", "harmless", "named all the same"],
  tallies.map((t) => [t.name, t.flips, t.harmful, t.named, percent(t.named, t.harmful), t.harmless, t.alarms]),
)}

The rules were worked out against flips in other recordings, with other seeds; recordings of one kind resemble each other. What they cannot see in principle is a frame that is wrong and has nothing
beside it to be compared with: a lone entry of a domain without IOMMU tables.

Harmless flips, which change nothing of the above, are named by ${alarmRules.join(", ")}: bits that hardware ignores and Xen reads
(access rights, markers), or that nobody reads, where a single odd one is still a sign of failing memory.

${
  missed.length === 0
    ? "Nothing was missed."
    : `What was missed, most often first:

${table(["entry and bit", "times"], [...missed].sort(([, a], [, b]) => b - a).slice(0, 40))}`
}
`,
);
