import type { PlanBar, PlanDevice, PlanPiece, PlanRange } from "../plan/document.ts";
import { cut, table } from "./layout.ts";
import { holeName } from "./map-words.ts";
import { orderBar } from "./order-bar.ts";
import type { Style } from "./style.ts";
import { address, plural, size, thousands } from "./units.ts";

/** Cells of the strip that shows a BAR's orders: what the width leaves, within these. */
const LEAST_CELLS = 6;
const MOST_CELLS = 24;

const RIGHT = { align: "right" } as const;

/** One device: its name, one line a BAR, and what the lines cannot show. */
export function deviceBlock({ bdf, name, id, bars }: PlanDevice, style: Style): string[] {
  const tail = id && !name.includes(id) ? ` [${id}]` : "";
  const title = `${cut(`${bdf}  ${name}`, style.width - tail.length)}${tail}`;
  const huge = bars.some(({ pieces }) => pieces.some(({ order }) => order === 18));
  const head = ["#", "size", "machine", "guest", "4 KiB", "2 MiB", ...(huge ? ["1 GiB"] : []), "calls"];
  const [first, ...rows] = table(
    [head, ...bars.map((bar) => barRow(bar, huge))],
    head.map(() => RIGHT),
    " ",
  );
  const used = Math.max(...[first ?? "", ...rows].map((line) => line.length)) + 2;
  const cells = Math.min(MOST_CELLS, Math.max(LEAST_CELLS, style.width - used));
  return [
    style.bold(title),
    style.dim(first ?? ""),
    ...rows.map((line, i) => `${line.padEnd(used)}${orderBar(bars[i]!, cells)}`),
    ...placeNotes(bars),
    ...bars.flatMap(holeNotes),
  ];
}

function barRow(bar: PlanBar, huge: boolean): string[] {
  const where = (text: string | null): string => (text === null ? "-" : address(text));
  return [
    String(bar.index),
    bar.size === null ? "?" : size(bar.size),
    where(bar.host),
    where(bar.guest),
    entries(bar.pieces, 0),
    entries(bar.pieces, 9),
    ...(huge ? [entries(bar.pieces, 18)] : []),
    bar.hypercalls === 0 ? "-" : thousands(bar.hypercalls),
  ];
}

function entries(pieces: readonly PlanPiece[], order: number): string {
  const n = pieces.filter((piece) => piece.order === order).reduce((sum, piece) => sum + piece.entries, 0);
  return n === 0 ? "-" : thousands(n);
}

/** Where the guest addresses come from, if not from hvmloader's rules. */
export function placeNotes(bars: readonly PlanBar[]): string[] {
  const whose = (placed: string): string =>
    bars
      .filter((bar) => bar.placed === placed)
      .map((bar) => bar.index)
      .join(", ");
  return [
    ...(whose("given") ? [`  · BAR ${whose("given")}: at the guest address that you gave`] : []),
    ...(whose("observed") ? [`  · BAR ${whose("observed")}: at the guest address in hvmloader's messages`] : []),
  ];
}

const holeNotes = ({ index, holes }: PlanBar): string[] =>
  holes.map(
    ({ gfn, pages, because }) =>
      `  · BAR ${index}: ${plural(pages, "page")} left out at ${address(`${gfn}000`)}: ${holeName(because)}`,
  );

/** The ranges of xl.cfg's `iomem=`. */
export function rangeBlock(ranges: readonly PlanRange[], style: Style): string[] {
  if (ranges.length === 0) return [];
  const head = ["pages", "machine", "guest", "4 KiB", "2 MiB", "calls"];
  const rows = ranges.map(({ gfn, mfn, pages, pieces, hypercalls }) => [
    thousands(pages),
    address(`${mfn}000`),
    address(`${gfn}000`),
    entries(pieces, 0),
    entries(pieces, 9),
    thousands(hypercalls),
  ]);
  const [first, ...lines] = table(
    [head, ...rows],
    head.map(() => RIGHT),
    " ",
  );
  return [
    style.bold("iomem= of the guest's configuration, mapped before the devices"),
    style.dim(first ?? ""),
    ...lines,
  ];
}
