import { count } from "../radix/runs.ts";
import type { FrameRange } from "../ranges.ts";
import { createDomain } from "../xen/create.ts";
import { assignDevice } from "../xen/devices.ts";
import type { Decision, Domain, DomainSpec } from "../xen/domain.ts";
import { iomemPermission } from "../xen/domctl.ts";
import { addLedgers, type Ledger, newLedger } from "../xen/ledger.ts";
import { type Machine, makeMachine } from "../xen/machine.ts";
import { enterRam } from "./enter-ram.ts";
import { barFrames, type LaidBar, type Layout, usable } from "./layout.ts";
import { bootLedger, type Mapped, type MappedDevice, mapDevice, mapRange, repeatOnce, standing } from "./map-device.ts";
import type { SeenByModel } from "./scenario.ts";

export interface Counts {
  readonly "4k": number;
  readonly "2m": number;
  readonly "1g": number;
}

/** A range of xl.cfg's `iomem=`, in frames, as it was mapped. */
export interface MappedRange extends Mapped {
  readonly gfn: number;
  readonly mfn: number;
  readonly pages: number;
}

/** A scenario carried out: the model as it stands afterwards, and what it cost. */
export interface Simulation {
  readonly machine: Machine;
  readonly domain: Domain;
  readonly devices: readonly MappedDevice[];
  /** One removal and mapping of each device after the first mapping; empty ledgers where none is repeated. */
  readonly rounds: readonly Ledger[];
  /** `iomem=` ranges, entered before the devices; not on the ledgers below. */
  readonly iomem: readonly MappedRange[];
  /** Mapping the selected devices' BARs once. */
  readonly ledger: Ledger;
  /** All mappings and removals of one boot, the first included. */
  readonly boot: Ledger;
  readonly p2mLeaves: Counts;
  /** null where there are no IOMMU tables of their own. */
  readonly iommuLeaves: Counts | null;
}

export interface SimulateOptions {
  /**
   * Paging-pool pages that are left for the BARs' tables (what creation and RAM take is left out of the model's pool).
   * Default unlimited.
   */
  readonly barTables?: number | undefined;
  /** Carry out what a boot repeats. Default true. */
  readonly boot?: boolean | undefined;
}

/** A domain to which the devices are assigned, with its RAM and `iomem=` ranges entered, and no BAR mapped yet. */
export function prepare(
  scenario: SeenByModel,
  layout: Layout,
  { barTables = Number.POSITIVE_INFINITY }: Pick<SimulateOptions, "barTables"> = {},
): Pick<Simulation, "machine" | "domain" | "iomem"> {
  const machine = machineOf(scenario);
  const domain = createDomain(machine, domainSpec(scenario));
  if (layout.ram) enterRam(domain, layout.ram);
  const isDom0 = scenario.guest.kind === "pvh";
  if (isDom0) domain.permissions.frames = machine.callerPermissions;
  else
    for (const { start, end } of layout.devices.flatMap(({ bars }) => bars.flatMap(grantedFrames)))
      iomemPermission(domain, start, end - start, true);
  // The toolstack maps iomem= ranges before it attaches devices (xen-mapping.md 1.2, consequences).
  const iomem = scenario.guest.iomem.map(({ gfn, mfn, pages }) => {
    iomemPermission(domain, mfn, pages, true);
    domain.decisions.length = 0;
    return { gfn, mfn, pages, ...mapRange(domain, gfn, mfn, pages) };
  });
  if (scenario.guest.passthrough !== "disabled")
    for (const { device } of layout.devices) assignDevice(domain, device.bdf);
  domain.started = true;
  domain.decisions.length = 0;
  domain.pool.pages = domain.pool.used + barTables;
  return { machine, domain, iomem };
}

/** Carry a scenario out on the model. */
export function simulate(scenario: SeenByModel, layout: Layout, options: SimulateOptions = {}): Simulation {
  const { machine, domain, iomem } = prepare(scenario, layout, options);
  const devices = layout.devices.map((laid) => mapDevice(scenario, domain, laid));
  const ledger = devices.map((device) => device.ledger).reduce(addLedgers, newLedger());
  // Counted before anything is repeated: the tables as one mapping leaves them.
  const p2mLeaves = byOrder(devices.flatMap(({ bars }) => bars.flatMap(({ pieces }) => pieces.flatMap(standing))));
  const iommuLeaves = domain.iommu ? iommuCounts(domain, layout) : null;
  const rounds = devices.map((device) =>
    options.boot !== false && device.boot.deletes > 0 ? repeatOnce(scenario, domain, device) : newLedger(),
  );
  const boot = options.boot === false ? ledger : bootOfAll(devices, rounds);
  return { machine, domain, devices, rounds, iomem, ledger, boot, p2mLeaves, iommuLeaves };
}

