import { audit } from "../../src/inspect/audit/audit.ts";
import { auditBars } from "../../src/inspect/audit/bars.ts";
import type { AuditTree } from "../../src/inspect/audit/rule.ts";
import type { TextDump } from "../../src/inspect/text/dump.ts";
import type { Inventory } from "../../src/inventory/types.ts";
import type { Tree } from "../../src/radix/tree.ts";
import { size } from "../../src/report/units.ts";
import type { Picture, Progress, Region, Space, TreeInfo } from "../protocol.ts";
import { columnsOf, type DrawnRun, disagreementsOf, toldRun } from "./columns.ts";
import type { FoundTables } from "./found-tables.ts";
import { shortFormat, treeInfo } from "./tree-info.ts";

export interface OpenedTables {
  readonly picture: Picture;
  readonly trees: readonly Tree[];
}

interface Read {
  readonly info: TreeInfo;
  readonly runs: readonly DrawnRun[];
}

/** Show and check page tables that were found. */
export function openTables(found: FoundTables, inventory: Inventory, tell: (progress: Progress) => void): OpenedTables {
  const trees = found.trees.map(({ tree }) => tree);
  const groups = new Map<string, { name: string; p2m: Read[]; iommu: Read[] }>();
  const put = (key: string, name: string, what: "p2m" | "iommu", read: Read): void => {
    const group = groups.get(key) ?? { name, p2m: [], iommu: [] };
    groups.set(key, group);
    group[what].push(read);
  };
  for (const [i, each] of found.trees.entries()) {
    tell({ says: `reading ${each.name}`, part: i / found.trees.length });
    put(groupOf(each, i), nameOf(each), each.what, treeInfo(each.tree, i));
  }
  for (const [i, dump] of found.dumps.entries()) {
    const key = dump.domain === null ? `dump ${i}` : `d${dump.domain}`;
    put(key, dump.domain === null ? dump.title : `domain ${dump.domain}`, dump.what, toldTree(dump, -1 - i));
  }
  tell({ says: "checking", part: 0.9 });
  const checked = found.trees.length > 0 ? audit({ trees: found.trees, bars: auditBars(inventory.devices) }) : null;
  const spaces = [...groups.values()].flatMap(spacesOf);
  return {
    trees,
    picture: {
      kind: "tables",
      title: titleOf(spaces),
      says: spaces.map(({ name }) => name).join(", "),
      spaces,
      plan: null,
      audit: checked,
      roots: found.roots,
      notes: [...found.notes, ...(checked?.notes ?? [])],
    },
  };
}

const groupOf = ({ domain, group }: AuditTree, i: number): string =>
  domain === null ? `group ${group ?? i}` : `d${domain}`;
const nameOf = ({ domain, name }: AuditTree): string => (domain === null ? name : `domain ${domain}`);

function titleOf(spaces: readonly Space[]): string {
  const formats = new Set(
    spaces.flatMap(({ p2m, iommu }) => [p2m, iommu].flatMap((tree) => (tree ? [tree.format] : []))),
  );
  const trees = spaces.reduce((sum, { p2m, iommu }) => sum + Number(p2m !== null) + Number(iommu !== null), 0);
  return `Page tables as found: ${trees} tree${trees === 1 ? "" : "s"} (${[...formats].join(", ")})`;
}

/** A domain's trees in pairs; what is left over stands alone. */
function spacesOf({ name, p2m, iommu }: { name: string; p2m: readonly Read[]; iommu: readonly Read[] }): Space[] {
  return Array.from({ length: Math.max(p2m.length, iommu.length) }, (_, i): Space => {
    const [upper, lower] = [p2m[i] ?? null, iommu[i] ?? null];
    return {
      name: i === 0 ? name : `${name} (${i + 1})`,
      regions: regionsOf(upper?.runs ?? lower?.runs ?? []),
      p2m: upper?.info ?? null,
      iommu: lower?.info ?? null,
      entersRam: true,
      shared: false,
      disagreements: disagreementsOf(upper && lower ? upper.runs : [], upper && lower ? lower.runs : []),
    };
  });
}

/** What a text tells of tables: runs, and nothing to walk. */
function toldTree({ title, format, runs }: TextDump, id: number): Read {
  const list = runs.map(toldRun);
  const short = format === null ? "text" : shortFormat(format);
  const info = { id, format: short, title, levels: 0, root: null, problems: [], walkable: false };
  return { runs: list, info: { ...info, runs: columnsOf(list) } };
}

/** Stretches that are named; the longest of more. */
const MOST_REGIONS = 200;

/** Neighbouring runs of one P2M type as regions: what the tables themselves tell of the layout. */
function regionsOf(runs: readonly DrawnRun[]): readonly Region[] {
  const found: { start: number; pages: number; type: string }[] = [];
  for (const { start, pages, words } of runs) {
    const type = words.type ?? words.access;
    const last = found.at(-1);
    if (last && last.type === type && last.start + last.pages === start) last.pages += pages;
    else found.push({ start, pages, type });
  }
  return found
    .sort((a, b) => b.pages - a.pages)
    .slice(0, MOST_REGIONS)
    .sort((a, b) => a.start - b.start)
    .map(({ start, pages, type }) => ({
      kind: type.startsWith("ram") ? "ram" : "bar",
      start,
      pages,
      label: type,
      says: `${size(pages * 4096)} of type ${type}`,
    }));
}
