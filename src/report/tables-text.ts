import type { TablesDocument } from "../inspect/tables.ts";
import { treeLines } from "./run.ts";
import type { Style } from "./style.ts";
import { address } from "./units.ts";

/** One tree for a terminal: counts, runs, problems. */
export function tablesText(document: TablesDocument, style: Style, verbose = false): string {
  const { format, root, levels, tables } = document;
  const byLevel = Object.entries(tables)
    .sort(([a], [b]) => Number(b) - Number(a))
    .map(([level, count]) => `level ${level}: ${count}`)
    .join(", ");
  const limit = verbose ? Number.POSITIVE_INFINITY : undefined;
  return `${[
    style.bold(`${format} tables of ${levels} levels, root ${address(root)}`),
    ...(byLevel === "" ? [] : [`  tables by level: ${byLevel}`]),
    ...treeLines("total", document, style.width, limit),
  ].join("\n")}\n`;
}
