import type { CompareDocument } from "../plan/compare.ts";
import { LEDGER_KINDS, type LedgerKind } from "../xen/ledger.ts";
import { KIND_TITLES } from "./kinds.ts";
import { table, wrap } from "./layout.ts";
import type { Style } from "./style.ts";
import { seconds, thousands } from "./units.ts";

/** Scenarios side by side: a letter a scenario, named above, so that long command lines do not break the columns. */
export function compareText({ scenarios, differs }: CompareDocument, style: Style, verbose = false): string {
  const letter = (i: number): string => String.fromCharCode(65 + (i % 26)).repeat(1 + Math.floor(i / 26));
  const names = scenarios.flatMap(({ name, plan }, i) =>
    wrap(
      `${name}  (Xen ${plan.scenario.xen}, ${plan.scenario.cpu}, ${tablesOf(plan)})`,
      style.width,
      `  ${letter(i)}  `,
      "     ",
    ),
  );
  const kinds = (Object.keys(LEDGER_KINDS) as LedgerKind[]).filter((kind) =>
    verbose
      ? scenarios.some(({ plan }) => plan.ledger[kind] > 0)
      : kind in KIND_TITLES && scenarios.some(({ plan }) => plan.ledger[kind] > 0),
  );
  const rows = [
    ["", ...scenarios.map((_, i) => letter(i)), ""],
    ...kinds.map((kind) => [
      KIND_TITLES[kind] ?? kind,
      ...scenarios.map(({ plan }) => (plan.ledger[kind] === 0 ? "-" : thousands(plan.ledger[kind]))),
      differs.includes(kind) ? "≠" : "",
    ]),
    ["map once, about", ...scenarios.map(({ plan }) => seconds(plan.time.likely)), ""],
    ["a boot, about", ...scenarios.map(({ plan }) => seconds(plan.boot.time.likely)), ""],
  ];
  const columns = rows[0]!.map((_, i) => ({ align: i === 0 || i === rows[0]!.length - 1 ? "left" : "right" }) as const);
  const reasons = scenarios.flatMap(({ plan }, i) =>
    plan.reasons.flatMap(({ pages, says }) =>
      wrap(`${thousands(pages)} pages: ${says}`, style.width, `  ${letter(i)}  `, "     "),
    ),
  );
  const unfit = scenarios.flatMap(({ plan }, i) =>
    plan.fit.flatMap(({ says, set }) =>
      wrap(`${says}${set ? ` (${set.where}: ${set.line})` : ""}`, style.width, `  ${letter(i)}  `, "     ").map(
        style.bad,
      ),
    ),
  );
  return `${[
    [style.bold("Scenarios"), ...names],
    [style.bold("Mapping once"), ...table(rows, columns, "  ")],
    [style.bold("Why"), ...reasons],
    ...(unfit.length > 0 ? [[style.bold("Fit"), ...unfit]] : []),
  ]
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function tablesOf({ scenario, iommu }: CompareDocument["scenarios"][number]["plan"]): string {
  if (scenario.guest === "pv") return "PV";
  return scenario.iommu.shared ? "tables shared" : iommu ? "own IOMMU tables" : "no IOMMU tables";
}
