/**
 * Writes the JSON Schema of every document kind to schemas/. With --check it writes nothing, and fails when a file is
 * not what would be written. Needs dist/ (npm run schemas builds it).
 */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { FORMATS } from "../dist/format/index.js";
import { CollectSchema } from "../dist/inventory/index.js";
import { batchHostSchema } from "../dist/plan/batch.js";
import { calibrationSchema } from "../dist/plan/calibration.js";
import { scriptSchema } from "../dist/plan/script.js";
import { PLATFORM_CODES } from "../dist/platform/reasons.js";
import { LEDGER_KINDS } from "../dist/xen/ledger.js";
import { REASONS } from "../dist/xen/reasons.js";
import { makeSchemas, textOf } from "./schemas/all.mjs";

const folder = fileURLToPath(new URL("../schemas/", import.meta.url));
const schemas = makeSchemas({
  ledgerKinds: LEDGER_KINDS,
  reasons: Object.keys(REASONS),
  platformCodes: PLATFORM_CODES,
  formats: Object.keys(FORMATS),
  scriptSchema,
  collectSchema: CollectSchema,
  calibrationSchema,
  batchHostSchema,
});
const wanted = new Map(Object.entries(schemas).map(([kind, schema]) => [`${kind}.schema.json`, textOf(schema)]));

mkdirSync(folder, { recursive: true });
const strangers = readdirSync(folder).filter((name) => !wanted.has(name));
const stale = [...wanted].filter(
  ([name, text]) => !existsSync(folder + name) || readFileSync(folder + name, "utf8") !== text,
);

if (process.argv.includes("--check")) {
  for (const [name] of stale) console.error(`schemas/${name} is not up to date: npm run schemas writes it`);
  for (const name of strangers) console.error(`schemas/${name} is the schema of no document: delete it`);
  process.exitCode = stale.length + strangers.length > 0 ? 1 : 0;
} else {
  for (const [name, text] of stale) writeFileSync(folder + name, text);
  for (const name of strangers) rmSync(folder + name);
}
console.log(`schemas: ${wanted.size} kinds, ${stale.length} ${process.argv.includes("--check") ? "stale" : "written"}`);
