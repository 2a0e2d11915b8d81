import type { Advice } from "../plan/advice.ts";
import type { PlanDocument, PlanTime } from "../plan/document.ts";
import { LEDGER_KINDS, type LedgerKind } from "../xen/ledger.ts";
import { gain, MOST_COUNTS, TELLING } from "./advice-text.ts";
import { goesTo, repeats } from "./cost-text.ts";
import { type Bar, bars, dataTable, type HtmlColumn } from "./html-page.ts";
import { KIND_TITLES, TIME_TITLES } from "./kinds.ts";
import { sentence } from "./layout.ts";
import { type Child, el, type Markup } from "./markup.ts";
import { seconds, thousands } from "./units.ts";

const span = ({ low, high }: PlanTime): string => `${seconds(low)} to ${seconds(high)}`;

/** The numbers that everybody wants to see first. */
export function figures({ ledger, time, boot }: PlanDocument): Markup {
  const figure = (title: string, value: string, small: string): Markup =>
    el("div", {}, el("dt", {}, title), el("dd", {}, value, el("small", {}, small)));
  const inBoot = (kind: LedgerKind): string => `${thousands(boot.ledger[kind])} in a boot`;
  return el(
    "dl",
    { class: "figures" },
    figure("Mapping hypercalls", thousands(ledger.hypercalls), inBoot("hypercalls")),
    figure("P2M entries written", thousands(ledger.p2mEntries), inBoot("p2mEntries")),
    ledger.iommuEntries > 0 && figure("IOMMU entries written", thousands(ledger.iommuEntries), inBoot("iommuEntries")),
    ledger.cacheFlushes > 0 &&
      figure("Rounds in which all CPUs flush their caches", thousands(ledger.cacheFlushes), inBoot("cacheFlushes")),
    figure("Estimated time to map once", seconds(time.likely), span(time)),
    figure("Estimated time in a boot", seconds(boot.time.likely), span(boot.time)),
  );
}

const LEDGER_COLUMNS: readonly HtmlColumn[] = [
  { title: "what is counted", as: "says" },
  { title: "map once", as: "n" },
  { title: "a boot", as: "n" },
];

/** All counts, and where a boot's time goes. */
export function costHtml({ ledger, boot, time, devices }: PlanDocument): Child {
  const kinds = (Object.keys(LEDGER_KINDS) as LedgerKind[]).filter((kind) => boot.ledger[kind] > 0);
  if (kinds.length === 0) return el("p", {}, "None: no page is mapped.");
  const total = boot.time.likely;
  const row = (kind: LedgerKind): Child[] => [
    KIND_TITLES[kind] === undefined
      ? LEDGER_KINDS[kind]
      : [KIND_TITLES[kind], el("span", { class: "faint" }, `: ${LEDGER_KINDS[kind]}`)],
    thousands(ledger[kind]),
    thousands(boot.ledger[kind]),
  ];
  const parts = boot.goesTo.filter(({ seconds: part }) => part >= total / 200);
  return [
    el("p", {}, repeats(boot, devices.length)),
    total > 0 && [
      el("h3", {}, "Where a boot's likely time goes"),
      bars(
        parts.map(({ kind, seconds: part }) => ({
          name: TIME_TITLES[kind] ?? kind,
          value: `${seconds(part)}, ${Math.round((100 * part) / total)}%`,
          band: [0, 0],
          likely: part / total,
        })),
      ),
    ],
    el("p", { class: "faint" }, goesTo(boot)),
    el("h3", {}, "Counts"),
    dataTable("Counts", LEDGER_COLUMNS, [
      ...kinds.map(row),
      [el("b", {}, "estimated time, likely"), seconds(time.likely), seconds(total)],
      ["between", span(time), span(boot.time)],
    ]),
  ];
}

/** What to change, best first: the time that is left, and the line to write. */
export function adviceHtml({ advice, boot, ledger }: PlanDocument): Child {
  if (advice.length === 0) return el("p", {}, "Nothing that you could change would save much.");
  const { low, likely, high } = boot.time;
  const bar = (name: Child, [a, b, c]: readonly [number, number, number]): Bar => ({
    name,
    value: seconds(Math.max(0, b)),
    band: [a / high, c / high],
    likely: b / high,
  });
  const left = ({
    saves: {
      seconds: [a, b, c],
    },
  }: Advice): [number, number, number] => [low - a, likely - b, high - c];
  return [
    high > 0 && [
      el("h3", {}, "A boot's mapping time, as it is and after each change alone"),
      bars([
        bar("as it is", [low, likely, high]),
        ...advice.map((item, i) => bar(`${i + 1}. ${item.says}`, left(item))),
      ]),
      el("p", { class: "faint" }, "Dark: likely. Light: from the least to the most that the estimate allows."),
    ],
    el(
      "ol",
      { class: "advice" },
      advice.map((item) =>
        el(
          "li",
          {},
          el("strong", {}, sentence(item.says)),
          ` ${sentence(gain(item, likely))}`,
          el("pre", {}, el("span", { class: "faint" }, `${item.write.where}:\n`), item.write.line),
          fewer(item, ledger),
        ),
      ),
    ),
  ];
}

function fewer({ saves }: Advice, ledger: PlanDocument["ledger"]): Child {
  const parts = TELLING.filter(([kind]) => saves[kind] !== undefined)
    .slice(0, MOST_COUNTS)
    .map(([kind, title]) => `${thousands(ledger[kind])} → ${thousands(ledger[kind] - (saves[kind] ?? 0))} ${title}`);
  return parts.length > 0 && el("span", { class: "faint" }, `In each mapping: ${parts.join(", ")}.`);
}
