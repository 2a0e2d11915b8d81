import { hex } from "../src/address.ts";
import { type Snapshot as ReadSnapshot, snapshotTrees } from "../src/image/snapshot.ts";
import { type RunDocument, tablesDocument } from "../src/inspect/tables.ts";
import type { Tree } from "../src/radix/tree.ts";
import type { OperationResult as ModelResult } from "../src/xen/operations.ts";
import { isEqual, type ScriptComparison, type TreeDifference } from "./compare.ts";
import type { ResultDifference } from "./compare-results.ts";
import type { Observed } from "./observe.ts";
import type { OperationResult } from "./results.ts";
import type { RigScript, ScriptOperation } from "./script.ts";

const MOST_LINES = 40;

function shortened(lines: readonly string[]): string[] {
  if (lines.length <= MOST_LINES) return [...lines];
  return [...lines.slice(0, MOST_LINES), `    … and ${lines.length - MOST_LINES} more`];
}

function operationText({ op, ...rest }: ScriptOperation): string {
  const fields = Object.entries(rest).filter(([, value]) => value !== null && value !== undefined);
  return `${op} ${fields.map(([key, value]) => `${key}=${String(value)}`).join(" ")}`;
}

/** What was counted in a result, in one line; zeroes are left out where another number says as much. */
function resultText(result: OperationResult | ModelResult): string {
  const undo = result.undo ? ` undo=(${resultText(result.undo)})` : "";
  const named = [
    ["pages", result.pagesDone],
    ["calls", result.hypercalls],
    ["first", result.firstReturn],
    ["last", result.lastReturn],
    ["populated", result.populated],
    ["released", "released" in result ? result.released : "decreased" in result ? result.decreased : undefined],
    ["mapped", result.mapped],
    ["cycles", "cycles" in result ? result.cycles : undefined],
  ] as const;
  const counts = named.flatMap(([name, value]) => (value === undefined || value === null ? [] : [`${name}=${value}`]));
  const error = "error" in result && result.error !== undefined ? ` ${result.error.replace(/^-/, "")}` : "";
  return [`${result.result ?? 0}${error}`, ...counts, ...(result.crashed ? ["crashed"] : [])].join(" ") + undo;
}

const runLine = (run: RunDocument): string =>
  `    ${run.start}-${run.end} -> ${run.maps ?? "-"} order ${run.order} × ${run.entries} ${run.access} ${run.type ?? ""} ${run.flags}`;

function treeText(tree: Tree): string[] {
  const document = tablesDocument(tree);
  const tables = Object.entries(document.tables).map(([level, n]) => `${n} of level ${level}`);
  return [`    tables: ${tables.join(", ")}`, ...shortened(document.runs.map(runLine))];
}

/** Numbers of the bits in which two "0x…" entries differ. */
export function differingBits(left: string, right: string): number[] {
  if (!/^0x/.test(left) || !/^0x/.test(right)) return [];
  const bits = BigInt(left) ^ BigInt(right);
  return Array.from({ length: 64 }, (_, bit) => bit).filter((bit) => (bits >> BigInt(bit)) & 1n);
}

export function treeDifferenceText({ domain, what, says, entry }: TreeDifference): string {
  if (entry === undefined) return `  domain ${domain} ${what}: ${says}`;
  const end = hex((entry.frame + entry.pages) * 4096 - 1);
  const bits = differingBits(entry.left, entry.right);
  const where = `${hex(entry.frame * 4096)}-${end} level ${entry.level}`;
  const which = bits.length > 0 ? ` (bits ${bits.join(", ")})` : "";
  return `  domain ${domain} ${what} ${where}: ${says}: hypervisor ${entry.left}, model ${entry.right}${which}`;
}

export const resultDifferenceText = ({ operation, field, xen, model }: ResultDifference): string =>
  `  operation ${operation + 1}: ${field} is ${xen}, the model says ${model}`;

/** Every difference, one line each. */
export const differenceLines = (comparison: ScriptComparison): string[] => [
  ...comparison.refused.map((says) => `  ${says}`),
  ...comparison.results.map(resultDifferenceText),
  ...comparison.trees.map(treeDifferenceText),
];

/** The hypervisor's results and tables beside the model's, and every difference by range, level and bit. */
export function comparisonText(script: RigScript, observed: Observed, comparison: ScriptComparison): string {
  const { model, entries } = comparison;
  const operations = script.operations.flatMap((operation, i) => {
    const xen = resultText(observed.results[i]!);
    const own = resultText(model.results[i]!);
    return [`  ${i + 1} ${operationText(operation)}`, `      hypervisor ${xen}`, `      model      ${own}`];
  });
  const trees = snapshotTrees(observed.snapshot as ReadSnapshot).flatMap(({ domain, what, tree }) => {
    const mine = model.domains.find((d) => d.domain.id === domain)?.[what];
    return [
      `domain ${domain} ${what} (${tree.format.name})`,
      "  hypervisor",
      ...treeText(tree),
      "  model",
      ...(mine ? treeText(mine) : ["    no tables"]),
    ];
  });
  const differences = differenceLines(comparison);
  const summary = isEqual(comparison)
    ? `equal: every result, ${entries.p2m} P2M and ${entries.iommu} IOMMU entries bit by bit`
    : [`${differences.length} differences`, ...shortened(differences)].join("\n");
  return [`Xen ${String(observed.snapshot.source.xen)}`, ...operations, ...trees, summary, ""].join("\n");
}
