import * as v from "valibot";
import { INPUT_KINDS, type InputKind, readInputs, type TextInput } from "../inventory/index.ts";
import type { PlanDocument } from "./document.ts";
import { mergeKeys, overlayKeys, parseKey } from "./keys.ts";
import { type PlanOptions, plan } from "./plan.ts";
import type { ScenarioKeys } from "./scenario.ts";
import { issueLine } from "./script.ts";

const input = v.strictObject({
  name: v.pipe(v.string(), v.minLength(1), v.maxLength(4096)),
  text: v.string(),
  kind: v.exactOptional(v.picklist(INPUT_KINDS)),
});
const value = v.union([v.string(), v.number(), v.boolean()]);

/** Schema of one host of a batch: what `physmap plan --batch` reads from each line. Version and kind may be left out. */
export const batchHostSchema = v.strictObject({
  physmap: v.literal(1),
  kind: v.literal("batch-host"),
  name: v.exactOptional(v.pipe(v.string(), v.maxLength(4096))),
  /** Texts, or a collect document. */
  inputs: v.union([
    v.pipe(v.array(input), v.minLength(1), v.maxLength(4096)),
    v.looseObject({ physmap: v.literal(1), kind: v.literal("collect") }),
  ]),
  keys: v.exactOptional(v.record(v.string(), v.union([value, v.array(value)]))),
});

/** One host of a batch that could not be planned. `line` counts from 1. */
export interface BatchError {
  readonly physmap: 1;
  readonly kind: "batch-error";
  readonly line: number;
  readonly name?: string;
  readonly error: string;
}

/** What becomes of one line: a document as one line of JSON, without its line end. */
export interface BatchAnswer {
  readonly text: string;
  readonly planned: boolean;
}

interface Host {
  readonly name?: string;
  readonly inputs: readonly TextInput[];
  readonly keys: ScenarioKeys;
}

/** A line that says why there is no plan for a host. */
export function batchError(line: number, error: string, name?: string): BatchAnswer {
  const document: BatchError = {
    physmap: 1,
    kind: "batch-error",
    line,
    ...(name === undefined ? {} : { name }),
    error: error.replace(/\s+/g, " ").trim(),
  };
  return { text: JSON.stringify(document), planned: false };
}

/**
 * Plan the host of one line of a batch. `keys` hold for every host; the host's own win. Returns a `plan` document, or a
 * `batch-error`. Never throws: a fault of the model costs this host alone.
 */
export function planLine(text: string, line: number, keys: ScenarioKeys, options: PlanOptions): BatchAnswer {
  let name: string | undefined;
  try {
    const host = readHost(text, `line ${line}`);
    if (typeof host === "string") return batchError(line, host);
    name = host.name;
    const planned = plan(readInputs(host.inputs), overlayKeys(keys, host.keys), options);
    if (typeof planned === "string") return batchError(line, planned, name);
    const { physmap, kind, ...rest } = planned.document;
    const document = { physmap, kind, ...(name === undefined ? {} : { host: name }), ...rest };
    return { text: JSON.stringify(document satisfies PlanDocument), planned: true };
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return batchError(line, `a fault of physmap itself, please report it with this line: ${what}`, name);
  }
}

const HEAD = { physmap: 1, kind: "batch-host" };

function readHost(text: string, where: string): Host | string {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch (error) {
    return `not JSON: ${error instanceof Error ? error.message : "unreadable"}; expected one host a line`;
  }
  if (isCollect(document)) return { inputs: [{ name: where, text, kind: "collect" }], keys: {} };
  const whole = typeof document === "object" && document !== null ? { ...HEAD, ...document } : document;
  const parsed = v.safeParse(batchHostSchema, whole, { abortEarly: true });
  if (!parsed.success)
    return `not a host: ${issueLine(parsed.issues)} (expected {"inputs": [{"name", "text"}…], "keys": {…}} or a collect document)`;
  const { name, inputs, keys } = parsed.output;
  const checked = new Map(Object.entries(keys ?? {}));
  // Valibot leaves names such as "constructor" out; they are no keys, and nothing is dropped silently.
  const own = keysOf(namesIn(document).map((key) => [key, checked.get(key) ?? ""]));
  if (typeof own === "string") return own;
  return {
    ...(name === undefined ? {} : { name }),
    inputs: Array.isArray(inputs) ? inputs : [collectInput(name ?? where, inputs)],
    keys: own,
  };
}

/** Names of the keys as the line has them. */
const namesIn = (document: unknown): readonly string[] =>
  typeof document === "object" && document !== null && "keys" in document ? Object.keys(document.keys ?? {}) : [];

const isCollect = (document: unknown): boolean =>
  typeof document === "object" && document !== null && "kind" in document && document.kind === "collect";

const collectInput = (name: string, document: unknown): TextInput => ({
  name,
  text: JSON.stringify(document),
  kind: "collect" satisfies InputKind,
});

type Value = v.InferOutput<typeof value>;

/** Keys by the names that options have; `true` and `false` are `on` and `off`. */
function keysOf(given: readonly (readonly [string, Value | readonly Value[]])[]): ScenarioKeys | string {
  let keys: ScenarioKeys = {};
  for (const [name, values] of given)
    for (const each of Array.isArray(values) ? values : [values]) {
      const parsed = parseKey(name, typeof each === "boolean" ? (each ? "on" : "off") : String(each));
      if (typeof parsed === "string") return `at keys.${name.slice(0, 40)}: ${parsed}`;
      keys = mergeKeys(keys, parsed);
    }
  return keys;
}
