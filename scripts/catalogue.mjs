/**
 * Writes docs/reasons.md, the catalogue of reasons and advice, from the code. With --check it writes nothing, and fails
 * when the file is not what would be written. Needs dist/ (npm run catalogue builds it).
 */
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ADVICE_CATALOGUE } from "../dist/plan/switches.js";
import { PLATFORM_CODES, reasonOf } from "../dist/platform/reasons.js";
import { LEDGER_KINDS } from "../dist/xen/ledger.js";
import { REASONS } from "../dist/xen/reasons.js";

const file = fileURLToPath(new URL("../docs/reasons.md", import.meta.url));
const cell = (text) => text.replaceAll("|", "\\|");
const table = (head, rows) =>
  [
    `| ${head.join(" | ")} |`,
    `|${head.map(() => "---").join("|")}|`,
    ...rows.map((row) => `| ${row.map(cell).join(" | ")} |`),
  ].join("\n");
const list = (items) => items.map((item) => `- ${item}`).join("\n");

const text = `# Reasons and advice

Every order, place and hole in a plan has a reason with one of these codes. This page is written from the code
(\`npm run catalogue\`); the sentences are those that a plan prints.

## Why a piece has its order

${table(
  ["code", "what it says", "what would change it"],
  Object.entries(REASONS).map(([code, { says, change }]) => [`\`${code}\``, says, change]),
)}

## Why a BAR stands where it does, and what is cut out of it

${table(
  ["code", "what it says", "what would change it", "source"],
  PLATFORM_CODES.map((code) => {
    const { says, change, source, unverified } = reasonOf(code);
    return [`\`${code}\``, `${says}${unverified ? " *(unconfirmed)*" : ""}`, change ?? "", source];
  }),
)}

## What a plan may advise

A plan tries each of these that applies, runs the model again, and names those that save something.

On Xen's command line:

${list(ADVICE_CATALOGUE.cmdline)}

In the guest:

${list(ADVICE_CATALOGUE.guest)}
- place a BAR at a multiple of its size, where it was put elsewhere

A later release: ${ADVICE_CATALOGUE.releases.join(", ")}, the turning points.

## What is counted

${table(
  ["kind in the ledger", "one unit is"],
  Object.entries(LEDGER_KINDS).map(([kind, says]) => [`\`${kind}\``, says]),
)}
`;

if (!process.argv.includes("--check")) writeFileSync(file, text);
else if (!existsSync(file) || readFileSync(file, "utf8") !== text) {
  console.error("docs/reasons.md is not up to date: npm run catalogue writes it");
  process.exitCode = 1;
}
