import { hex, type Mfn } from "../../address.ts";
import { type Raw, TABLE } from "../../format/format.ts";
import { absenceOf } from "../../memory/memory.ts";
import { type Run, runs } from "../../radix/runs.ts";
import { pagesAt } from "../../radix/tree.ts";
import { wordsReader } from "../mapped-run.ts";
import { ownerOf } from "../owner.ts";
import type { AuditInput, AuditTree, Hit, SurveyedTree, Visit } from "./rule.ts";

const MAX_TABLES = 2 ** 20;
const MAX_RUNS = 2 ** 18;
/** How often shared tables may be read again for runs. */
const MORE_TABLES = 4096;

/** Reach every table of a tree once, and collect its runs. Never throws. */
export function survey(given: AuditTree, { owner, maxTables = MAX_TABLES }: AuditInput): SurveyedTree {
  const { tree } = given;
  const { format, memory } = tree;
  const visits: Visit[] = [];
  const outside: Hit[] = [];
  const shared: Hit[] = [];
  const cyclic: Hit[] = [];
  const seen = new Set<number>();
  const path = new Set<number>();
  let cut: string | null = null;
  const surveyed: SurveyedTree = {
    ...given,
    owner: owner ?? ownerOf(tree),
    visits,
    outside,
    shared,
    cyclic,
    words: wordsReader(tree),
    get runs() {
      return list;
    },
    get cut() {
      return cut;
    },
  };
  const hit = (at: number, level: number, raw: Raw | null, says: string): Hit => ({
    tree: surveyed,
    at,
    pages: level > tree.levels ? pagesAt(tree.levels) * 512 : pagesAt(level),
    level,
    raw,
    says,
  });

  const visit = (table: Mfn, level: number, base: number, parent: Raw | null): void => {
    const where = `the level ${level} table at ${hex(table * 4096)}`;
    if (path.has(table)) cyclic.push(hit(base, level + 1, parent, `leads back to ${where}, which lies above it`));
    else if (seen.has(table)) shared.push(hit(base, level + 1, parent, `${where} has another parent too`));
    else if (visits.length >= maxTables) cut = `only the first ${maxTables} tables were looked at`;
    else enter(table, level, base, parent, where);
  };
  const enter = (table: Mfn, level: number, base: number, parent: Raw | null, where: string): void => {
    const words = memory.frame(table);
    if (!words) {
      outside.push(hit(base, level + 1, parent, `${where} is ${absenceOf(memory, table)}`));
      return;
    }
    seen.add(table);
    visits.push({ table, level, base });
    if (level <= 1) return;
    // Another table may take the frame's place in the reader's cache meanwhile, but these words stay as they are.
    path.add(table);
    for (let i = 0; i < 2 ** format.indexBits(level); i++) {
      const lo = words[2 * i]!;
      const hi = words[2 * i + 1]!;
      if (format.kindOf(lo, hi, level) === TABLE)
        visit(format.frameOf(lo, hi, level) as Mfn, format.nextLevelOf(lo, hi, level), base + i * pagesAt(level), {
          lo,
          hi,
        });
    }
    path.delete(table);
  };
  visit(tree.root, tree.levels, 0, null);

  const list: Run[] = [];
  const onProblem = ({ code }: { readonly code: string }): void => {
    if (code === "too-many-tables") cut ??= "tables that several entries share were not read again without end";
  };
  for (const run of runs(tree, { maxTables: visits.length + MORE_TABLES, onProblem })) {
    if (list.length >= MAX_RUNS) {
      cut ??= `only the first ${MAX_RUNS} runs were compared`;
      break;
    }
    list.push(run);
  }
  return surveyed;
}
