import type { AddressMap } from "../plan/address-map.ts";
import type { PlanDocument } from "../plan/document.ts";
import { REASONS } from "../xen/reasons.ts";
import { adviceHtml, costHtml, figures } from "./html-cost.ts";
import { deviceHtml, rangesHtml } from "./html-devices.ts";
import { page, section } from "./html-page.ts";
import { sentence } from "./layout.ts";
import { addressMapSvg } from "./map-svg.ts";
import { addressOf, blockName, shortBdf } from "./map-words.ts";
import { type Child, el, verbatim } from "./markup.ts";
import { scenarioTitle, tablesTitle } from "./plan-text.ts";
import { plural, size, thousands } from "./units.ts";

/** Whether advice was searched for. */
export interface PlanHtmlOptions {
  readonly advice?: boolean;
}

/**
 * A plan as one HTML file that needs nothing else: pictures and tables, readable without scripts, in light and dark, from a
 * telephone's width on, and on paper. Everything that came from the inputs is escaped.
 */
export function planHtml(document: PlanDocument, map: AddressMap, { advice = true }: PlanHtmlOptions = {}): string {
  const title = scenarioTitle(document.scenario);
  const { cmdline } = document.scenario;
  return page(
    `${title} · Physmap`,
    el(
      "header",
      {},
      el("p", { class: "faint" }, "Physmap: how a hypervisor maps a device's memory into a guest"),
      el("h1", {}, title),
      el("p", {}, tablesTitle(document)),
      cmdline !== "" && el("p", {}, "Xen command line: ", el("code", {}, cmdline)),
    ),
    el(
      "main",
      {},
      section("glance", "At a glance", figures(document)),
      section("map", "Address map", mapFigure(map)),
      section("why", "Why", reasonsHtml(document)),
      section("fit", "Does it fit", fitHtml(document)),
      advice && section("advice", "What to change", adviceHtml(document)),
      section("devices", "Devices", rangesHtml(document), document.devices.map(deviceHtml)),
      section("cost", "What it costs", costHtml(document)),
      section("rests", "What this rests on", restsOn(document)),
    ),
    el("footer", {}, el("p", {}, "Made by Physmap. Counts are exact, times are estimates.")),
  );
}

/** One map for each width of a page; the style sheet shows the one that fits. */
const SIZES = [
  ["pm-wide", 1160],
  ["pm-middle", 720],
  ["pm-narrow", 340],
] as const;

function mapFigure(map: AddressMap): Child {
  const pictures = SIZES.map(([name, width]) =>
    addressMapSvg(map, { width, prefix: `${name}-`, styled: false, classes: name }),
  );
  const differences = map.blocks.flatMap((block) => block.differences.map((found) => ({ block, ...found })));
  return [
    el(
      "figure",
      {},
      verbatim(pictures.join("")),
      el(
        "figcaption",
        {},
        "Guest physical addresses ascend from left to right and line by line. Gaps are folded, and widths only hint at sizes: each block says its own.",
      ),
    ),
    differences.length > 0 && [
      el("p", { class: "bad" }, "P2M and IOMMU disagree:"),
      el(
        "ul",
        {},
        differences
          .slice(0, MOST_LINES)
          .map(({ block, start, pages, says }) =>
            el("li", {}, `${blockName(block)}, ${size(pages * 4096)} at ${addressOf(start)}: ${says}`),
          ),
        differences.length > MOST_LINES && el("li", {}, `and ${thousands(differences.length - MOST_LINES)} more`),
      ),
    ],
    map.unplaced.length > 0 &&
      el(
        "ul",
        {},
        map.unplaced.map(({ bdf, index, because }) =>
          el("li", {}, `${shortBdf(bdf)} BAR ${index} has no place: ${because}`),
        ),
      ),
  ];
}

/** Lines of one list at most; the rest is counted. */
const MOST_LINES = 100;

function reasonsHtml({ reasons, remarks }: PlanDocument): Child {
  if (reasons.length === 0 && remarks.length === 0) return el("p", {}, "No page is mapped.");
  return el(
    "ul",
    {},
    reasons.map(({ code, says, pages }) =>
      el(
        "li",
        {},
        el("strong", {}, plural(pages, "page")),
        `: ${says} `,
        el("span", { class: "faint" }, `${REASONS[code].change} `, el("code", {}, code)),
      ),
    ),
    remarks.map(({ says }) => el("li", {}, sentence(says))),
  );
}

function fitHtml({ fit, pool, scenario }: PlanDocument): Child {
  if (scenario.guest === "pv") return el("p", {}, "Nothing to fit: no table is filled.");
  const room =
    pool && `The paging pool has ${plural(pool.pages, "page")}, ${thousands(pool.forBars)} of them for BARs.`;
  return [
    fit.length === 0
      ? el("p", { class: "good" }, "Everything fits.")
      : el(
          "ul",
          {},
          fit.map(({ severity, says, set }) =>
            el(
              "li",
              {},
              el("span", { class: "bad" }, severity === "fault" ? "Fault: " : "Risk: "),
              sentence(says),
              set && el("pre", {}, el("span", { class: "faint" }, `${set.where}:\n`), set.line),
            ),
          ),
        ),
    room !== null && el("p", {}, room),
  ];
}

function restsOn({ notes, unverified, time }: PlanDocument): Child {
  const lines: Child[] = [
    ...notes.map(({ kind, says, from }) => [
      el("strong", {}, `${kind}: `),
      says,
      from !== undefined &&
        el("span", { class: "faint" }, ` (${from.file}${from.line === undefined ? "" : `:${from.line}`})`),
    ]),
    ...unverified.map(({ says }) => [el("strong", {}, "unconfirmed: "), says]),
  ];
  return [
    el("p", {}, `Times are estimated from costs called “${time.calibration}”. The inputs and the model say:`),
    lines.length === 0
      ? el("p", {}, "Nothing was assumed, and everything behind this plan is confirmed.")
      : el(
          "ul",
          {},
          lines.slice(0, MOST_LINES).map((line) => el("li", {}, line)),
          lines.length > MOST_LINES && el("li", {}, `and ${thousands(lines.length - MOST_LINES)} more`),
        ),
  ];
}
