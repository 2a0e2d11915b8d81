import type { WhyDocument } from "../plan/why.ts";
import type { WalkStep, WhyTree } from "../radix/steps.ts";
import { sentence, table, wrap, wrapCell } from "./layout.ts";
import { scenarioTitle } from "./plan-text.ts";
import type { Style } from "./style.ts";
import { address, size } from "./units.ts";

/** The way from a guest frame to its machine address: one block a tree, one line a level, the leaf bit by bit. */
export function whyText(document: WhyDocument, style: Style, verbose = false): string {
  const { bar, p2m, iommu, rules, gfn, scenario } = document;
  const what = bar ? `${bar.bdf} BAR ${bar.index} + ${address(bar.offset)}` : "no BAR";
  const blocks = [
    [style.bold(`gfn ${gfn} (guest address ${address(document.address)}): ${what}`), scenarioTitle(scenario)],
    [
      style.bold("Rules"),
      ...rules.flatMap(({ code, says, change }) => [
        ...wrap(`${sentence(says)} [${code}]`, style.width, "  ", "    "),
        ...(change ? wrap(sentence(change), style.width, "    → ", "      ").map(style.dim) : []),
      ]),
    ],
    [
      `${style.bold("P2M")}   ${p2m.maps === null ? "not mapped" : `type ${p2m.type}, access ${p2m.access}`}`,
      ...treeLines(p2m, style, verbose),
    ],
    iommu === null
      ? [`${style.bold("IOMMU")}   no tables: the domain does not use the IOMMU`]
      : iommu === "shared"
        ? [`${style.bold("IOMMU")}   walks the P2M's tables (shared)`]
        : [style.bold("IOMMU"), ...treeLines(iommu, style, verbose)],
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** One line a level, where they lead, and the last entry bit by bit. */
export function treeLines(tree: WhyTree, style: Style, verbose: boolean): string[] {
  const rows = tree.steps.map(({ name, table: at, index, raw, kind, access, memoryType }) => [
    name,
    `${address(at)}[${index}]`,
    raw,
    kind,
    access,
    memoryType ?? "",
  ]);
  const leads =
    tree.absent !== null
      ? `leads where nobody can tell: ${tree.absent}`
      : tree.maps === null
        ? "leads nowhere"
        : `leads to machine address ${address(tree.maps)} by an entry of ${size(2 ** ((tree.order ?? 0) + 12))}`;
  const shown = verbose
    ? tree.steps
    : tree.steps.filter(({ kind }, i) => i === tree.steps.length - 1 && kind !== "empty");
  return [
    ...table(rows, [{}, {}, {}, {}, {}, {}], "  "),
    `  ${leads}`,
    ...shown.flatMap((step) => fieldLines(step, style)),
  ];
}

/** Fields of an entry, one a line; those that are zero and say nothing are left out. */
function fieldLines({ name, fields, faults }: WalkStep, style: Style): string[] {
  const rows = fields
    .filter(({ value }) => !/^0(x0+)?$/.test(value))
    .map(({ bits, name: field, value, says }) => [bits, field, value, says]);
  const columns = [{ align: "right" }, {}, {}, {}] as const;
  const [head, ...lines] = table([["bits", "field", "value", ""], ...rows], columns, "    ");
  return [
    `  ${name}, bit by bit (fields that are zero left out)`,
    style.dim((head ?? "").trimEnd()),
    ...lines.flatMap((line) => wrapCell(line, style.width)),
    ...faults.flatMap(({ says: fault }) => wrap(fault, style.width, "    ! ", "      ").map(style.bad)),
  ];
}
