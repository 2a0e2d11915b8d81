import type { DiffDocument, DiffPair, DiffRun } from "../inspect/diff.ts";
import { plural, size, thousands } from "../plan/words.ts";
import { table } from "./layout.ts";
import type { Style } from "./style.ts";
import { address } from "./units.ts";

/** Ranges shown of a pair unless everything is asked for. */
const FEW = 20;

/** Two sets of tables, range by range: what the left has with "-", what the right has with "+". */
export function diffText(document: DiffDocument, style: Style, verbose = false): string {
  const { pairs, only, notes } = document;
  const blocks = [
    ...pairs.map((pair) => pairLines(pair, style, verbose)),
    ...(only.left.length === 0 ? [] : [[`only on the left: ${only.left.join(", ")}`]]),
    ...(only.right.length === 0 ? [] : [[`only on the right: ${only.right.join(", ")}`]]),
    ...(pairs.length === 0 ? [["nothing to compare: no tables have a counterpart"]] : []),
    ...(notes.length === 0 ? [] : [notes.map((text) => `note: ${text}`)]),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function pairLines({ left, right, differences, ranges, leaves }: DiffPair, style: Style, verbose: boolean): string[] {
  const head = left === right ? style.bold(left) : `${style.bold(left)} against ${style.bold(right)}`;
  if (differences === 0) return [`${head}: ${style.good("the same")}`];
  if (leaves)
    return [
      `${head}: leaves differ`,
      ...(["4k", "2m", "1g"] as const).map(
        (order) =>
          `  ${order}: ${thousands(leaves.left?.[order] ?? 0)} against ${thousands(leaves.right?.[order] ?? 0)}`,
      ),
    ];
  const shown = verbose ? ranges : ranges.slice(0, FEW);
  const rows = shown.flatMap(({ start, end, left: a, right: b }) => [
    [`${address(start)} - ${address(end)}`, ...cells("-", a)],
    ["", ...cells("+", b)],
  ]);
  return [
    `${head}: ${plural(differences, "range differs", "ranges differ")}`,
    ...table(rows, [{}, {}, {}, { align: "right" }, {}, {}, {}, {}], "  "),
    ...(differences > shown.length ? [`  … and ${thousands(differences - shown.length)} more`] : []),
  ];
}

function cells(sign: string, run: DiffRun | null): string[] {
  if (run === null) return [sign, "nothing"];
  return [
    sign,
    run.maps === null ? (run.present ? "mapped" : "(not present)") : `→ ${address(run.maps)}`,
    run.order === null ? "" : `${thousands(run.entries)} × ${size(2 ** (run.order + 12))}`,
    run.access ?? "",
    run.memoryType ?? "",
    run.type ?? "",
    run.flags ?? "",
  ];
}
