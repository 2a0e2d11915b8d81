import { hex } from "../../src/address.ts";
import type { Problem } from "../../src/radix/runs.ts";
import { pagesAt, type Tree } from "../../src/radix/tree.ts";
import type { TreeInfo, TreeProblem } from "../protocol.ts";
import { columnsOf, type DrawnRun, drawnRuns, MOST_RUNS } from "./columns.ts";

/** Problems that are listed of one tree. */
const MOST_PROBLEMS = 1000;

const SAYS: Readonly<Record<Problem["code"], string>> = {
  "table-outside-image": "the table that an entry points to is not in memory",
  fault: "malformed entry: the hardware would fault on it",
  "replicas-differ": "the slots of one replicated leaf do not agree",
  "too-many-tables": "more tables than are read: the rest is not shown",
};

/** The words for a format that lanes are headed with. */
const SHORT: Readonly<Record<string, string>> = { ept: "EPT", npt: "NPT", vtd: "VT-d", amdvi: "AMD-Vi" };
export const shortFormat = (name: string): string => SHORT[name] ?? name;

/** What the page gets of a tree, and its runs for those who compare; `take` may leave some of them out. */
export function treeInfo(
  tree: Tree,
  id: number,
  take: (runs: Iterable<DrawnRun>) => Iterable<DrawnRun> = (runs) => runs,
): { readonly info: TreeInfo; readonly runs: readonly DrawnRun[] } {
  const problems: TreeProblem[] = [];
  const note = ({ at, level, code }: Problem): void => {
    if (problems.length < MOST_PROBLEMS) problems.push({ at, pages: pagesAt(level), says: SAYS[code] });
  };
  const runs: DrawnRun[] = [];
  for (const run of take(drawnRuns(tree, note))) {
    if (runs.push(run) < MOST_RUNS) continue;
    problems.push({ at: run.start, pages: run.pages, says: `more than ${MOST_RUNS} runs: the rest is not shown` });
    break;
  }
  const { name, title } = tree.format;
  return {
    runs,
    info: {
      id,
      format: shortFormat(name),
      title,
      levels: tree.levels,
      root: hex(tree.root * 4096),
      runs: columnsOf(runs),
      problems,
      walkable: true,
    },
  };
}
