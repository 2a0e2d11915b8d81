import type { RootsDocument } from "../inspect/roots.ts";
import { table, wrap } from "./layout.ts";
import type { Style } from "./style.ts";
import { plural, thousands } from "./units.ts";

const MOST_ROOTS = 40;
const MOST_EVIDENCE = 2;

/** Page-table roots for a terminal, best first. */
export function rootsText({ image, roots }: RootsDocument, style: Style, verbose = false): string {
  const shown = verbose ? roots : roots.slice(0, MOST_ROOTS);
  const title = `${image.container}, ${plural(image.frames, "frame")}: ${roots.length === 0 ? "no" : thousands(roots.length)} page-table root${roots.length === 1 ? "" : "s"}`;
  const rows = table(
    shown.map(({ format, root, levels, domain, score, sampled, tables, leaves }) => [
      `${format}:${root}:${levels}`,
      domain === null ? "" : `domain ${domain}`,
      score.toFixed(3),
      `${sampled ? "at least " : ""}${plural(tables, "table")}`,
      plural(leaves, "leaf", "leaves"),
    ]),
    [{}, {}, {}, { align: "right" }, { align: "right" }],
    "  ",
  );
  const lines = shown.flatMap(({ evidence, also, bad, empty }, i) => {
    const remarks = [
      ...(bad > 0 ? [`${plural(bad, "entry", "entries")} that no hypervisor writes`] : []),
      ...(empty > 0 ? [`${plural(empty, "table")} without an entry`] : []),
      ...(also.length > 0 ? [`may be ${also.join(" or ")} as well`] : []),
    ];
    const told = verbose ? evidence : evidence.slice(0, MOST_EVIDENCE);
    return [
      rows[i]!,
      ...[...told.map(({ from, says }) => `${from}: ${says}`), ...remarks].flatMap((text) =>
        wrap(text, style.width, "      ", "        ").map(style.dim),
      ),
    ];
  });
  const more = roots.length - shown.length;
  return `${[
    style.bold(title),
    ...lines,
    ...(more > 0 ? [`  … and ${more} more (-v shows all)`] : []),
    ...(roots.length > 0
      ? ["", `Next: physmap tables IMAGE --root ${roots[0]!.format}:${roots[0]!.root}:${roots[0]!.levels}`]
      : []),
  ].join("\n")}\n`;
}
