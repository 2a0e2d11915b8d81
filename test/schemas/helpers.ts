import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import Ajv2020, { type ValidateFunction } from "ajv/dist/2020.js";
import { type JsonSchema, makeSchemas } from "../../scripts/schemas/all.mjs";
import { FORMATS } from "../../src/format/index.ts";
import { CollectSchema, type Inventory, readInputs } from "../../src/inventory/index.ts";
import { batchHostSchema } from "../../src/plan/batch.ts";
import { calibrationSchema } from "../../src/plan/calibration.ts";
import { scriptSchema } from "../../src/plan/script.ts";
import { PLATFORM_CODES } from "../../src/platform/reasons.ts";
import { LEDGER_KINDS } from "../../src/xen/ledger.ts";
import { REASONS } from "../../src/xen/reasons.ts";

const root = new URL("../../", import.meta.url);
export const pathOf = (path: string): string => fileURLToPath(new URL(path, root));

/** The schemas as the source of today gives them. */
export const made: Readonly<Record<string, JsonSchema>> = makeSchemas({
  ledgerKinds: LEDGER_KINDS,
  reasons: Object.keys(REASONS),
  platformCodes: PLATFORM_CODES,
  formats: Object.keys(FORMATS),
  scriptSchema,
  collectSchema: CollectSchema,
  calibrationSchema,
  batchHostSchema,
});

const ajv = new Ajv2020.default({ strict: true, allErrors: false, allowUnionTypes: true });
const validators = new Map<string, ValidateFunction>();

/** The compiled schema of a kind, as it is shipped. Throws for a schema that ajv's strict mode does not like. */
export function validator(kind: string): ValidateFunction {
  const ready = validators.get(kind);
  if (ready) return ready;
  const compiled = ajv.compile(JSON.parse(readFileSync(pathOf(`schemas/${kind}.schema.json`), "utf8")));
  validators.set(kind, compiled);
  return compiled;
}

/** As a reader of the document meets it: what JSON cannot hold must not be there. */
export const asJson = <T>(document: T): T => JSON.parse(JSON.stringify(document)) as T;

/** What is wrong with a JSON document, as "where: what"; empty when nothing is. */
export function faultsOf(kind: string, document: unknown): readonly string[] {
  const validate = validator(kind);
  return validate(document) ? [] : (validate.errors ?? []).map((e) => `${e.instancePath}: ${e.message}`);
}

/** An example's folder as the inputs of a plan. */
export const example = (name: string): Inventory =>
  readInputs(
    readdirSync(pathOf(`examples/${name}`), { withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".md"))
      .map((entry) => ({ name: entry.name, text: readFileSync(pathOf(`examples/${name}/${entry.name}`), "utf8") })),
  );

export const readExample = (path: string): unknown => JSON.parse(readFileSync(pathOf(`examples/${path}`), "utf8"));
