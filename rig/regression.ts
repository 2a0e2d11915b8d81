import type { DomainResult, OperationResult } from "./results.ts";
import type { RigScript } from "./script.ts";
import type { Snapshot } from "./snapshot.ts";

/**
 * A script with what a real hypervisor made of it (test/regressions/): the model is compared with it without an
 * emulator.
 */
export interface Regression {
  readonly physmap: 1;
  readonly kind: "regression";
  /** Why it is kept, and how it was found. */
  readonly says: string;
  readonly seed: number | null;
  /** Memory of the machine that it ran on, MiB. */
  readonly memoryMiB: number;
  readonly script: RigScript;
  readonly results: readonly OperationResult[];
  readonly domains: readonly DomainResult[];
  readonly snapshot: Snapshot;
}

/** JSON with operations and frames a line each: small, and readable in a diff. */
export function regressionText(regression: Regression): string {
  const { script, results, snapshot, ...rest } = regression;
  const lines = (items: readonly unknown[]): string =>
    items.length === 0 ? "[]" : `[\n    ${items.map((item) => JSON.stringify(item)).join(",\n    ")}\n  ]`;
  const members = (object: object): string =>
    Object.entries(object)
      .map(([key, value]) => `    ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(",\n");
  const frames = `{\n${members(snapshot.frames)}\n  }`;
  const operations = lines(script.operations);
  const plainResults = results.map(({ cycles: _, ...result }) => result);
  const head = Object.entries(rest).map(([key, value]) => `  ${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  const { frames: _frames, ...snapshotHead } = snapshot;
  const { operations: _operations, ...scriptHead } = script;
  const open = (head: object): string => JSON.stringify(head).slice(0, -1);
  return `${[
    "{",
    `${head.join(",\n")},`,
    `  "script": ${open(scriptHead)}, "operations": ${operations}},`,
    `  "results": ${lines(plainResults)},`,
    `  "snapshot": ${open(snapshotHead)}, "frames": ${frames}}`,
    "}",
  ].join("\n")}\n`;
}
