import type { Run } from "../../radix/runs.ts";
import { type AuditInput, type Facts, type Hit, type Pair, SEVERITIES, type SurveyedTree, sameDomain } from "./rule.ts";
import { survey } from "./survey.ts";

/** Survey all trees, and pair those of one domain. Trees with the same root are one, which both walk. */
export function factsOf(input: AuditInput): Facts {
  const trees = input.trees.map((tree) => survey(tree, input));
  const pairs = trees
    .filter(({ what }) => what === "p2m")
    .flatMap((p2m) =>
      trees
        .filter((other) => other.what === "iommu" && sameDomain(other, p2m) && other.tree.root !== p2m.tree.root)
        .map((iommu): Pair => ({ p2m, iommu })),
    );
  return { input, trees, pairs };
}

/** A hit on a part of a run. */
export const hitOnRun = (tree: SurveyedTree, run: Run, says: string, at = run.start, pages = run.pages): Hit => ({
  tree,
  at,
  pages,
  level: run.level,
  raw: { lo: run.lo, hi: run.hi },
  says,
});

/** Rank of a severity, worst first. */
export const rankOf = (severity: (typeof SEVERITIES)[number]): number => SEVERITIES.indexOf(severity);
