import type { Run } from "../../../radix/runs.ts";
import { hitOnRun } from "../facts.ts";
import type { Facts, Hit, Rule, SurveyedTree } from "../rule.ts";

/** Aligned blocks of an order in [start, end). */
const blocksIn = (start: number, end: number, order: number): number =>
  Math.max(0, Math.floor(end / 2 ** order) - Math.ceil(start / 2 ** order));

const SIZES: Readonly<Record<number, string>> = { 9: "2 MiB", 18: "1 GiB" };

/** What larger pages would save, as far as alignment allows them; null where it does not. */
function missed({ start, pages, maps, order, entries }: Run, largest: number): string | null {
  // Alignment holds all along a run, or nowhere.
  if (maps === null) return null;
  let left = entries;
  let tables = 0;
  const parts: string[] = [];
  for (const to of [9, 18]) {
    if (to <= order || to > largest || (start - maps) % 2 ** to !== 0) continue;
    const blocks = blocksIn(start, start + pages, to);
    if (blocks === 0) break;
    left -= blocks * (2 ** (to - Math.max(order, to - 9)) - 1);
    tables += blocks;
    parts.push(`${blocks} of ${SIZES[to]}`);
  }
  if (parts.length === 0) return null;
  const saved = `saves ${entries - left} entries and ${tables} tables (${tables * 4} KiB)`;
  return `${entries} entries of ${2 ** order * 4} KiB, though ${parts.join(", or of these ")} would do: ${saved}`;
}

const largestOf = (tree: SurveyedTree, { input }: Facts): number =>
  input.decode?.has2m === false ? 0 : input.decode?.has1g === false || tree.tree.levels < 3 ? 9 : 18;

export const superpageMissed: Rule = {
  id: "superpage-missed",
  severity: "waste",
  says: "Consecutive entries with equal rights could be larger pages: alignment allows it.",
  reference: "page-table-formats.md 10 (6), 10.1",
  fix: "Which order Xen takes depends on release, command line and sharing with the IOMMU: physmap plan says why, and what to change.",
  *check(facts): Generator<Hit> {
    for (const tree of facts.trees)
      for (const run of tree.runs) {
        const says = missed(run, largestOf(tree, facts));
        if (says !== null) yield hitOnRun(tree, run, says);
      }
  },
};
