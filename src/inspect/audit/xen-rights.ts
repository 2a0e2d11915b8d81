/** What Xen's P2M types and access rights ask of an entry: xen-mapping.md 3.1, 5.1, 5.2, 6.1, 7.6. */

import { p2mTypeOf } from "../../format/index.ts";
import type { Run } from "../../radix/runs.ts";
import type { SurveyedTree } from "./rule.ts";

export const RAM_RW = 0;
export const MMIO_DIRECT = 5;
/** Types of frames that a domain maps without owning them alone: grants, shared pages, foreign pages. */
const BORROWED: ReadonlySet<number> = new Set([7, 8, 12, 14]);

/** Xen's type of a run; null in tables that are not Xen's, or have none. */
export const xenType = ({ owner, tree }: SurveyedTree, { hi }: Pick<Run, "hi">): number | null =>
  owner === "xen" ? p2mTypeOf(tree.format.name, hi) : null;

/** Whether a run's frames belong to the domain that maps them. */
export const isBorrowed = (tree: SurveyedTree, run: Run): boolean => BORROWED.has(xenType(tree, run) ?? RAM_RW);

/** "r" and "w" as each right may be: 1 given, 0 not, null either. */
type Right = 0 | 1 | null;
export interface Rights {
  readonly r: Right;
  readonly w: Right;
  readonly x: Right;
}

const rights = (r: Right, w: Right, x: Right): Rights => ({ r, w, x });

/** By type (5.2). W of direct MMIO follows the read-only ranges, of types 2 and 15 the domain's state. */
const BY_TYPE: ReadonlyMap<number, Rights> = new Map([
  [0, rights(1, 1, 1)],
  [2, rights(1, null, 1)],
  [3, rights(1, 0, 1)],
  [5, rights(1, null, 1)],
  [7, rights(1, 1, 0)],
  [8, rights(1, 0, 0)],
  [12, rights(1, 0, 1)],
  [14, rights(1, 1, 0)],
  [15, rights(1, null, 0)],
]);

/** Rights of a type's entries; null for types whose entries are never present. */
export const rightsOfType = (type: number): Rights | null => BY_TYPE.get(type) ?? null;

/** What an access right takes away, by number (3.1, 5.2): "rwx" without the letters that it clears. */
const CLEARS: readonly string[] = ["rwx", "wx", "rx", "x", "rw", "w", "r", "", "w", "rwx", "wx"];

/** Rights that remain under an access right; null for one that does not exist. */
export function restrict(given: Rights, access: number): Rights | null {
  const clears = CLEARS[access];
  if (clears === undefined) return null;
  const keep = (right: "r" | "w" | "x"): Right => (clears.includes(right) ? 0 : given[right]);
  return rights(keep("r"), keep("w"), keep("x"));
}

/** Types that devices may reach, and whether they may write (7.6); others get no IOMMU entry. */
export function deviceRights(type: number): "rw" | "r" | null {
  if (type === 0 || type === 2 || type === 7 || type === 14 || type === MMIO_DIRECT) return "rw";
  return type === 3 || type === 8 ? "r" : null;
}
