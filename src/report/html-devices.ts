import type { PlanBar, PlanDevice, PlanDocument, PlanPiece, PlanRange } from "../plan/document.ts";
import { type PlatformCode, reasonOf } from "../platform/reasons.ts";
import { dataTable, type HtmlColumn } from "./html-page.ts";
import { holeName } from "./map-words.ts";
import { type Child, el, type Markup } from "./markup.ts";
import { address, plural, size, thousands } from "./units.ts";

/** Pieces of one device that are listed; the rest is counted. */
const MOST_PIECES = 200;

const BAR_COLUMNS: readonly HtmlColumn[] = [
  { title: "BAR" },
  { title: "size", as: "n" },
  { title: "machine address", as: "mono" },
  { title: "guest address", as: "mono" },
  { title: "kind" },
  { title: "4 KiB", as: "n" },
  { title: "2 MiB", as: "n" },
  { title: "1 GiB", as: "n" },
  { title: "hypercalls", as: "n" },
  { title: "placed", as: "says" },
];

const PIECE_COLUMNS: readonly HtmlColumn[] = [
  { title: "piece of" },
  { title: "guest address", as: "mono" },
  { title: "machine address", as: "mono" },
  { title: "size", as: "n" },
  { title: "entries", as: "n" },
  { title: "why" },
];

const ENTRY_SIZES: Readonly<Record<number, string>> = { 0: "4 KiB", 9: "2 MiB", 18: "1 GiB" };

const entries = (pieces: readonly PlanPiece[], order: number): string => {
  const n = pieces.filter((piece) => piece.order === order).reduce((sum, piece) => sum + piece.entries, 0);
  return n === 0 ? "–" : thousands(n);
};

const PLACED: Readonly<Record<string, string>> = {
  given: "at the guest address that you gave",
  observed: "at the guest address in hvmloader's messages",
  identity: "at its machine address",
};

/** What put a BAR where it is. */
const placedWords = (placed: string | null): string =>
  placed === null ? "–" : (PLACED[placed] ?? reasonOf(placed as PlatformCode).says);

/** The byte address of a frame in hex digits. */
const ofFrame = (frame: string): string => address(`${frame}000`);

/** One device: its BARs, the pieces that they are mapped in, and what is left out. */
export function deviceHtml({ bdf, name, id, bars }: PlanDevice): Markup {
  const pieces = bars.flatMap((bar) => bar.pieces.map((piece) => pieceRow(`BAR ${bar.index}`, piece)));
  return el(
    "article",
    {},
    el("h3", {}, `${bdf}  `, el("bdi", {}, name), id !== null && !name.includes(id) ? ` [${id}]` : ""),
    dataTable(`BARs of ${bdf}`, BAR_COLUMNS, bars.map(barRow)),
    el(
      "ul",
      {},
      bars.flatMap((bar) => remarksOf(bar)).map((says) => el("li", {}, says)),
    ),
    pieces.length > 0 ? dataTable(`Pieces of ${bdf}`, PIECE_COLUMNS, pieces.slice(0, MOST_PIECES)) : null,
    pieces.length > MOST_PIECES && el("p", {}, `and ${plural(pieces.length - MOST_PIECES, "piece")} more`),
  );
}

const barRow = (bar: PlanBar): Child[] => [
  String(bar.index),
  bar.size === null ? "?" : size(bar.size),
  bar.host === null ? "–" : address(bar.host),
  bar.guest === null ? "–" : address(bar.guest),
  `${bar.width}-bit${bar.prefetchable ? ", prefetchable" : ""}`,
  entries(bar.pieces, 0),
  entries(bar.pieces, 9),
  entries(bar.pieces, 18),
  bar.hypercalls === 0 ? "–" : thousands(bar.hypercalls),
  placedWords(bar.placed),
];

const pieceRow = (of: string, { gfn, mfn, pages, order, entries: n, because }: PlanPiece): Child[] => [
  of,
  ofFrame(gfn),
  ofFrame(mfn),
  size(pages * 4096),
  `${thousands(n)} × ${ENTRY_SIZES[order] ?? `order ${order}`}`,
  el("code", {}, because),
];

/** What a BAR's row cannot show. */
const remarksOf = ({ index, problem, holes }: PlanBar): string[] => [
  ...(problem === undefined ? [] : [`BAR ${index} is not mapped: ${problem}`]),
  ...holes.map(
    ({ gfn, pages, because }) =>
      `BAR ${index}: ${plural(pages, "page")} left out at ${ofFrame(gfn)}: ${holeName(because)}`,
  ),
];

const RANGE_COLUMNS: readonly HtmlColumn[] = [
  { title: "guest address", as: "mono" },
  { title: "machine address", as: "mono" },
  { title: "size", as: "n" },
  { title: "4 KiB", as: "n" },
  { title: "2 MiB", as: "n" },
  { title: "hypercalls", as: "n" },
];

/** The ranges of xl.cfg's `iomem=`. */
export function rangesHtml({ iomem = [] }: Pick<PlanDocument, "iomem">): Child {
  if (iomem.length === 0) return null;
  const row = ({ gfn, mfn, pages, pieces, hypercalls }: PlanRange): Child[] => [
    ofFrame(gfn),
    ofFrame(mfn),
    size(pages * 4096),
    entries(pieces, 0),
    entries(pieces, 9),
    thousands(hypercalls),
  ];
  return [
    el("h3", {}, "iomem= of the guest's configuration, mapped before the devices"),
    dataTable("iomem ranges", RANGE_COLUMNS, iomem.map(row)),
  ];
}
