import { hex } from "../address.ts";
import type { FormatName } from "../format/format.ts";
import { count, type RunOptions } from "../radix/runs.ts";
import type { AuditTree } from "./audit/rule.ts";
import type { Gap } from "./diff-runs.ts";
import { diffMapped, type MappedRun, mappedRuns } from "./mapped-run.ts";
import type { TextDump } from "./text/dump.ts";
import { type ToldRun, toldRun } from "./told-run.ts";

/** One set of tables, whatever it was read from. */
export interface Side {
  readonly name: string;
  readonly domain: number | null;
  readonly what: "p2m" | "iommu";
  readonly format: FormatName | null;
  /** Frame of the root table; null where nothing tells. */
  readonly root: number | null;
  /** Whether all that the tables say is there; text leaves out what is not present. */
  readonly whole: boolean;
  readonly runs: (onProblem: NonNullable<RunOptions["onProblem"]>) => Iterable<MappedRun>;
  /** Leaves by size where nothing else is told. */
  readonly leaves: TextDump["leaves"];
  /** The same, counted on demand. */
  readonly counted: () => NonNullable<TextDump["leaves"]>;
}

const NO_LEAVES = { "4k": 0, "2m": 0, "1g": 0 } as const;

/** A tree as a side of a comparison. */
export const sideOfTree = ({ name, domain, what, tree }: AuditTree): Side => ({
  name,
  domain,
  what,
  format: tree.format.name,
  root: tree.root,
  whole: true,
  runs: (onProblem) => mappedRuns(tree, { onProblem }),
  leaves: null,
  counted() {
    const { leaves } = count(tree);
    return { "4k": leaves.get(0) ?? 0, "2m": leaves.get(9) ?? 0, "1g": leaves.get(18) ?? 0 };
  },
});

/** A text dump as a side of a comparison. */
export const sideOfDump = (dump: TextDump): Side => ({
  name: dump.title,
  domain: dump.domain,
  what: dump.what,
  format: dump.format,
  root: null,
  whole: false,
  runs: () => dump.runs,
  leaves: dump.leaves,
  counted() {
    const leaves = { ...(dump.leaves ?? NO_LEAVES) };
    if (dump.leaves) return leaves;
    for (const { order, entries, present } of dump.runs)
      if (present && order !== null) {
        if (order === 0) leaves["4k"] += entries;
        else if (order === 9) leaves["2m"] += entries;
        else if (order === 18) leaves["1g"] += entries;
      }
    return leaves;
  },
});

/** What one side says of a range. */
export type DiffRun = ToldRun;

/** A range in which two sides differ. `end` is inclusive. */
export interface DiffRange {
  readonly start: string;
  readonly end: string;
  /** null: nothing there. */
  readonly left: DiffRun | null;
  readonly right: DiffRun | null;
}

/** Two sets of tables that were compared. */
export interface DiffPair {
  readonly left: string;
  readonly right: string;
  /** Number of ranges that differ; `ranges` lists the first of them. */
  readonly differences: number;
  readonly ranges: readonly DiffRange[];
  /** Leaves by size, where one side tells nothing else. */
  readonly leaves: { readonly left: Side["leaves"]; readonly right: Side["leaves"] } | null;
}

/** The `diff` document. */
export interface DiffDocument {
  readonly physmap: 1;
  readonly kind: "diff";
  readonly pairs: readonly DiffPair[];
  /** Tables without a counterpart. */
  readonly only: { readonly left: readonly string[]; readonly right: readonly string[] };
  readonly notes: readonly string[];
}

/** Ranges that are listed of a pair, and looked for at most. */
const MOST_LISTED = 1000;
const MOST_COUNTED = 1_000_000;

/** What makes two sides counterparts, the surest first. A domain's number may be unknown on one side. */
const COUNTERPARTS: readonly ((a: Side, b: Side) => boolean)[] = [
  (a, b) => a.what === b.what && a.domain === b.domain && a.domain !== null,
  (a, b) => a.root !== null && a.root === b.root && a.format === b.format && (a.domain === null || b.domain === null),
  (a, b) => a.what === b.what && a.domain === b.domain,
];

/**
 * Compare two sets of tables, range by range. Tables are paired by domain and kind, or else by format and place of the
 * root; where that leaves one on each side, these two. Never throws; work is bounded, and what was left out is in `notes`.
 */
export function diffSides(left: readonly Side[], right: readonly Side[]): DiffDocument {
  const rights = [...right];
  const counterparts = new Map<Side, Side>();
  for (const fits of COUNTERPARTS)
    for (const side of left) {
      const at = counterparts.has(side) ? -1 : rights.findIndex((other) => fits(side, other));
      if (at >= 0) counterparts.set(side, rights.splice(at, 1)[0]!);
    }
  const lefts = left.filter((side) => !counterparts.has(side));
  if (lefts.length === 1 && rights.length === 1) counterparts.set(lefts.pop()!, rights.pop()!);
  const pairs = left.flatMap((side): [Side, Side][] => {
    const other = counterparts.get(side);
    return other ? [[side, other]] : [];
  });
  const notes: string[] = [];
  return {
    physmap: 1,
    kind: "diff",
    pairs: pairs.map(([a, b]) => comparePair(a, b, (says) => void (notes.length < 100 && notes.push(says)))),
    only: { left: lefts.map(({ name }) => name), right: rights.map(({ name }) => name) },
    notes,
  };
}

/** Whether a diff found anything. */
export const differs = ({ pairs, only }: DiffDocument): boolean =>
  only.left.length > 0 || only.right.length > 0 || pairs.some(({ differences }) => differences > 0);

function comparePair(a: Side, b: Side, note: (says: string) => void): DiffPair {
  if (a.leaves !== null || b.leaves !== null) {
    const leaves = { left: a.counted(), right: b.counted() };
    const sizes = ["4k", "2m", "1g"] as const;
    const differences = sizes.filter((size) => leaves.left[size] !== leaves.right[size]).length;
    return { left: a.name, right: b.name, differences, ranges: [], leaves };
  }
  const ranges: DiffRange[] = [];
  let differences = 0;
  for (const gap of diffMapped(comparable(a, b, note), comparable(b, a, note))) {
    if (differences++ < MOST_LISTED) ranges.push(rangeOf(gap));
    if (differences >= MOST_COUNTED) break;
  }
  if (differences > MOST_LISTED) note(`${a.name}: the first ${MOST_LISTED} of ${differences} ranges are listed`);
  return { left: a.name, right: b.name, differences, ranges, leaves: null };
}

/** A side's runs, without what the other side cannot tell. */
function* comparable(side: Side, other: Side, note: (says: string) => void): Generator<MappedRun> {
  let unread = 0;
  const sameFormat = side.format === other.format;
  for (const run of side.runs(() => unread++)) {
    // A text dump prints what is not present only for RAM that is populated on demand.
    if (!run.present && !(side.whole && other.whole) && run.type !== "populate_on_demand") continue;
    if (sameFormat) yield run;
    else yield { ...run, flags: null, memoryType: null, ipat: null, type: null, access: devices(run.access) };
  }
  if (unread > 0) note(`${side.name}: ${unread} problem(s) while reading, physmap audit lists them`);
}

/** Rights that every format has. */
const devices = (access: string | null): string | null => (access === null ? null : `${access.slice(0, 2)}-`);

const rangeOf = ({ start, pages, left, right }: Gap<MappedRun>): DiffRange => ({
  start: hex(start * 4096),
  end: hex((start + pages) * 4096 - 1),
  left: left && toldRun(left),
  right: right && toldRun(right),
});
