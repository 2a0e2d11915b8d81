import { type TablesDocument, tablesDocument } from "../inspect/tables.ts";
import type { Script, ScriptRun } from "../plan/script.ts";
import type { Ledger, LedgerKind } from "../xen/ledger.ts";
import type { OperationResult } from "../xen/operations.ts";
import { KIND_TITLES } from "./kinds.ts";
import { table, wrap, wrapCell } from "./layout.ts";
import type { Style } from "./style.ts";
import { address, plural, size, thousands } from "./units.ts";

/** The `run` document (contract, "tables --json, run --json"). */
export interface RunDocument {
  readonly physmap: 1;
  readonly kind: "run";
  readonly xen: string;
  readonly domains: readonly {
    readonly id: number;
    readonly p2m: TablesDocument;
    readonly iommu: TablesDocument | null;
    /** What the whole script cost this domain. */
    readonly ledger: Ledger;
    /** Paging-pool pages: all, and used. */
    readonly pool: { readonly pages: number | null; readonly used: number };
    readonly crashed: boolean;
    /** What the hypervisor would have logged, at most a thousand lines. */
    readonly log: readonly string[];
  }[];
  readonly operations: readonly OperationResult[];
}

/** The document of a script's run. `raw` keeps bookkeeping bits, which then split runs and show in flags. */
export const runDocument = (run: ScriptRun, raw: boolean): RunDocument => ({
  physmap: 1,
  kind: "run",
  xen: run.world.machine.release.name,
  domains: run.domains.map(({ domain, p2m, iommu }) => ({
    id: domain.id,
    p2m: tablesDocument(p2m, { raw }),
    iommu: iommu && tablesDocument(iommu, { raw }),
    ledger: domain.ledger,
    pool: { pages: Number.isFinite(domain.pool.pages) ? domain.pool.pages : null, used: domain.pool.used },
    crashed: domain.crashed,
    log: domain.log,
  })),
  operations: run.operations,
});

/** A run for a terminal: operations with their results, then each domain's tables and cost. */
export function runText(document: RunDocument, script: Script, style: Style): string {
  const operations = document.operations.map((result, i) => [
    String(i + 1),
    describe(script.operations[i]!),
    outcome(result),
  ]);
  const blocks = [
    [
      style.bold(`Xen ${document.xen}: ${plural(document.operations.length, "operation")}`),
      ...table(operations, [{ align: "right" }, {}, {}], "  ").flatMap((line) => wrapCell(line, style.width)),
    ],
    ...document.domains.map((domain) => [
      style.bold(`Domain ${domain.id}${domain.crashed ? " (crashed)" : ""}`),
      ...treeLines("P2M", domain.p2m, style.width),
      ...(domain.iommu ? treeLines("IOMMU", domain.iommu, style.width) : ["  IOMMU: no tables of its own"]),
      ...costLines(domain.ledger),
      ...(domain.log.length > 0
        ? ["  log", ...domain.log.slice(0, 12).flatMap((line) => wrap(line, style.width, "    ", "      "))]
        : []),
    ]),
  ];
  return `${blocks.map((lines) => lines.join("\n")).join("\n\n")}\n`;
}

const frame = (value: number | bigint): string => `0x${value.toString(16)}`;

function describe(operation: Script["operations"][number]): string {
  switch (operation.op) {
    case "populate":
      return `populate ${frame(operation.gfn)} order ${operation.order} × ${operation.extents}`;
    case "iomem_permission":
      return `${operation.allow ? "allow" : "revoke"} ${frame(operation.mfn)} + ${thousands(Number(operation.pages))}`;
    case "memory_mapping":
      return `${operation.add ? "map" : "unmap"}${operation.raw ? " (one call)" : ""} ${frame(operation.gfn)} → ${frame(operation.mfn)} + ${thousands(operation.pages)}`;
    case "decrease_reservation":
      return `give back ${frame(operation.gfn)} order ${operation.order} × ${operation.extents}`;
    case "remove_from_physmap":
      return `remove ${frame(operation.gfn)}`;
    case "set_up_hardware_domain":
      return "set up the hardware domain";
    case "map_mmio":
      return `map ${frame(operation.gfn)} → ${frame(operation.mfn)} + ${thousands(operation.pages)}`;
    case "take_memory":
      return `take all memory but ${plural(operation.leave, "page")}`;
    case "map_foreign":
      return `map ${frame(operation.gfn)} → domain ${operation.from}'s ${frame(operation.fromGfn)} + ${thousands(operation.pages)}`;
    case "assign_device":
    case "deassign_device":
      return `${operation.op === "assign_device" ? "assign" : "deassign"} ${operation.device}`;
    case "destroy":
      return "destroy";
  }
}

