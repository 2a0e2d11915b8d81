import { size, thousands } from "../../src/report/units.ts";
import type { Region, Space, TreeInfo } from "../protocol.ts";
import { addressText, ticks, type View, xOf } from "./scale.ts";
import { runAt, stretches } from "./strip.ts";
import type { Palette, Surface } from "./surface.ts";
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
  /** Where the timeline is, while it is under way. */
  readonly now: { readonly frame: number; readonly text: string } | null;
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
  drawNow(surface, drawing);
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

/** Pixels that a lane's title takes at most, where something else would stand in its row. */
const TITLE_ROOM = 130;

function drawRegions(surface: Surface, regions: readonly Region[], view: View, width: number, p: Palette): void {
  const { y, height } = ROWS.guest;
  surface.rect(0, y, width, height, p.lane);
  const seen = regions
    .filter(({ start, pages }) => start + pages >= view.from && start <= view.from + view.pages)
    .map((region) => {
      const left = Math.max(-2, xOf(region.start, view, width));
      const right = Math.min(width + 2, xOf(region.start + region.pages, view, width));
      return { region, left, right, wide: Math.max(region.kind === "cut" ? 3 : 2, right - left) };
    });
  for (const { region, left, wide } of seen) drawRegion(surface, region.kind, left, wide, view, width, p);
  const cuts = seen.filter(({ region }) => region.kind === "cut");
  const isInner = ({ region }: (typeof seen)[number]): boolean => region.kind === "bar" || region.kind === "iomem";
  const inner = seen.filter(isInner);
  let free = Number.NEGATIVE_INFINITY;
  for (const each of seen) {
    const { region, left, right } = each;
    if (region.kind === "cut") continue;
    const start = Math.max(left, 0);
    // What is cut out of a BAR is not written over.
    const over = cuts.find((cut) => cut.left < start + 110 && cut.left + cut.wide > start);
    const x = over && isInner(each) && over.left + over.wide < right ? over.left + over.wide : start;
    const end = Math.min(
      right,
      width,
      ...(isInner(each) ? [] : inner.filter((bar) => bar.right > x).map((bar) => bar.left)),
    );
    const long = `${region.label} · ${size(region.pages * 4096)}`;
    const text = end - x > surface.widthOf(long, 12) + 20 ? long : region.label;
    const room = surface.widthOf(text, 12) + 14;
    if (end - x < room || x < free) continue;
    const back = region.kind === "ram" ? { back: p.paper } : {};
    surface.text(x + 7, y + height / 2, text, { colour: p.ink, bold: region.kind === "bar", ...back });
    free = isInner(each) ? x + room : free;
  }
  // Beside the title of the lane below.
  free = TITLE_ROOM;
  for (const { region, left, wide } of cuts) {
    const middle = left + wide / 2;
    const room = surface.widthOf(region.label, 11) / 2 + 6;
    if (middle - room < free || middle < 0 || middle > width) continue;
    surface.text(middle, y + height + 10, region.label, { colour: p.bad, align: "middle", size: 11, bold: true });
    free = middle + room;
  }
}

function drawRegion(
  s: Surface,
  kind: Region["kind"],
  left: number,
  wide: number,
  view: View,
  width: number,
  p: Palette,
) {
  const { y, height } = ROWS.guest;
  if (kind === "ram") s.fill(left, y, wide, height, "ram", -view.from / (view.pages / width));
  else if (kind === "hole") s.frame(left, y, wide, height, p.line, 1);
  else {
    s.rect(left, y + 4, wide, height - 8, kind === "cut" ? p.bad : p.paper);
    s.frame(left, y + 4, wide, height - 8, kind === "cut" ? p.bad : p.ink, 1.25);
  }
}

/** Entries narrower than this are not told apart; wider than that, each is labelled. */
const LEAST_ENTRY = 5;
const LABELLED_ENTRY = 52;

function drawLane(
  surface: Surface,
  { view, width, palette, space }: Drawing,
  tree: TreeInfo | null,
  { y, height }: { readonly y: number; readonly height: number },
  title: string,
  titleAt: number,
): void {
  surface.rect(0, y, width, height, palette.lane);
  surface.text(6, y + titleAt, title, { colour: palette.dim });
  if (!tree) return;
  if (!space.entersRam) drawPlainRam(surface, space.regions, view, width, { y, height }, palette);
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

/** RAM that a plan does not carry out page by page: mapped, and not told in entries. */
function drawPlainRam(
  surface: Surface,
  regions: readonly Region[],
  view: View,
  width: number,
  { y, height }: { readonly y: number; readonly height: number },
  p: Palette,
): void {
  for (const { kind, start, pages } of regions) {
    if (kind !== "ram") continue;
    const left = Math.max(-2, xOf(start, view, width));
    const right = Math.min(width + 2, xOf(start + pages, view, width));
    if (right < 0 || left > width || right <= left) continue;
    surface.fill(left, y, right - left, height, "ram", -view.from / (view.pages / width));
    const text = "RAM, not part of the plan";
    const middle = (Math.max(0, left) + Math.min(width, right)) / 2;
    if (Math.min(width, right) - Math.max(0, left) > surface.widthOf(text, 12) + 20)
      surface.text(middle, y + height / 2, text, { colour: p.dim, align: "middle", back: p.paper });
  }
}

/** How far the timeline has come: where its last call was. */
function drawNow(surface: Surface, { now, view, width, palette }: Drawing): void {
  if (now === null) return;
  const x = xOf(now.frame, view, width);
  if (x < 0 || x > width) return;
  const { y, height } = ROWS.iommu;
  surface.line(x, ROWS.p2m.y, x, y + height, palette.ink, 1);
  const wide = surface.widthOf(now.text, 11);
  const align = x + wide + 12 < width ? "start" : "end";
  surface.text(x + (align === "start" ? 5 : -5), ROWS.between.y + 9, now.text, {
    colour: palette.ink,
    back: palette.paper,
    size: 11,
    align,
  });
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
    const shown = Math.min(width, x + wide) - left;
    if (shown < LABELLED_ENTRY) continue;
    const middle = left + shown / 2;
    const style = { colour: p.ink, align: "middle", back: p.paper } as const;
    const to = `→ ${addressText(runs.maps[run]! + (at - start))}`;
    const both = s.widthOf(to, 12) + 14 < shown;
    s.text(middle, y + height / 2 - (both ? 10 : 0), size(pages * 4096), style);
    if (both) s.text(middle, y + height / 2 + 10, to, style);
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
