import { hex } from "../address.ts";
import type { Inventory } from "../inventory/types.ts";
import { pagingPool, tablesFor, takenAtCreation } from "../platform/paging-pool.ts";
import { errnoName } from "../xen/constants.ts";
import { type LaidDevice, type Layout, layOut } from "./layout.ts";
import type { Scenario } from "./scenario.ts";
import { type Simulation, simulate } from "./simulate.ts";

/** One thing that does not fit, or may not. */
export interface FitFinding {
  readonly code:
    | "no-address"
    | "no-room"
    | "beyond-guest-width"
    | "beyond-host-width"
    | "beyond-iommu-width"
    | "pool-dry"
    | "pool-tight"
    | "refused"
    | "cannot-assign";
  /** "fault": it does not work. "risk": it depends on what the inputs do not tell. */
  readonly severity: "fault" | "risk";
  readonly says: string;
  /** The exact line that would mend it, and where it goes; null when none would. */
  readonly set: { readonly where: string; readonly line: string } | null;
}

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

export function poolBudget(scenario: Scenario, layout: Layout): PoolBudget | null {
  const { guest, release, options } = scenario;
  if (guest.kind !== "hvm") return null;
  const { pages } = pagingPool({
    release,
    kind: guest.kind,
    hap: guest.hap && options.hap,
    vcpus: guest.vcpus,
    maxMemMiB: guest.maxMemMiB,
    shadowMemoryMiB: guest.shadowMemoryMiB,
  });
  const creation = takenAtCreation({
    release,
    vcpus: guest.vcpus,
    altp2m: options.altp2m && scenario.cpu === "intel",
  }).pages;
  const [ramLeast, ramMost] = ([scenario.has1g && options.hap1gb ? 18 : 9, 0] as const).map((order) =>
    ramTables(layout, order),
  ) as [number, number];
  return { pages, creation, ramLeast, ramMost, forBars: Math.max(0, pages - creation - ramLeast) };
}

/** Tables for the guest's RAM: whole GiB at `order`, the rest in 2 MiB entries, the first 2 MiB in 4 KiB ones. */
function ramTables({ ram }: Layout, order: 0 | 9 | 18): number {
  if (!ram) return 0;
  const ranges = [
    { start: 0, end: Math.floor(ram.lowRamEnd / 4096) },
    ...(ram.highRamEnd === null ? [] : [{ start: 2 ** 20, end: Math.floor(ram.highRamEnd / 4096) }]),
  ];
  if (order === 0) return tablesFor(ranges.map((range) => ({ ...range, order: 0 as const }))).pages;
  return tablesFor(
    ranges.flatMap(({ start, end }) => {
      const from = Math.ceil(start / 2 ** order) * 2 ** order;
      const to = Math.floor(end / 2 ** order) * 2 ** order;
      const large = from < to ? [{ start: from === 0 ? 2 ** order : from, end: to, order }] : [];
      return [
        ...large,
        { start: Math.max(start, to), end, order: 9 as const },
        ...(start === 0 ? [{ start: 0, end: 512, order: 0 as const }] : []),
      ];
    }),
  ).pages;
}

const gib = (bytes: number): string => `${(bytes / 2 ** 30).toFixed(bytes % 2 ** 30 === 0 ? 0 : 1)} GiB`;

/** What does not fit, worst first. */
export function findFit(
  scenario: Scenario,
  inventory: Inventory,
  layout: Layout,
  simulation: Simulation,
  budget: PoolBudget | null,
): readonly FitFinding[] {
  const findings: FitFinding[] = [];
  const { guest, iommu, options, release } = scenario;
  if (guest.kind === "hvm" && guest.passthrough === "disabled" && release.iommuFixedAtCreation)
    findings.push({
      code: "cannot-assign",
      severity: "fault",
      says: "a guest created with passthrough=disabled cannot get devices (-EOPNOTSUPP)",
      set: { where: "xl.cfg", line: 'passthrough = "enabled"' },
    });
  if (guest.kind !== "pv" && (iommu === null || !options.iommu))
    findings.push({
      code: "cannot-assign",
      severity: "fault",
      says: "without an IOMMU in use no device can be assigned to a translated guest",
      set: options.iommu ? null : { where: "Xen command line", line: "iommu=on" },
    });
  for (const { device, bars } of layout.devices)
    for (const laid of bars) findings.push(...barFindings(scenario, inventory, device.bdf, laid));
  findings.push(...refusals(scenario, layout, simulation, budget));
  if (budget && !findings.some(({ code }) => code === "pool-dry")) {
    const need = budget.creation + budget.ramMost + simulation.ledger.p2mTables;
    if (need > budget.pages)
      findings.push({
        code: "pool-tight",
        severity: "risk",
        says: `the paging pool has ${budget.pages.toLocaleString("en")} pages; it is enough while RAM is in large entries, but with RAM in 4 KiB entries ${need.toLocaleString("en")} would be needed`,
        set: { where: "xl.cfg", line: `shadow_memory = ${Math.ceil(need / 256)}` },
      });
  }
  return findings.sort((a, b) => (a.severity === b.severity ? 0 : a.severity === "fault" ? -1 : 1));
}

