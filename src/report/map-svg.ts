import type { AddressMap } from "../plan/address-map.ts";
import { BETWEEN, drawBlock, LANE } from "./map-block.ts";
import { FOLD_WIDTH, type Fold, type MapLine, mapLines } from "./map-lines.ts";
import { filled, KINDS, type Kind, kindOf, mapStyle, textures } from "./map-style.ts";
import { FORMAT_TITLES, fitted, mapDescription } from "./map-words.ts";
import { type Child, el, type Markup } from "./markup.ts";
import { plural, size } from "./units.ts";

/** How an address map is drawn. */
export interface MapSvgOptions {
  /** Width in pixels; from 300 on. Default 1160. */
  readonly width?: number;
  /** A line above, and one below it. */
  readonly title?: string;
  readonly subtitle?: string;
  /** Put before every id, so that several pictures fit in one page. Default "pm-". */
  readonly prefix?: string;
  /** Bring the style rules along. Default true; a page that holds several pictures has them once. */
  readonly styled?: boolean;
  /** Class names besides the picture's own. */
  readonly classes?: string;
}

/** Blocks in one picture at most; the rest is counted. */
const MOST_BLOCKS = 120;

const GUTTER = 60;
const ABOVE = 54;
const BELOW = 40;
const LINE_HEIGHT = ABOVE + 2 * LANE + BETWEEN + BELOW;
const MARGIN = 12;
const LEAST_WIDTH = 300;

/** A part of the picture and where it ends. */
interface Drawn {
  readonly drawn: Child;
  readonly bottom: number;
}

/**
 * The address map as an SVG document without anything from outside: RAM, BARs and what is cut out of them in ascending
 * order, the P2M's entries above and the IOMMU's below, gaps folded. The text reads from 300 pixels of width on.
 */
export function addressMapSvg(map: AddressMap, options: MapSvgOptions = {}): string {
  const { title, subtitle, prefix = "pm-", styled = true, classes } = options;
  const margin = styled ? MARGIN : 1;
  const width = Math.max(LEAST_WIDTH, options.width ?? 1160) - 2 * margin;
  const shown = { ...map, blocks: map.blocks.slice(0, MOST_BLOCKS) };
  const lines = mapLines(shown, GUTTER, width);
  const top = heading(title, subtitle, width);
  const bottom = top.bottom + Math.max(1, lines.length) * LINE_HEIGHT;
  const legend = legendOf(map, bottom + 6, width, prefix);
  const left = map.blocks.length - shown.blocks.length;
  const height = legend.bottom + (left > 0 ? 24 : 0);
  const box = { x: -margin, y: -margin, width: width + 2 * margin, height: height + 2 * margin };
  return el(
    "svg",
    {
      xmlns: "http://www.w3.org/2000/svg",
      class: classes ? `pm-map ${classes}` : "pm-map",
      width: box.width,
      height: box.height,
      viewBox: `${box.x} ${box.y} ${box.width} ${box.height}`,
      role: "img",
      "aria-labelledby": `${prefix}name ${prefix}says`,
    },
    el("title", { id: `${prefix}name` }, title ?? "Address map of the guest"),
    el("desc", { id: `${prefix}says` }, mapDescription(shown)),
    styled && [mapStyle(), el("rect", { ...box, class: "pm-paper" })],
    textures(prefix),
    top.drawn,
    lines.length === 0 && el("text", { x: GUTTER, y: bottom - ABOVE, class: "pm-faint" }, "No BAR has a place."),
    lines.map((line, i) => drawLine(map, line, top.bottom + i * LINE_HEIGHT, prefix)),
    legend.drawn,
    left > 0 && el("text", { x: 0, y: height - 4, class: "pm-faint" }, `and ${plural(left, "block")} more, not drawn`),
  ).markup;
}

