import { hex, hex64 } from "../address.ts";
import { p2mTypeNameOf } from "../format/index.ts";
import { type Problem, type Run, runs } from "../radix/runs.ts";
import { pagesAt, type Tree } from "../radix/tree.ts";
import { type Owner, ownerOf, softwareTexts } from "./owner.ts";

/** The `tables` document (contract, "tables --json"). */
export interface TablesDocument {
  readonly physmap: 1;
  readonly kind: "tables";
  readonly format: string;
  readonly root: string;
  readonly levels: number;
  /** Whose software bits the entries hold, as the root's pointers tell; null where nothing does. */
  readonly owner: Owner;
  /** Number of tables by level, as strings. */
  readonly tables: Readonly<Record<string, number>>;
  readonly leaves: { readonly "4k": number; readonly "2m": number; readonly "1g": number };
  readonly runs: readonly RunDocument[];
  readonly problems: readonly { readonly at: string; readonly code: string; readonly says: string }[];
}

export interface RunDocument {
  readonly start: string;
  /** Inclusive. */
  readonly end: string;
  readonly maps: string | null;
  readonly order: number;
  readonly entries: number;
  /** Level of the table that holds the entries; the leaf table's is 1. */
  readonly level: number;
  readonly access: string;
  /** Memory type that the entries themselves give. */
  readonly memoryType: string | null;
  /** Xen's P2M type; null in formats without one, and in KVM's tables. */
  readonly type: string | null;
  readonly flags: string;
  /** What software keeps in bits that hardware ignores. */
  readonly software: readonly string[];
  /** What hardware would fault on. */
  readonly faults: readonly string[];
}

const SAYS: Readonly<Record<Problem["code"], string>> = {
  "table-outside-image": "the table that an entry points to is not in memory",
  fault: "the entry is malformed: the hardware would fault on it",
  "replicas-differ": "the slots of one replicated leaf do not agree",
  "too-many-tables": "more tables than a walk may visit: the rest was not read",
};

const runDocument = (tree: Tree, run: Run, owner: Owner): RunDocument => {
  const decoded = tree.format.decode({ lo: run.lo, hi: run.hi }, run.level);
  return {
    start: hex(run.start * 4096),
    end: hex((run.start + run.pages) * 4096 - 1),
    maps: run.maps === null ? null : hex(run.maps * 4096),
    order: run.order,
    entries: run.entries,
    level: run.level,
    access: decoded.access,
    memoryType: run.maps === null ? null : decoded.memoryType,
    type: owner === "kvm" ? null : p2mTypeNameOf(tree.format.name, run.hi),
    flags: hex64(run.lo, run.hi),
    software: softwareTexts(decoded.fields, owner),
    faults: decoded.faults.map(({ says }) => says),
  };
};

/** Everything that a tree says, as runs, counts and problems. */
export function tablesDocument(tree: Tree, options: { readonly raw?: boolean } = {}): TablesDocument {
  const problems: Problem[] = [];
  const tables = new Map<number, number>();
  const leaves = new Map<number, number>();
  const add = (map: Map<number, number>, key: number, n: number): void => void map.set(key, (map.get(key) ?? 0) + n);
  const list = [
    ...runs(tree, {
      raw: options.raw ?? false,
      onProblem: (problem) => problems.push(problem),
      onTable: (level) => add(tables, level, 1),
    }),
  ];
  for (const { maps, order, entries } of list) if (maps !== null) add(leaves, order, entries);
  const owner = ownerOf(tree);
  return {
    physmap: 1,
    kind: "tables",
    format: tree.format.name,
    root: hex(tree.root * 4096),
    levels: tree.levels,
    owner,
    tables: Object.fromEntries([...tables].sort((a, b) => b[0] - a[0]).map(([level, n]) => [String(level), n])),
    leaves: { "4k": leaves.get(0) ?? 0, "2m": leaves.get(9) ?? 0, "1g": leaves.get(18) ?? 0 },
    runs: list.map((run) => runDocument(tree, run, owner)),
    problems: problems.map(({ at, code, level, lo, hi }) => ({
      at: hex(at * 4096),
      code,
      says: `${SAYS[code]} (level ${level}, ${pagesAt(level)} pages, ${hex64(lo, hi)})`,
    })),
  };
}