function barFindings(
  scenario: Scenario,
  inventory: Inventory,
  bdf: string,
  laid: LaidDevice["bars"][number],
): readonly FitFinding[] {
  const { bar, guest, problem } = laid;
  const title = `${bdf} BAR ${bar.index}`;
  if (problem !== null)
    return bar.address === null ||
      bar.size === null ||
      laid.placed === null ||
      typeof laid.placed !== "string" ||
      !laid.placed.startsWith("no-space")
      ? [{ code: "no-address", severity: "fault", says: `${title}: ${problem}`, set: null }]
      : [
          {
            code: "no-room",
            severity: "fault",
            says: `${title} (${gib(bar.size)}): ${problem}`,
            set: roomFor(scenario, inventory),
          },
        ];
  if (guest === null || bar.size === null) return [];
  const end = guest + bar.size;
  const findings: FitFinding[] = [];
  const beyond = (width: number): boolean => end > 2 ** width;
  if (beyond(scenario.guest.physBits))
    findings.push({
      code: "beyond-guest-width",
      severity: "fault",
      says: `${title} ends at ${hex(end - 1)}, beyond the guest's ${scenario.guest.physBits} physical address bits`,
      set: null,
    });
  if (beyond(scenario.hostPhysBits))
    findings.push({
      code: "beyond-host-width",
      severity: "fault",
      says: `${title} ends at ${hex(end - 1)}, beyond the processor's ${scenario.hostPhysBits} physical address bits: Xen enters it, but no access can reach it`,
      set: null,
    });
  if (scenario.iommu && beyond(48))
    findings.push({
      code: "beyond-iommu-width",
      severity: "fault",
      says: `${title} ends at ${hex(end - 1)}, beyond the 48 bits that the P2M and the IOMMU's tables translate`,
      set: null,
    });
  return findings;
}

/** The smallest change of the guest's configuration with which every BAR finds a place. */
function roomFor(scenario: Scenario, inventory: Inventory): FitFinding["set"] {
  const { guest } = scenario;
  const fits = (change: Partial<Scenario["guest"]>): boolean =>
    layOut({ ...scenario, guest: { ...guest, ...change } }, inventory).devices.every(({ bars }) =>
      bars.every(({ placed }) => placed === null || !placed.startsWith("no-space")),
    );
  for (let mib = 256; mib <= 3840; mib += 256)
    if (mib > (guest.mmioHoleMiB ?? 0) && fits({ mmioHoleMiB: mib }))
      return { where: "xl.cfg", line: `mmio_hole = ${mib}` };
  for (let bits = guest.physBits + 1; bits <= scenario.hostPhysBits; bits++)
    if (fits({ physBits: bits }))
      return { where: "the guest's CPUID", line: `physical address width of at least ${bits} bits` };
  return null;
}

/** Pieces that the hypervisor refused, the dry pool first. */
function refusals(
  scenario: Scenario,
  layout: Layout,
  simulation: Simulation,
  budget: PoolBudget | null,
): readonly FitFinding[] {
  const findings: FitFinding[] = [];
  for (const { laid, bars } of simulation.devices)
    for (const { laid: bar, pieces } of bars)
      for (const { piece, outcome } of pieces) {
        if (outcome.result >= 0) continue;
        const title = `${laid.device.bdf} BAR ${bar.bar.index}`;
        const dry = outcome.result === -12 || (outcome.result === -2 && !scenario.release.eptNoTableIsEnomem);
        if (dry && budget) {
          const need = budget.creation + budget.ramMost + simulate(scenario, layout).ledger.p2mTables;
          findings.push({
            code: "pool-dry",
            severity: "fault",
            says: `${title}: the paging pool (${budget.pages.toLocaleString("en")} pages) runs dry after ${outcome.pagesDone.toLocaleString("en")} of ${piece.pages.toLocaleString("en")} pages; the call fails with ${errnoName(outcome.result)}, the toolstack unmaps what it had mapped, and the tables built so far keep their pages`,
            set: { where: "xl.cfg", line: `shadow_memory = ${Math.ceil(need / 256)}` },
          });
        } else
          findings.push({
            code: "refused",
            severity: "fault",
            says: `${title}: Xen refuses the piece at ${hex(piece.gfn * 4096)} with ${errnoName(outcome.result)} after ${outcome.pagesDone.toLocaleString("en")} pages`,
            set: null,
          });
      }
  return findings;
}
