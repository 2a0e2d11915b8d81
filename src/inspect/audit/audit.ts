import { hex, hex64 } from "../../address.ts";
import { pagesAt } from "../../radix/tree.ts";
import { entriesOf, faultsReader } from "./entries.ts";
import { factsOf, rankOf } from "./facts.ts";
import type { AuditInput, Hit, Rule, Severity, SurveyedTree } from "./rule.ts";
import { RULES } from "./rules/index.ts";

/** One finding. Addresses are bytes as "0x…", input addresses as the tree translates them. */
export interface Finding {
  readonly rule: string;
  readonly severity: Severity;
  /** Name of the tree, as in `trees`. */
  readonly tree: string;
  readonly at: string;
  readonly pages: number;
  readonly level: number | null;
  /** The entry at fault, without its address where it stands for a run. */
  readonly entry: string | null;
  readonly says: string;
}

/** A rule, and how often it applied; `findings` lists the first of them. */
export interface RuleCount {
  readonly id: string;
  readonly severity: Severity;
  readonly says: string;
  readonly reference: string;
  readonly fix: string;
  readonly findings: number;
}

/** The `audit` document. */
export interface AuditDocument {
  readonly physmap: 1;
  readonly kind: "audit";
  readonly trees: readonly {
    readonly name: string;
    readonly domain: number | null;
    readonly what: "p2m" | "iommu";
    readonly format: string;
    readonly root: string;
    readonly levels: number;
    readonly tables: number;
    readonly owner: "xen" | "kvm" | null;
    /** Why it is taken for a tree, and for whose; empty where it was given. */
    readonly evidence: readonly string[];
  }[];
  /** Number of findings by severity, those that are not listed included. */
  readonly counts: Readonly<Record<Severity, number>>;
  /** Rules that applied, worst first. */
  readonly rules: readonly RuleCount[];
  readonly findings: readonly Finding[];
  /** What was not looked at, and why. */
  readonly notes: readonly string[];
}

/** Findings that are listed of a rule, and counted of one at most. */
const MOST_LISTED = 100;
const MOST_COUNTED = 100_000;

interface Tally {
  readonly rule: Rule;
  readonly hits: Hit[];
  count: number;
}

const add = (tally: Tally, hit: Hit): void => {
  if (tally.count++ < MOST_LISTED) tally.hits.push(hit);
};

/** Rules about entries and tables, in one pass over a tree's tables. */
function passOver(tree: SurveyedTree, { decode = {} }: AuditInput, tallies: readonly Tally[]): void {
  const faultsOf = faultsReader(tree, decode);
  for (const visit of tree.visits) {
    const words = tree.tree.memory.frame(visit.table);
    if (!words) continue;
    for (const tally of tallies)
      if ("table" in tally.rule) for (const hit of tally.rule.table(tree, visit, words)) add(tally, hit);
    for (const fact of entriesOf(tree, visit, words, faultsOf))
      for (const tally of tallies) {
        const says = "entry" in tally.rule ? tally.rule.entry(fact) : null;
        if (says === null) continue;
        const { index, count, lo, hi } = fact;
        const span = pagesAt(visit.level);
        const raw = { lo, hi };
        add(tally, { tree, at: visit.base + index * span, pages: count * span, level: visit.level, raw, says });
      }
  }
}

/** Check trees by rules. Never throws; work and answer are bounded, and what was left out is in `notes`. */
export function audit(input: AuditInput, rules: readonly Rule[] = RULES): AuditDocument {
  const facts = factsOf(input);
  const tallies = rules.map((rule): Tally => ({ rule, hits: [], count: 0 }));
  for (const tree of facts.trees) passOver(tree, input, tallies);
  for (const tally of tallies)
    if ("check" in tally.rule)
      for (const hit of tally.rule.check(facts)) {
        add(tally, hit);
        if (tally.count >= MOST_COUNTED) break;
      }
  const found = tallies
    .filter(({ count }) => count > 0)
    .sort((a, b) => rankOf(a.rule.severity) - rankOf(b.rule.severity));
  return {
    physmap: 1,
    kind: "audit",
    trees: facts.trees.map(({ name, domain, what, tree, visits, owner, evidence = [] }) => ({
      name,
      domain,
      what,
      format: tree.format.name,
      root: hex(tree.root * 4096),
      levels: tree.levels,
      tables: visits.length,
      owner,
      evidence,
    })),
    counts: countsOf(found),
    rules: found.map(({ rule: { id, severity, says, reference, fix }, count }) => ({
      id,
      severity,
      says,
      reference,
      fix,
      findings: count,
    })),
    findings: found.flatMap(({ rule, hits }) => hits.map((hit) => findingOf(rule, hit))),
    notes: [
      ...facts.trees.flatMap(({ name, cut }) => (cut === null ? [] : [`${name}: ${cut}`])),
      ...found
        .filter(({ count }) => count > MOST_LISTED)
        .map(({ rule, count }) => `${rule.id}: the first ${MOST_LISTED} of ${count} findings are listed`),
    ],
  };
}

function countsOf(found: readonly Tally[]): Readonly<Record<Severity, number>> {
  const counts = { fault: 0, risk: 0, waste: 0, note: 0 };
  for (const { rule, count } of found) counts[rule.severity] += count;
  return counts;
}

const findingOf = ({ id, severity }: Rule, { tree, at, pages, level, raw, says }: Hit): Finding => ({
  rule: id,
  severity,
  tree: tree.name,
  at: hex(at * 4096),
  pages,
  level,
  entry: raw === null ? null : hex64(raw.lo, raw.hi),
  says,
});
