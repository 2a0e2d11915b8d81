import type { AddressMap, MapBlock, Span } from "../plan/address-map.ts";
import { type PlacedBlock, scaleOf } from "./map-lines.ts";
import { filled, KINDS, type Kind, kindOf } from "./map-style.ts";
import { addressOf, blockName, countsOf, DIFFERENCES, fitted, holeName } from "./map-words.ts";
import { type Child, el, type Markup } from "./markup.ts";
import { plural, size } from "./units.ts";

/** Heights of a lane and of the band between two. */
export const LANE = 34;
export const BETWEEN = 12;
/** Width of a character of the small font, generously. */
const CHARACTER = 6.4;
/** Stretches of one lane that are drawn; a lane of more looks the same. */
const MOST_STRETCHES = 200;

/** One block: its name, the P2M's lane from `upper` on, the IOMMU's from `lower` on, and what lies between. */
export function drawBlock(map: AddressMap, placed: PlacedBlock, upper: number, lower: number, prefix: string): Markup {
  const { block, x, width } = placed;
  const [p2m, iommu] = [joined(block.p2m), joined(block.iommu)];
  const few = [...p2m, ...iommu, ...block.cuts, ...block.differences].slice(0, MOST_STRETCHES);
  const scale = scaleOf(
    placed,
    few.flatMap(({ start, pages }) => [start, start + pages]),
  );
  const isShared = map.iommu === "shared";
  const height = isShared ? 2 * LANE + BETWEEN : LANE;
  const lane = (spans: readonly Span[], y: number, tall: number, there: boolean): Child => [
    laneFrame(x, y, width, tall, there),
    block.what === "ram"
      ? there && stretch(scale(block.start), scale(block.start + block.pages), y, tall, "ram", prefix, ramTitle(block))
      : spans.map((span) =>
          stretch(
            scale(span.start),
            scale(span.start + span.pages),
            y,
            tall,
            kindOf(span.order),
            prefix,
            spanTitle(span),
          ),
        ),
    chip(x, width, y, tall, block.what === "ram" ? "" : countsOf(spans, Math.floor((width - 24) / CHARACTER))),
  ];
  return el(
    "g",
    {},
    labels(block, x, upper, width),
    lane(p2m, upper, height, map.formats.p2m !== null),
    isShared ? null : lane(iommu, lower, LANE, map.iommu === "own"),
    cutMarks(block, scale, upper, lower + LANE),
    map.iommu === "own" && block.what !== "ram" && agreement(block, scale, upper + LANE, prefix),
    below(block, x, lower + LANE),
  );
}

/** The address where a block begins, and what is wrong in it. */
const below = ({ start, differences }: MapBlock, x: number, y: number): Child => [
  el("text", { x: x + 2, y: y + 15, class: "pm-faint pm-mono" }, addressOf(start)),
  differences.length > 0 &&
    el("text", { x: x + 2, y: y + 30, class: "pm-ink pm-small" }, `≠ ${DIFFERENCES[differences[0]!.code]}`),
];

function labels(block: MapBlock, x: number, upper: number, width: number): Child {
  const most = width - 4;
  return [
    el("text", { x: x + 2, y: upper - 26, class: "pm-ink pm-name" }, fitted(blockName(block), most, 7)),
    el("text", { x: x + 2, y: upper - 11, class: "pm-faint" }, size(block.pages * 4096)),
  ];
}

const laneFrame = (x: number, y: number, width: number, height: number, there: boolean): Markup =>
  el("rect", {
    x,
    y,
    width,
    height,
    class: there ? "pm-edge" : "pm-line",
    "stroke-width": 1,
    ...(there ? {} : { "stroke-dasharray": "3 3" }),
  });

/** One stretch of a lane, with what it is for whoever points at it. */
const stretch = (
  from: number,
  to: number,
  y: number,
  height: number,
  kind: Kind,
  prefix: string,
  says: string,
): Markup =>
  el(
    "g",
    {},
    el("rect", { x: from, y, width: to - from, height, ...filled(kind, prefix) }),
    el("rect", { x: from, y, width: to - from, height, class: "pm-edge", "stroke-width": 1 }),
    el("title", {}, says),
  );

/** A text on a ground of its own, in the middle of a lane. */
function chip(x: number, width: number, y: number, height: number, text: string): Child {
  if (text === "") return null;
  const wide = text.length * CHARACTER + 10;
  const middle = x + width / 2;
  return [
    el("rect", { x: middle - wide / 2, y: y + height / 2 - 9, width: wide, height: 18, rx: 4, class: "pm-chip" }),
    el("text", { x: middle, y: y + height / 2 + 4, "text-anchor": "middle", class: "pm-ink pm-small" }, text),
  ];
}

/** What is cut out of a BAR: a gap through both lanes under a mark. */
function cutMarks({ cuts }: MapBlock, scale: (frame: number) => number, top: number, bottom: number): Child {
  return cuts.slice(0, MOST_STRETCHES).map(({ start, pages, because }) => {
    const [from, to] = [scale(start), scale(start + pages)];
    const middle = (from + to) / 2;
    return el(
      "g",
      {},
      el("rect", { x: from, y: top, width: to - from, height: bottom - top, class: "pm-paper" }),
      el("path", { d: `M${from} ${top}V${bottom}M${to} ${top}V${bottom}`, class: "pm-edge", "stroke-width": 1.4 }),
      el("path", { d: `M${middle - 5} ${top - 8}h10l-5 7z`, class: "pm-ink" }),
      el("title", {}, `${plural(pages, "page")} at ${addressOf(start)}: ${holeName(because)}`),
    );
  });
}

/** The band between the lanes: a line where both lead to the same, stripes where they do not. */
function agreement(block: MapBlock, scale: (frame: number) => number, y: number, prefix: string): Child {
  const [from, to] = [scale(block.start), scale(block.start + block.pages)];
  return [
    el("path", { d: `M${from} ${y + BETWEEN / 2}H${to}`, class: "pm-line", "stroke-width": 1 }),
    block.differences.slice(0, MOST_STRETCHES).map(({ start, pages, says }) =>
      el(
        "g",
        {},
        el("rect", {
          x: scale(start),
          y: y + 1,
          width: scale(start + pages) - scale(start),
          height: BETWEEN - 2,
          ...filled("differ", prefix),
        }),
        el("title", {}, says),
      ),
    ),
  ];
}

const ramTitle = ({ start, pages }: MapBlock): string => `guest RAM from ${addressOf(start)}, ${size(pages * 4096)}`;

const spanTitle = ({ start, pages, maps, order, access }: Span): string =>
  `${addressOf(start)}, ${size(pages * 4096)} in ${KINDS[kindOf(order)]} to machine address ${addressOf(maps)} (${access})`;

/** Neighbouring spans of one order become one stretch: where they lead and what they allow is for the tables. */
function joined(spans: readonly Span[]): Span[] {
  const found: Span[] = [];
  for (const span of spans) {
    const last = found.at(-1);
    if (last && last.order === span.order && last.start + last.pages === span.start && last.access === span.access)
      found[found.length - 1] = { ...last, pages: last.pages + span.pages };
    else found.push(span);
  }
  return found;
}
