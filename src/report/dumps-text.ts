import type { DumpRun, DumpsDocument } from "../inspect/text/document.ts";
import { plural, size, thousands } from "../plan/words.ts";
import { table } from "./layout.ts";
import type { Style } from "./style.ts";
import { address } from "./units.ts";

const MOST_RUNS = 24;

/** What a text tells of page tables, for a terminal: one block a dump. */
export function dumpsText({ dumps }: DumpsDocument, style: Style, verbose = false): string {
  const most = verbose ? Number.POSITIVE_INFINITY : MOST_RUNS;
  const blocks = dumps.map(({ name, format, leaves, runs }) => {
    const shown = runs.slice(0, most);
    const sizes =
      leaves === null
        ? "page sizes are not told"
        : `leaves ${thousands(leaves["4k"])} × 4 KiB, ${thousands(leaves["2m"])} × 2 MiB, ${thousands(leaves["1g"])} × 1 GiB`;
    return [
      style.bold(name),
      `  ${format === null ? "" : `${format}, `}${plural(runs.length, "run")}, ${sizes}`,
      ...table(shown.map(cells), [{}, {}, { align: "right" }, {}, {}, {}], "    "),
      ...(runs.length > shown.length ? [`    … and ${runs.length - shown.length} more runs (-v shows all)`] : []),
    ];
  });
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

const cells = ({ start, end, present, maps, order, entries, access, memoryType, type, flags }: DumpRun): string[] => [
  `${address(start)} – ${address(end)}`,
  maps === null ? (present ? "mapped" : "(nothing)") : `→ ${address(maps)}`,
  order === null ? "" : `${thousands(entries)} × ${size(2 ** (order + 12))}`,
  [access, memoryType].filter((word) => word !== null).join(" "),
  type ?? "",
  flags ?? "",
];
