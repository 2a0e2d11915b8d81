import { size, thousands } from "../../src/report/units.ts";
import type { Region, Space, TreeInfo } from "../protocol.ts";
import { addressText, ticks, type View, xOf } from "./scale.ts";
import { runAt, stretches } from "./strip.ts";
import type { Palette, Surface, Texture } from "./surface.ts";
import { textureOf } from "./texture.ts";

/** Where each row of the map lies, in pixels from its top. */
export const ROWS = {
  ruler: { y: 0, height: 26 },
  guest: { y: 26, height: 34 },
  p2m: { y: 82, height: 62 },
  between: { y: 144, height: 18 },
  iommu: { y: 162, height: 62 },
  height: 248,
} as const;

export interface Drawing {
  readonly space: Space;
  readonly view: View;
  readonly width: number;
  readonly palette: Palette;
  /** The selected frame. */
  readonly selected: number | null;
  readonly tree: "p2m" | "iommu";
}

/** The address map: guest layout, P2M, where both disagree, IOMMU. Draws only what is in view. */
export function drawMap(surface: Surface, drawing: Drawing): void {
  const { space, view, width, palette } = drawing;
  surface.rect(0, 0, width, ROWS.height, palette.paper);
  drawRuler(surface, view, width, palette);
  drawRegions(surface, space.regions, view, width, palette);
  drawLane(surface, drawing, space.p2m, ROWS.p2m, laneTitle("P2M", space.p2m, "none: the guest has no P2M"), -10);
  const own = space.shared ? space.p2m : space.iommu;
  const none = "no IOMMU tables";
  const title = space.shared ? "IOMMU · walks the P2M's tables (shared)" : laneTitle("IOMMU", space.iommu, none);
  drawLane(surface, drawing, own, ROWS.iommu, title, ROWS.iommu.height + 12);
  drawDisagreements(surface, drawing);
  drawSelection(surface, drawing);
}

const laneTitle = (what: string, tree: TreeInfo | null, none: string): string =>
  tree ? `${what} · ${tree.title}${tree.walkable ? "" : ", as a text tells it"}` : `${what} · ${none}`;

function drawRuler(surface: Surface, view: View, width: number, { dim, line }: Palette): void {
  const { y, height } = ROWS.ruler;
  for (const { frame, text } of ticks(view, width, surface.widthOf("0x0000_0000_0000", 12) + 24)) {
    const x = xOf(frame, view, width);
    surface.line(x, y + height - 6, x, ROWS.iommu.y + ROWS.iommu.height, line, 1);
    const room = surface.widthOf(text, 12);
    if (x + 4 + room < width) surface.text(x + 4, y + 11, text, { colour: dim });
  }
}

const REGION_FILL: Readonly<Record<Region["kind"], Texture>> = {
  ram: "ram",
  hole: "none",
  bar: "none",
  cut: "none",
  iomem: "none",
};

function drawRegions(surface: Surface, regions: readonly Region[], view: View, width: number, p: Palette): void {
  const { y, height } = ROWS.guest;
  surface.rect(0, y, width, height, p.lane);
  let labelled = Number.NEGATIVE_INFINITY;
  for (const { kind, start, pages, label } of regions) {
    if (start + pages < view.from || start > view.from + view.pages) continue;
    const left = Math.max(-2, xOf(start, view, width));
    const right = Math.min(width + 2, xOf(start + pages, view, width));
    const wide = Math.max(2, right - left);
    const inner = kind === "bar" || kind === "cut" || kind === "iomem";
    const top = inner ? y + 4 : y;
    const tall = inner ? height - 8 : height;
    if (kind === "hole") surface.frame(left, top, wide, tall, p.line, 1);
    else if (kind === "ram") surface.fill(left, top, wide, tall, REGION_FILL[kind], -view.from / (view.pages / width));
    else {
      surface.rect(left, top, wide, tall, kind === "cut" ? p.bad : p.paper);
      surface.frame(left, top, wide, tall, kind === "cut" ? p.bad : p.ink, kind === "cut" ? 2 : 1.25);
    }
    const shown = Math.min(right, width) - Math.max(left, 0);
    const text =
      pages * 4096 >= 2 ** 10 && shown > surface.widthOf(label, 12) + 90 ? `${label} · ${size(pages * 4096)}` : label;
    const room = surface.widthOf(text, 12) + 12;
    if (shown < room || Math.max(left, 0) < labelled) continue;
    const colour = kind === "cut" ? p.paper : p.ink;
    surface.text(Math.max(left, 0) + 7, y + height / 2, text, {
      colour,
      bold: kind === "bar",
      ...(kind === "ram" ? { back: p.paper } : {}),
    });
    if (inner) labelled = Math.max(left, 0) + room;
  }
}

/** Entries narrower than this are not told apart; wider than that, each is labelled. */
const LEAST_ENTRY = 5;
const LABELLED_ENTRY = 150;