function heading(title: string | undefined, subtitle: string | undefined, width: number): Drawn {
  const drawn = [
    title && el("text", { x: 0, y: 16, class: "pm-ink pm-title" }, fitted(title, width, 8)),
    subtitle && el("text", { x: 0, y: title ? 38 : 16, class: "pm-faint" }, fitted(subtitle, width, 6.6)),
  ].map((line) => line || null);
  return { drawn, bottom: (title ? 24 : 0) + (subtitle ? 20 : 0) + (title || subtitle ? 6 : 0) };
}

function drawLine(map: AddressMap, line: MapLine, top: number, prefix: string): Markup {
  const upper = top + ABOVE;
  const lower = upper + LANE + BETWEEN;
  return el(
    "g",
    {},
    laneNames(map, upper, lower),
    line.folds.map((fold) => drawFold(fold, upper)),
    line.blocks.map((placed) => drawBlock(map, placed, upper, lower, prefix)),
  );
}

function laneNames({ iommu, formats }: AddressMap, upper: number, lower: number): Child {
  const name = (y: number, title: string, below: string | null): Child => [
    el("text", { x: 0, y: y + 15, class: "pm-ink pm-name" }, title),
    below !== null && el("text", { x: 0, y: y + 29, class: "pm-faint pm-small" }, below),
  ];
  const format = (of: string | null): string | null => (of === null ? null : (FORMAT_TITLES[of] ?? of));
  return [
    name(upper, "P2M", format(formats.p2m) ?? "none"),
    name(lower, "IOMMU", iommu === "own" ? format(formats.iommu) : iommu === "shared" ? "shared" : "none"),
  ];
}

/** A gap: two torn edges, and what is missing between them. */
function drawFold({ x, pages }: Fold, upper: number): Markup {
  const height = 2 * LANE + BETWEEN;
  const steps = 10;
  const torn = (at: number): string =>
    Array.from(
      { length: steps + 1 },
      (_, i) => `${i === 0 ? "M" : "L"}${at + (i % 2) * 4} ${upper + (i * height) / steps}`,
    ).join("");
  const middle = x + FOLD_WIDTH / 2;
  return el(
    "g",
    { class: "pm-faint" },
    el("path", { d: `${torn(x + 4)}${torn(x + FOLD_WIDTH - 8)}`, class: "pm-line", "stroke-width": 1.2 }),
    el(
      "text",
      { x: middle, y: upper + height / 2 - 2, "text-anchor": "middle", class: "pm-faint pm-small" },
      size(pages * 4096),
    ),
    el("text", { x: middle, y: upper + height / 2 + 12, "text-anchor": "middle", class: "pm-faint pm-small" }, "free"),
  );
}

/** What the picture's textures mean, as far as it has them. */
function legendOf(map: AddressMap, top: number, width: number, prefix: string): Drawn {
  const orders = new Set(map.blocks.flatMap(({ p2m, iommu }) => [...p2m, ...iommu].map(({ order }) => kindOf(order))));
  const kinds = (Object.keys(KINDS) as Kind[]).filter(
    (kind) =>
      orders.has(kind) ||
      (kind === "ram" && map.blocks.some(({ what }) => what === "ram")) ||
      (kind === "cut" && map.blocks.some(({ cuts }) => cuts.length > 0)) ||
      (kind === "differ" && map.blocks.some(({ differences }) => differences.length > 0)),
  );
  let [x, y] = [0, top];
  const drawn = kinds.map((kind) => {
    const wide = 34 + KINDS[kind].length * 7 + 14;
    if (x > 0 && x + wide > width) [x, y] = [0, y + 24];
    const at = x;
    x += wide;
    return [
      el("rect", { x: at + 1, y, width: 26, height: 16, ...filled(kind, prefix) }),
      el("rect", { x: at + 1, y, width: 26, height: 16, class: "pm-edge", "stroke-width": 1 }),
      kind === "cut" && el("path", { d: `M${at + 9} ${y + 4}h10l-5 7z`, class: "pm-ink" }),
      el("text", { x: at + 34, y: y + 12, class: "pm-ink" }, KINDS[kind]),
    ];
  });
  return { drawn, bottom: y + (kinds.length > 0 ? 20 : 0) };
}
