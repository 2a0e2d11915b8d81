/** The JSON Schema of every document kind. */
import { exploreSchema } from "./explore.mjs";
import { batchHostJsonSchema, calibrationJsonSchema, collectJsonSchema, scriptJsonSchema } from "./inputs.mjs";
import { auditSchema, diffSchema, dumpsSchema, rootsSchema, walkSchema } from "./inspect.mjs";
import { batchErrorSchema, compareSchema, planSchema } from "./plan.mjs";
import { runSchema, snapshotSchema, tablesSchema, whySchema } from "./tables.mjs";
import { traceSchema } from "./trace.mjs";

const KINDS = {
  plan: planSchema,
  compare: compareSchema,
  why: whySchema,
  run: runSchema,
  tables: tablesSchema,
  walk: walkSchema,
  roots: rootsSchema,
  audit: auditSchema,
  diff: diffSchema,
  dumps: dumpsSchema,
  script: scriptJsonSchema,
  snapshot: snapshotSchema,
  collect: collectJsonSchema,
  trace: traceSchema,
  calibration: calibrationJsonSchema,
  "batch-host": batchHostJsonSchema,
  "batch-error": batchErrorSchema,
  explore: exploreSchema,
};

/** By kind. `facts` are the library's own tables, so that a schema cannot know other codes than the code has. */
export const makeSchemas = (facts) =>
  Object.fromEntries(Object.entries(KINDS).map(([kind, make]) => [kind, make(facts)]));

/** A schema as its file in schemas/ holds it. */
export const textOf = (schema) => `${JSON.stringify(schema, null, 2)}\n`;
