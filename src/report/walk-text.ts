import type { WalkDocument } from "../inspect/why.ts";
import { size } from "../plan/words.ts";
import type { Style } from "./style.ts";
import { address } from "./units.ts";
import { treeLines } from "./why-text.ts";

/** Where a frame leads in tables that were found: one block a tree. */
export function walkText({ gfn, address: at, trees, dumps }: WalkDocument, style: Style, verbose = false): string {
  const blocks = [
    [style.bold(`gfn ${gfn} (address ${address(at)})`)],
    ...trees.map((tree) => [
      `${style.bold(tree.name)}   ${tree.format}, root ${address(tree.root)}`,
      ...treeLines(tree, style, verbose),
    ]),
    ...dumps.map(({ name, maps, order, access, memoryType, type }) => {
      const words = [order === null ? null : `an entry of ${size(2 ** (order + 12))}`, access, memoryType, type];
      const told = words.filter((word) => word !== null).join(", ");
      const leads = maps === null ? "leads nowhere that the text tells" : `leads to ${address(maps)}`;
      return [style.bold(name), `  ${leads}${told === "" ? "" : ` (${told})`}`];
    }),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}
