import type { CompareDocument } from "../plan/compare.ts";
import { LEDGER_KINDS, type LedgerKind } from "../xen/ledger.ts";
import { KIND_TITLES } from "./kinds.ts";
import { table, wrap } from "./layout.ts";
import { scenarioTitle } from "./plan-text.ts";
import type { Style } from "./style.ts";
import { plural, seconds, thousands } from "./units.ts";

type Compared = CompareDocument["scenarios"];

/** A, B, … Z, AA, BB, … */
const letter = (i: number): string => String.fromCharCode(65 + (i % 26)).repeat(1 + Math.floor(i / 26));

/** Scenarios side by side: a letter a scenario, named above, so that long command lines do not break the columns. */
export function compareText({ scenarios, differs }: CompareDocument, style: Style, verbose = false): string {
  /** Lines by the scenarios that have them, each once. */
  const perScenario = (linesOf: (plan: Compared[number]["plan"]) => readonly string[]): string[] => {
    const letters = new Map<string, string[]>();
    for (const [i, { plan }] of scenarios.entries())
      for (const line of linesOf(plan)) letters.set(line, [...(letters.get(line) ?? []), letter(i)]);
    return [...letters].flatMap(([line, whose]) => wrap(line, style.width, `  ${whose.join(", ")}: `, "     "));
  };
  const names = scenarios.flatMap(({ name, plan }, i) => {
    const title = i === 0 ? scenarioTitle(plan.scenario) : `Xen ${plan.scenario.xen}`;
    return wrap(`${name}: ${title}; ${tablesOf(plan)}`, style.width, `  ${letter(i)}  `, "     ");
  });
  const reasons = perScenario(({ reasons: found }) =>
    found.map(({ pages, says, code }) => `${plural(pages, "page")}: ${says} [${code}]`),
  );
  const unfit = perScenario(({ fit }) =>
    fit.map(({ says, set }) => `${says}${set ? ` (${set.where}: ${set.line})` : ""}`),
  );
  return `${[
    [style.bold("Scenarios"), ...names],
    ...countTables(scenarios, differs, style, verbose),
    [style.bold("Why"), ...reasons],
    ...(unfit.length > 0 ? [[style.bold("Fit"), ...unfit.map(style.bad)]] : []),
  ]
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

/** The counts of mapping once, as many scenarios beside each other as the width allows. */
function countTables(scenarios: Compared, differs: readonly LedgerKind[], style: Style, verbose: boolean): string[][] {
  const kinds = (Object.keys(verbose ? LEDGER_KINDS : KIND_TITLES) as LedgerKind[]).filter((kind) =>
    scenarios.some(({ plan }) => plan.ledger[kind] > 0),
  );
  const titles = ["", ...kinds.map((kind) => KIND_TITLES[kind] ?? kind), "estimated time", "a boot's mapping"];
  const marks = ["", ...kinds.map((kind) => (differs.includes(kind) ? "≠" : "")), "", ""];
  const columns = scenarios.map(({ plan }, i) => [
    letter(i),
    ...kinds.map((kind) => (plan.ledger[kind] === 0 ? "-" : thousands(plan.ledger[kind]))),
    seconds(plan.time.likely),
    seconds(plan.boot.time.likely),
  ]);
  const width = (cells: readonly string[]): number => Math.max(...cells.map((cell) => cell.length)) + 2;
  const room = style.width - width(titles) - width(marks);
  const blocks: string[][] = [];
  for (let from = 0; from < columns.length; ) {
    let to = from + 1;
    const used = (): number => columns.slice(from, to + 1).reduce((sum, cells) => sum + width(cells), 0);
    while (to < columns.length && used() <= room) to++;
    const shown = columns.slice(from, to);
    const rows = titles.map((title, i) => [title, ...shown.map((cells) => cells[i]!), marks[i]!]);
    const layout = [{}, ...shown.map(() => ({ align: "right" }) as const), {}];
    blocks.push([style.bold("Mapping once"), ...table(rows, layout, "  ")]);
    from = to;
  }
  return blocks;
}

function tablesOf({ scenario, iommu }: Compared[number]["plan"]): string {
  if (scenario.guest === "pv") return "no P2M";
  return scenario.iommu.shared ? "tables shared" : iommu ? "own IOMMU tables" : "no IOMMU tables";
}
