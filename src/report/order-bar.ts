import type { PlanBar } from "../plan/document.ts";

/** One cell by the order of most of its pages: texture, not colour. */
const CELLS = { 0: "░", 9: "▓", 18: "█" } as const;
const HOLE = "·";

/**
 * A BAR as a strip of cells: ░ 4 KiB entries, ▓ 2 MiB, █ 1 GiB, · not mapped. A stretch too small for a cell of its own
 * still shows if it is a hole or the only one of its order, since that is what one looks for.
 */
export function orderBar(bar: PlanBar, cells: number): string {
  if (bar.size === null || bar.guest === null) return HOLE.repeat(cells);
  const first = Math.floor(Number(bar.guest) / 4096);
  const pages = Math.max(1, Math.ceil(bar.size / 4096));
  const perCell = pages / cells;
  return Array.from({ length: cells }, (_, i) => {
    const from = first + i * perCell;
    const to = from + perCell;
    let best: keyof typeof CELLS | null = null;
    let most = 0;
    let covered = 0;
    for (const piece of bar.pieces) {
      const start = Number(piece.gfn);
      const overlap = Math.min(to, start + piece.pages) - Math.max(from, start);
      if (overlap <= 0) continue;
      covered += overlap;
      if (overlap > most) {
        most = overlap;
        best = piece.order as keyof typeof CELLS;
      }
    }
    return best === null || covered < perCell / 2 ? HOLE : CELLS[best];
  }).join("");
}