function outcome(result: OperationResult): string {
  const parts: string[] = [];
  const extents = result.populated ?? result.decreased;
  if (extents !== undefined) parts.push(plural(extents, "extent"));
  if (result.error || (result.result !== undefined && extents === undefined))
    parts.push(result.error ? `${result.result} (${result.error})` : String(result.result));
  if (result.hypercalls !== undefined)
    parts.push(`${plural(result.pagesDone ?? 0, "page")} in ${plural(result.hypercalls, "call")}`);
  if (result.mapped !== undefined) parts.push(plural(result.mapped, "page"));
  if (result.undo) parts.push(`undone: ${plural(result.undo.pagesDone, "page")}`);
  if (result.crashed) parts.push("domain crashed");
  return parts.join(", ");
}

const MOST_RUNS = 24;

/** A tree's counts, its first `most` runs and problems. */
export function treeLines(title: string, document: TablesDocument, width: number, most = MOST_RUNS): string[] {
  const { leaves, tables, runs, problems } = document;
  const total = Object.values(tables).reduce((sum, n) => sum + n, 0);
  const shown = runs.slice(0, most).map(runCells);
  const right = { align: "right" } as const;
  const wide = table(
    shown.map(({ range, count, access, type, maps, flags }) => [range, maps, count, access, type, flags]),
    [{}, {}, right, {}, {}, {}],
    "    ",
  );
  const narrow = table(
    shown.map(({ range, count, access, type }) => [range, count, access, type]),
    [{}, right, {}, {}],
    "    ",
  ).flatMap((line, i) => [line, `      ${shown[i]!.maps}  ${shown[i]!.flags}`]);
  const fits = wide.every((line) => line.length <= width);
  return [
    ...wrap(
      `${title}: ${document.format}, ${plural(total, "table")}, leaves ${thousands(leaves["4k"])} × 4 KiB, ${thousands(leaves["2m"])} × 2 MiB, ${thousands(leaves["1g"])} × 1 GiB`,
      width,
      "  ",
      "    ",
    ),
    ...(fits ? wide : narrow),
    ...(runs.length > most ? [`    … and ${runs.length - most} more runs (--json has all)`] : []),
    ...problems.slice(0, most).map(({ at, says }) => `    ! ${address(at)}: ${says}`),
    ...(problems.length > most ? [`    … and ${problems.length - most} more problems (--json has all)`] : []),
  ];
}

/** What a report shows of a run. */
function runCells({
  start,
  end,
  maps,
  order,
  entries,
  access,
  memoryType,
  type,
  flags,
}: TablesDocument["runs"][number]) {
  return {
    range: `${address(start)} – ${address(end)}`,
    maps: maps === null ? "(nothing)" : `→ ${address(maps)}`,
    count: `${thousands(entries)} × ${size(2 ** (order + 12))}`,
    access: memoryType === null ? access : `${access} ${memoryType}`,
    // "Xen P2M type 5 (mmio_direct)": the name is enough.
    type: /\(([^()]{1,40})\)$/.exec(type ?? "")?.[1] ?? type ?? "",
    flags,
  };
}

function costLines(ledger: Ledger): string[] {
  const rows = (Object.entries(KIND_TITLES) as [LedgerKind, string][])
    .filter(([kind]) => ledger[kind] > 0)
    .map(([kind, title]) => [title, thousands(ledger[kind])]);
  return rows.length === 0 ? [] : ["  cost", ...table(rows, [{}, { align: "right" }], "    ")];
}
