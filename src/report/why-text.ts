import type { WalkStep, WhyDocument, WhyTree } from "../plan/why.ts";
import { table, wrap } from "./layout.ts";
import type { Style } from "./style.ts";
import { address, size } from "./units.ts";

/** The way from a guest frame to its machine address: one block a tree, one line a level, the leaf bit by bit. */
export function whyText(document: WhyDocument, style: Style, verbose = false): string {
  const { bar, p2m, iommu, rules } = document;
  const what = bar ? `${bar.bdf} BAR ${bar.index} + ${address(bar.offset)}` : "no BAR";
  const blocks = [
    [style.bold(`gfn ${document.gfn} (${address(document.address)}): ${what}`)],
    [`${style.bold("P2M")}  type ${p2m.type}, access ${p2m.access}`, ...treeLines(p2m, style, verbose)],
    iommu === null
      ? [`${style.bold("IOMMU")}  no tables: the domain has no IOMMU context, or needs none`]
      : iommu === "shared"
        ? [`${style.bold("IOMMU")}  walks the P2M's tables (shared)`]
        : [style.bold("IOMMU"), ...treeLines(iommu, style, verbose)],
    [
      style.bold("Rules"),
      ...rules.flatMap(({ code, says, change }) => [
        ...wrap(`${says} [${code}]`, style.width, "  ", "    "),
        ...(change ? wrap(`To change it: ${change}`, style.width, "    ", "    ").map(style.dim) : []),
      ]),
    ],
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

function treeLines(tree: WhyTree, style: Style, verbose: boolean): string[] {
  const rows = tree.steps.map(({ name, table: at, index, raw, kind, access, memoryType }) => [
    name,
    `${address(at)}[${index}]`,
    raw,
    kind,
    access,
    memoryType ?? "",
  ]);
  const leads =
    tree.maps === null ? "leads nowhere" : `leads to ${address(tree.maps)} (a ${size(2 ** (tree.order! + 12))} entry)`;
  const shown = verbose ? tree.steps : tree.steps.slice(-1);
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
  const lines = table([["bits", "field", "value", ""], ...rows], [{ align: "right" }, {}, {}, {}], "    ");
  return [
    `  ${name}, bit by bit (fields that are zero left out)`,
    style.dim(lines[0] ?? ""),
    ...lines.slice(1).map((line) => line.slice(0, style.width)),
    ...faults.map(({ says }) => style.bad(`    ! ${says}`)),
  ];
}