function drawLane(
  surface: Surface,
  { view, width, palette }: Drawing,
  tree: TreeInfo | null,
  { y, height }: { readonly y: number; readonly height: number },
  title: string,
  titleAt: number,
): void {
  surface.rect(0, y, width, height, palette.lane);
  surface.text(6, y + titleAt, title, { colour: palette.dim });
  if (!tree) return;
  const { runs } = tree;
  const perPixel = view.pages / width;
  const shift = -view.from / perPixel;
  for (const { x, width: wide, run } of stretches(runs, view, width)) {
    const order = runs.order[run]!;
    const isMapped = !Number.isNaN(runs.maps[run]!);
    surface.fill(x, y, wide, height, isMapped ? textureOf(order) : "none", shift);
    if (wide > 6) surface.line(x, y, x, y + height, palette.paper, 1.5);
    const entry = 2 ** order / perPixel;
    if (isMapped && entry >= LEAST_ENTRY && wide > 2) drawEntries(surface, tree, run, view, width, y, height, palette);
    else if (wide > 150)
      labelRun(surface, tree, run, Math.max(0, x), Math.min(width, x + wide), y + height / 2, palette);
  }
  for (const { at, pages } of tree.problems) {
    const x = xOf(at + pages / 2, view, width);
    if (x < 0 || x > width) continue;
    surface.text(x, y + height / 2, "!", { colour: palette.paper, back: palette.bad, bold: true, align: "middle" });
  }
}

function labelRun(
  s: Surface,
  { runs }: TreeInfo,
  run: number,
  left: number,
  right: number,
  y: number,
  p: Palette,
): void {
  const order = runs.order[run]!;
  const entries = Math.ceil(runs.pages[run]! / 2 ** order);
  const maps = runs.maps[run]!;
  const long = `${thousands(entries)} × ${size(2 ** order * 4096)} → ${addressText(maps)}`;
  const short = `${thousands(entries)} × ${size(2 ** order * 4096)}`;
  const text = s.widthOf(long, 12) + 20 < right - left ? long : short;
  s.text((left + right) / 2, y, text, { colour: p.ink, align: "middle", back: p.paper });
}

function drawEntries(
  s: Surface,
  { runs }: TreeInfo,
  run: number,
  view: View,
  width: number,
  y: number,
  height: number,
  p: Palette,
): void {
  const pages = 2 ** runs.order[run]!;
  const start = runs.start[run]!;
  const end = Math.min(start + runs.pages[run]!, view.from + view.pages);
  const wide = (pages / view.pages) * width;
  for (let at = Math.max(start, Math.floor(view.from / pages) * pages); at < end; at += pages) {
    const x = xOf(at, view, width);
    s.line(x, y, x, y + height, p.paper, 1);
    if (wide < LABELLED_ENTRY) continue;
    const left = Math.max(0, x);
    const middle = (left + Math.min(width, x + wide)) / 2;
    s.text(middle, y + height / 2 - 11, `${size(pages * 4096)} entry`, {
      colour: p.ink,
      align: "middle",
      back: p.paper,
    });
    const to = `→ ${addressText(runs.maps[run]! + (at - start))}`;
    s.text(middle, y + height / 2 + 9, to, { colour: p.ink, align: "middle", back: p.paper });
  }
}

const DIFFERS = ["only the P2M maps this", "only the IOMMU maps this", "they lead elsewhere"] as const;

function drawDisagreements(surface: Surface, { space, view, width, palette }: Drawing): void {
  const { y, height } = ROWS.between;
  const { disagreements } = space;
  for (const { x, width: wide, run } of stretches(disagreements, view, width)) {
    surface.fill(x, y, Math.max(3, wide), height, "differ", 0);
    surface.frame(x, y, Math.max(3, wide), height, palette.bad, 1.5);
    const text = `≠ ${DIFFERS[disagreements.kind[run]!]}`;
    if (wide > surface.widthOf(text, 11) + 14)
      surface.text(Math.max(0, x) + 8, y + height / 2, text, { colour: palette.bad, back: palette.paper, size: 11 });
  }
}

function drawSelection(surface: Surface, { selected, view, width, palette, tree, space }: Drawing): void {
  if (selected === null) return;
  const row = tree === "iommu" && (space.iommu || space.shared) ? ROWS.iommu : ROWS.p2m;
  const info = tree === "iommu" && space.iommu ? space.iommu : space.p2m;
  const run = info ? runAt(info.runs, selected) : -1;
  if (info && run >= 0) {
    const pages = 2 ** info.runs.order[run]!;
    const left = xOf(Math.floor(selected / pages) * pages, view, width);
    const wide = (pages / view.pages) * width;
    if (wide >= 3) surface.frame(left - 1, row.y - 1, wide + 2, row.height + 2, palette.focus, 2.5);
  }
  const x = xOf(selected, view, width);
  if (x < -2 || x > width + 2) return;
  const wide = width / view.pages;
  surface.rect(
    x,
    ROWS.ruler.height - 4,
    Math.max(2, Math.min(wide, 3)),
    ROWS.iommu.y + ROWS.iommu.height - ROWS.ruler.height + 4,
    palette.focus,
  );
}
