import type { PlanBar } from "../plan/document.ts";

/** One cell by the order of most of its pages: texture, not colour. */
const CELLS: Readonly<Record<number, string>> = { 0: "░", 9: "▓", 18: "█" };
const HOLE = "·";

/** What the textures mean. */
export const LEGEND = "░ 4 KiB entries  ▓ 2 MiB entries  · not mapped";

/**
 * A BAR as a strip of cells: ░ 4 KiB entries, ▓ 2 MiB, █ 1 GiB, · not mapped. What is too small for a cell of its own,
 * the few small entries at an edge or a hole, still shows in the cell where it lies, unless it would hide the only cell
 * of another kind.
 */
export function orderBar(bar: PlanBar, cells: number): string {
  if (bar.size === null || bar.guest === null || bar.pieces.length === 0) return HOLE.repeat(cells);
  const first = Math.floor(Number(bar.guest) / 4096);
  const pages = Math.max(1, Math.ceil(bar.size / 4096));
  const strip = Array.from({ length: cells }, (_, i) =>
    mostIn(bar, first + (i * pages) / cells, first + ((i + 1) * pages) / cells),
  );
  const stretches = [
    ...bar.pieces.map((piece) => ({ at: piece.gfn, pages: piece.pages, cell: CELLS[piece.order] ?? HOLE })),
    ...bar.holes.map((hole) => ({ at: hole.gfn, pages: hole.pages, cell: HOLE })),
  ];
  for (const { at, pages: length, cell } of stretches) {
    if (strip.includes(cell)) continue;
    const i = Math.floor(((Number(at) + length / 2 - first) * cells) / pages);
    const there = strip[i];
    if (there !== undefined && strip.filter((other) => other === there).length > 1) strip[i] = cell;
  }
  return strip.join("");
}

/** The texture of most pages of a stretch. */
function mostIn({ pieces }: PlanBar, from: number, to: number): string {
  const covered = new Map<number, number>();
  for (const { gfn, pages, order } of pieces) {
    const start = Number(gfn);
    const overlap = Math.min(to, start + pages) - Math.max(from, start);
    if (overlap > 0) covered.set(order, (covered.get(order) ?? 0) + overlap);
  }
  const [most] = [...covered].sort((a, b) => b[1] - a[1]);
  const all = [...covered.values()].reduce((a, b) => a + b, 0);
  return !most || all < (to - from) / 2 ? HOLE : (CELLS[most[0]] ?? HOLE);
}
