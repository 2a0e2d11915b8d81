import { pagingPool, tablesFor, takenAtCreation } from "../platform/paging-pool.ts";
import type { Layout } from "./layout.ts";
import type { Scenario } from "./scenario.ts";

/** The paging pool in 4 KiB pages (xen-mapping.md 11.1). */
export interface PoolBudget {
  readonly pages: number;
  readonly creation: number;
  /** Tables for RAM in the largest entries, and in 4 KiB entries only. */
  readonly ramLeast: number;
  readonly ramMost: number;
  /** What is left for BARs with RAM in the largest entries. */
  readonly forBars: number;
}

/** How an HVM guest's paging pool is used before any BAR is mapped; null for other guests. */
export function poolBudget(scenario: Scenario, layout: Layout): PoolBudget | null {
  const { guest, release, options } = scenario;
  if (guest.kind !== "hvm") return null;
  const hap = guest.hap && options.hap && scenario.hapPresent;
  const { pages } = pagingPool({
    release,
    kind: guest.kind,
    hap,
    vcpus: guest.vcpus,
    maxMemMiB: guest.maxMemMiB,
    shadowMemoryMiB: guest.shadowMemoryMiB,
  });
  const creation = takenAtCreation({
    release,
    vcpus: guest.vcpus,
    altp2m: options.altp2m && scenario.cpu === "intel",
  }).pages;
  const with2m = scenario.has2m && options.hap2mb && (hap || release.shadowSuperpages);
  const with1g = hap && scenario.has1g && options.hap1gb;
  const ramLeast = ramTables(layout, with1g ? 18 : with2m ? 9 : 0, with2m ? 9 : 0);
  const ramMost = ramTables(layout, 0, 0);
  return { pages, creation, ramLeast, ramMost, forBars: Math.max(0, pages - creation - ramLeast) };
}

/** Tables for the guest's RAM: aligned blocks at `order`, the rest at `rest`, the first 2 MiB in 4 KiB entries. */
function ramTables({ ram }: Layout, order: 0 | 9 | 18, rest: 0 | 9): number {
  if (!ram) return 0;
  const ranges = [
    { start: 0, end: Math.floor(ram.lowRamEnd / 4096) },
    ...(ram.highRamEnd === null ? [] : [{ start: 2 ** 20, end: Math.floor(ram.highRamEnd / 4096) }]),
  ];
  const block = 2 ** order;
  return tablesFor(
    ranges.flatMap(({ start, end }) => {
      const from = start === 0 ? Math.max(block, 512) : Math.ceil(start / block) * block;
      const to = Math.max(from, Math.floor(end / block) * block);
      return [
        { start, end: Math.min(512, end), order: 0 as const },
        { start: Math.max(start, 512), end: Math.min(from, end), order: rest },
        { start: from, end: Math.min(to, end), order },
        { start: Math.min(to, end), end, order: rest },
      ].filter((range) => range.start < range.end);
    }),
  ).pages;
}
