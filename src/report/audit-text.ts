import type { AuditDocument, Finding, RuleCount } from "../inspect/audit/audit.ts";
import type { Severity } from "../inspect/audit/rule.ts";
import { plural, thousands } from "../plan/words.ts";
import { sentence, table, wrap } from "./layout.ts";
import type { Style } from "./style.ts";
import { address } from "./units.ts";

/** Findings shown of a rule unless everything is asked for. */
const FEW = 5;

const paint = (style: Style, severity: Severity): ((text: string) => string) =>
  ({ fault: style.bad, risk: style.warn, waste: style.warn, note: style.dim })[severity];

/** What an audit looked at, and what it found: one block a rule, worst first. */
export function auditText(document: AuditDocument, style: Style, verbose = false): string {
  const { trees, rules, findings, counts, notes } = document;
  const rows = trees.map(({ name, format, root, levels, tables, owner }) => [
    name,
    format,
    `root ${address(root)}`,
    `${levels} levels`,
    plural(tables, "table"),
    owner ?? "",
  ]);
  const lines = table(rows, [{}, {}, {}, {}, { align: "right" }, {}], "  ");
  const looked = trees.flatMap(({ evidence }, i) => [lines[i]!, ...evidenceLines(evidence, style, verbose)]);
  const blocks = [
    [style.bold("Looked at"), ...looked],
    ...rules.map((rule) =>
      ruleLines(
        rule,
        findings.filter(({ rule: id }) => id === rule.id),
        style,
        verbose,
      ),
    ),
    ...(notes.length === 0
      ? []
      : [[style.bold("Not looked at"), ...notes.flatMap((text) => wrap(sentence(text), style.width, "  "))]]),
    [summary(counts, style)],
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

/** Assumptions are always shown, of the other evidence the first. */
function evidenceLines(evidence: readonly string[], style: Style, verbose: boolean): string[] {
  const shown = verbose ? evidence : evidence.filter((text, i) => i === 0 || text.startsWith("assumed"));
  return shown.flatMap((text) => wrap(text, style.width, "      ", "        ").map(style.dim));
}

function summary(counts: AuditDocument["counts"], style: Style): string {
  const parts = [
    plural(counts.fault, "fault"),
    plural(counts.risk, "risk"),
    `${thousands(counts.waste)} waste`,
    plural(counts.note, "note"),
  ];
  const text = parts.join(", ");
  return counts.fault > 0 ? style.bad(text) : counts.risk > 0 ? style.warn(text) : style.good(text);
}

function ruleLines(rule: RuleCount, findings: readonly Finding[], style: Style, verbose: boolean): string[] {
  const shown = verbose ? findings : findings.slice(0, FEW);
  const rows = shown.map(({ tree, at, pages, level, entry, says }) => [
    tree,
    address(at),
    plural(pages, "page"),
    level === null ? "" : `level ${level}`,
    entry ?? "",
    says,
  ]);
  const more = rule.findings - shown.length;
  return [
    `${paint(style, rule.severity)(rule.severity)}  ${style.bold(rule.id)}  (${thousands(rule.findings)})`,
    ...wrap(rule.says, style.width, "  "),
    ...table(rows, [{}, {}, { align: "right" }, {}, {}, {}], "    "),
    ...(more > 0 ? [`    … and ${thousands(more)} more`] : []),
    ...wrap(rule.fix, style.width, "  → ", "    ").map(style.dim),
    ...wrap(rule.reference, style.width, "    ").map(style.dim),
  ];
}
