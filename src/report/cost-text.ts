import type { PlanDocument } from "../plan/document.ts";
import { LEDGER_KINDS, type LedgerKind } from "../xen/ledger.ts";
import { HEADLINE_KINDS, KIND_TITLES, TIME_TITLES } from "./kinds.ts";
import { table, wrap } from "./layout.ts";
import type { Style } from "./style.ts";
import { plural, seconds, thousands } from "./units.ts";

/** Shares below this are not worth a word. */
const LEAST_SHARE = 0.05;
const MOST_SHARES = 4;

/** What mapping once and a whole boot cost, in counts and in time. */
export function costBlock({ ledger, boot, time, devices }: PlanDocument, style: Style, verbose: boolean): string[] {
  const kinds = verbose ? (Object.keys(LEDGER_KINDS) as LedgerKind[]) : HEADLINE_KINDS;
  const rows = kinds
    .filter((kind) => boot.ledger[kind] > 0)
    .map((kind) => [KIND_TITLES[kind] ?? kind, thousands(ledger[kind]), thousands(boot.ledger[kind])]);
  if (rows.length === 0) return [`${style.bold("Cost")}   none: no page is mapped`];
  const times = ["estimated time", seconds(time.likely), seconds(boot.time.likely)];
  const spans = [
    "  between",
    `${seconds(time.low)} – ${seconds(time.high)}`,
    `${seconds(boot.time.low)} – ${seconds(boot.time.high)}`,
  ];
  const columns = [{}, { align: "right" }, { align: "right" }] as const;
  const [head, ...lines] = table([["", "map once", "a boot"], ...rows, times, spans], columns, "  ");
  return [
    style.bold("Cost") + (head ?? "").slice(4),
    ...lines,
    ...[repeats(boot, devices.length), goesTo(boot)]
      .filter((line) => line !== "")
      .flatMap((line) => wrap(line, style.width, "  ", "  ").map(style.dim)),
  ];
}

/** "A boot maps each device 8 times and unmaps it 7 times (hvmloader 1 and 0, guest kernel 7 and 7)." */
export function repeats({ adds, deletes, steps }: PlanDocument["boot"], devices: number): string {
  if (deletes === 0) return "";
  const each = (n: number): string => (n % devices === 0 ? "" : "about ") + plural(Math.round(n / devices), "time");
  const kernel = steps.filter(({ who }) => who === "guest kernel").reduce((sum, step) => sum + step.deletes, 0);
  const by = kernel === deletes ? "; the guest's kernel does all but the first mapping" : "";
  return `A boot maps ${devices === 1 ? "the" : "each"} device ${each(adds)} and unmaps it ${each(deletes)}${by}.`;
}

/** What most of a boot's mapping time goes to. */
export function goesTo({ goesTo: spent, time }: PlanDocument["boot"]): string {
  const parts = spent
    .filter(({ seconds: part }) => part / time.likely >= LEAST_SHARE)
    .slice(0, MOST_SHARES)
    .map(({ kind, seconds: part }) => `${TIME_TITLES[kind] ?? kind} ${Math.round((100 * part) / time.likely)}%`);
  const most = parts.length > 0 ? ` The time goes to: ${parts.join(", ")}.` : "";
  return `Counts are exact; times are estimates from ${time.calibration} costs.${most}`;
}
