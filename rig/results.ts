import type { ChosenRun } from "./chosen-frames.ts";
import { errorName } from "./errno.ts";
import type { ScriptOperation } from "./script.ts";

/** The calls of a library's loop. Returns are the hypervisor's, positive counts included. */
export interface MappingCalls {
  /** Pages that the hypervisor reported as done. */
  readonly pagesDone: number;
  readonly hypercalls: number;
  /** 0 where there was no call. */
  readonly firstReturn: number;
  readonly lastReturn: number;
}

/** What an operation came to on the real hypervisor. */
export interface OperationResult {
  /** 0, a negative error number, or a raw mapping's positive count of pages. */
  readonly result: number;
  /** The error's name. */
  readonly error?: string;
  readonly pagesDone?: number;
  readonly hypercalls?: number;
  readonly firstReturn?: number;
  readonly lastReturn?: number;
  /** The undo after a failed mapping. */
  readonly undo?: MappingCalls & { readonly result: number };
  /** Extents that were populated, or given back. */
  readonly populated?: number;
  readonly released?: number;
  /** Pages of another domain that were mapped. */
  readonly mapped?: number;
  /** First machine frames of the extents populated, and of one that failed half-way, as runs that follow each other. */
  readonly mfns?: readonly ChosenRun[];
  /** The hypervisor killed the domain in this operation. */
  readonly crashed?: true;
  /** Time-stamp counter's ticks in the hypercalls of a mapping. An emulator's, so no measure of real time. */
  readonly cycles?: number;
}

export interface DomainResult {
  /** The script's id. */
  readonly id: number;
  /** 0, or the error of the step that failed. */
  readonly result: number;
  readonly error?: string;
  readonly step?: string;
  /** The hypervisor's id of it in this boot, as in the log. */
  readonly xenId: number;
}

/** A line of the payload's: "key=value" fields by key; those of an undo as "undo.key". */
export type Fields = ReadonlyMap<string, string>;

/** Reads the payload's text: fields by the line's tag. A line cut short (the payload is in the middle of it) counts. */
export function parseText(text: string): Map<number, Fields> {
  const lines = new Map<number, Fields>();
  for (const line of text.split("\n")) {
    const [tag, ...words] = line.split(" ");
    if (tag === undefined || !/^[0-9a-f]{1,8}$/.test(tag)) continue;
    const fields = new Map<string, string>();
    let prefix = "";
    for (const word of words) {
      const at = word.indexOf("=");
      if (at < 0) prefix = `${word}.`;
      // Whether the domain crashed is said once, after the undo.
      else fields.set(word.startsWith("crashed=") ? "crashed" : prefix + word.slice(0, at), word.slice(at + 1));
    }
    lines.set(Number.parseInt(tag, 16), fields);
  }
  return lines;
}

function numberOf(fields: Fields, key: string): number {
  const value = Number(fields.get(key));
  if (!fields.has(key) || !Number.isFinite(value))
    throw new Error(`the payload's answer lacks ${key}: ${JSON.stringify([...fields])}`);
  return value;
}

const callsOf = (fields: Fields, prefix = ""): MappingCalls => ({
  pagesDone: numberOf(fields, `${prefix}done`),
  hypercalls: numberOf(fields, `${prefix}calls`),
  firstReturn: numberOf(fields, `${prefix}first`),
  lastReturn: numberOf(fields, `${prefix}last`),
});

const outcome = (result: number): { result: number; error?: string } =>
  result < 0 ? { result, error: errorName(result) } : { result };

/** The result of an operation from the payload's line. Throws when the line lacks a field: a fault of the rig's. */
export function operationResult(operation: ScriptOperation, fields: Fields): OperationResult {
  const refused = fields.get("error");
  if (refused !== undefined) throw new Error(`the payload did not understand ${JSON.stringify(operation)}: ${refused}`);
  const result = numberOf(fields, "ret");
  const crashed = fields.has("crashed") ? { crashed: true as const } : {};
  const cycles = fields.has("cycles") ? { cycles: numberOf(fields, "cycles") } : {};
  if (operation.op === "map_foreign") return { ...outcome(result), mapped: numberOf(fields, "done"), ...crashed };
  if (operation.op === "populate" || operation.op === "decrease_reservation") {
    const done = numberOf(fields, "done");
    const extents = operation.op === "populate" ? { populated: done } : { released: done };
    return { ...outcome(Math.min(result, 0)), ...extents, ...crashed };
  }
  if (operation.op !== "memory_mapping" || operation.raw) return { ...outcome(result), ...cycles, ...crashed };
  const undo = fields.has("undo.ret")
    ? { undo: { result: numberOf(fields, "undo.ret"), ...callsOf(fields, "undo.") } }
    : {};
  return { ...outcome(result), ...callsOf(fields), ...undo, ...crashed, ...cycles };
}

export function domainResult(id: number, fields: Fields): DomainResult {
  const step = fields.get("step");
  return {
    id,
    ...outcome(numberOf(fields, "ret")),
    ...(step === undefined ? {} : { step }),
    xenId: numberOf(fields, "id"),
  };
}