/** All mappings and removals of a boot that repeats each device as its `boot` says. */
export const bootOfAll = (devices: readonly MappedDevice[], rounds: readonly Ledger[]): Ledger =>
  devices.map(({ ledger, boot }, i) => bootLedger(ledger, rounds[i]!, boot)).reduce(addLedgers, newLedger());

/** The host of a scenario. */
export function machineOf(scenario: SeenByModel): Machine {
  return makeMachine({
    xen: scenario.release,
    cpu: scenario.cpu,
    physBits: scenario.hostPhysBits,
    cpus: scenario.cpus,
    options: scenario.options,
    has2m: scenario.has2m,
    has1g: scenario.has1g,
    hapPresent: scenario.hapPresent,
    execSuperpagesAffected: scenario.execSuperpagesAffected,
    iommu: scenario.iommu,
    mmioRo: readOnlyFrames(scenario),
    mmio1g: scenario.mmio1g,
  });
}

/** Table and PBA pages of the devices: read-only since dom0's back end prepared MSI-X (xen-mapping.md 8.6). Half-open. */
export function readOnlyFrames({ devices }: Pick<SeenByModel, "devices">): readonly FrameRange[] {
  return devices.flatMap(({ msix, bars }) =>
    msix === null
      ? []
      : [
          { at: msix.table, bytes: 16 * msix.vectors },
          { at: msix.pba, bytes: 8 * Math.ceil(msix.vectors / 64) },
        ].flatMap(({ at, bytes }) => {
          const bar = at && bars.find(({ index, kind }) => index === at.bar && kind === "memory");
          if (!at || !bar || bar.address === null) return [];
          const first = bar.address + at.offset;
          return [{ start: Math.floor(first / 4096), end: Math.floor((first + bytes - 1) / 4096) + 1 }];
        }),
  );
}

export function domainSpec({ guest }: SeenByModel): DomainSpec {
  const wanted = { disabled: "none", enabled: "default", share_pt: "share_pt", sync_pt: "sync_pt" } as const;
  return {
    id: guest.kind === "pvh" ? 0 : 1,
    guest: guest.kind,
    hap: guest.hap,
    iommu: guest.kind === "pvh" ? "default" : wanted[guest.passthrough],
    hardwareDomain: guest.kind === "pvh",
    vcpus: guest.vcpus,
    poolPages: Number.POSITIVE_INFINITY,
    mtrrsSet: true,
    // Nobody reads a plan's log, and what writes lines cannot be repeated without carrying it out.
    logLimit: 0,
  };
}

/** Machine frames of a BAR whose permission the toolstack grants. */
export const grantedFrames = ({ bar, problem }: LaidBar): readonly FrameRange[] =>
  problem === null && usable(bar) ? [barFrames(bar)] : [];

function byOrder(decisions: readonly Decision[]): Counts {
  const of = (order: number): number =>
    decisions.filter((d) => d.order === order).reduce((sum, d) => sum + d.pages / 2 ** order, 0);
  return { "4k": of(0), "2m": of(9), "1g": of(18) };
}

/** Leaves of the IOMMU's tables that map the devices' pieces. */
function iommuCounts(domain: Domain, layout: Layout): Counts {
  const total = { "4k": 0, "2m": 0, "1g": 0 };
  const names: Readonly<Record<number, keyof Counts>> = { 0: "4k", 9: "2m", 18: "1g" };
  const tree = domain.iommu!.tree;
  for (const { bars } of layout.devices)
    for (const { pieces } of bars)
      for (const { gfn, pages } of pieces)
        for (const [order, leaves] of count(tree, { from: gfn, to: gfn + pages }).leaves) {
          const name = names[order];
          if (name) total[name] += leaves;
        }
  return total;
}
