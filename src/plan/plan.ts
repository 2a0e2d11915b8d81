import { hex } from "../address.ts";
import type { Inventory, Note } from "../inventory/types.ts";
import { reasonOf } from "../platform/reasons.ts";
import { usesIommu } from "../xen/domain.ts";
import { REASONS, type ReasonCode } from "../xen/reasons.ts";
import { advise } from "./advice.ts";
import type { PlanBar, PlanDevice, PlanDocument, PlanRemark, PlanTime } from "./document.ts";
import { findFit, poolBudget } from "./fit.ts";
import { type Layout, layOut } from "./layout.ts";
import { remarksFor, unverifiedIn } from "./remarks.ts";
import { type Resolved, resolveScenario, type ScenarioKeys } from "./scenario.ts";
import { type MappedDevice, type Simulation, simulate } from "./simulate.ts";
import { type Calibration, DEFAULT_CALIBRATION, timeOf } from "./time.ts";

/** How much of a plan is made, and with which costs. */
export interface PlanOptions {
  readonly calibration?: Calibration;
  /** Search for advice (several more runs of the model). Default true. */
  readonly advice?: boolean;
  /** Carry out what a boot repeats. Default true; without, `boot` holds the first mapping alone. */
  readonly boot?: boolean;
}

/** Everything that a plan rests on: for reports that need more than the document. */
export interface Planned {
  readonly resolved: Resolved;
  readonly layout: Layout;
  readonly simulation: Simulation;
  readonly document: PlanDocument;
}

/**
 * Plan the devices of an inventory: place, cut, map on the model, and say what it costs, why, whether it fits, and what
 * to change. Returns a sentence when a key is wrong or nothing is left to plan.
 */
export function plan(inventory: Inventory, keys: ScenarioKeys = {}, options: PlanOptions = {}): Planned | string {
  const resolved = resolveScenario(inventory, keys);
  if (typeof resolved === "string") return resolved;
  const { scenario } = resolved;
  if (scenario.devices.length === 0)
    return inventory.devices.length === 0
      ? "no PCI device in the inputs: give the output of lspci -vv (or a copy of /sys/bus/pci/devices)"
      : "no device with a memory BAR to plan: name one with --device";
  const layout = layOut(scenario, inventory);
  const budget = poolBudget(scenario, layout);
  const simulation = simulate(scenario, layout, { barTables: budget?.forBars, boot: options.boot });
  const fit = findFit(scenario, inventory, layout, simulation, budget);
  const calibration = options.calibration ?? DEFAULT_CALIBRATION;
  const timed = (ledger: Simulation["ledger"]): PlanTime => ({
    ...timeOf(ledger, calibration),
    unit: "s",
    calibration: calibration.name,
  });
  const { domain, machine } = simulation;
  const steps = simulation.devices.flatMap(({ laid, boot }) =>
    boot.steps.map((step) => ({ ...step, bdf: laid.device.bdf })),
  );
  const notes: Note[] = [...inventory.notes, ...resolved.notes];
  const document: PlanDocument = {
    physmap: 1,
    kind: "plan",
    scenario: {
      xen: scenario.release.name,
      cpu: scenario.cpu,
      cmdline: scenario.cmdline,
      guest: scenario.guest.kind,
      name: scenario.guest.name,
      hap: domain.hap,
      passthrough: scenario.guest.passthrough,
      iommu: { enabled: machine.iommu !== null && usesIommu(domain), shared: domain.iommuMode === "shared" },
      physBits: { host: scenario.hostPhysBits, guest: scenario.guest.physBits },
      cpus: scenario.cpus,
      vcpus: scenario.guest.vcpus,
      memoryMiB: scenario.guest.memoryMiB,
      mmioHoleMiB: scenario.guest.mmioHoleMiB,
      guestKernel: scenario.guest.kernel,
    },
    devices: simulation.devices.map(deviceOf),
    p2m:
      scenario.guest.kind === "pv"
        ? null
        : { format: domain.p2m.format.name, leaves: simulation.p2mLeaves, tables: simulation.ledger.p2mTables },
    iommu:
      domain.iommu && simulation.iommuLeaves
        ? {
            format: domain.iommu.tree.format.name,
            leaves: simulation.iommuLeaves,
            tables: simulation.ledger.iommuTables - simulation.ledger.iommuTablesFreed,
          }
        : null,
    ledger: simulation.ledger,
    time: timed(simulation.ledger),
    boot: {
      adds: sum(simulation.devices.map(({ boot }) => boot.adds)),
      deletes: sum(simulation.devices.map(({ boot }) => boot.deletes)),
      steps,
      ledger: simulation.boot,
      time: timed(simulation.boot),
    },
    reasons: reasonsOf(simulation.devices),
    fit,
    pool: budget,
    advice: options.advice === false ? [] : advise(inventory, keys, scenario, layout, simulation, calibration),
    remarks: [...platformRemarks(layout), ...remarksFor(scenario, simulation)],
    unverified: unverifiedIn(scenario, layout, simulation),
    notes,
  };
  return { resolved, layout, simulation, document };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const hex16 = (id: number): string => id.toString(16).padStart(4, "0");

function deviceOf({ laid, bars }: MappedDevice): PlanDevice {
  const { device } = laid;
  return {
    bdf: device.bdf,
    id:
      device.vendorId === null || device.deviceId === null
        ? null
        : `${hex16(device.vendorId)}:${hex16(device.deviceId)}`,
    name: device.name,
    bars: bars.map(
      ({ laid: bar, pieces }): PlanBar => ({
        index: bar.bar.index,
        size: bar.bar.size,
        host: bar.bar.address === null ? null : hex(bar.bar.address),
        guest: bar.guest === null ? null : hex(bar.guest),
        prefetchable: bar.bar.prefetchable,
        width: bar.bar.width,
        placed: bar.placed,
        ...(bar.problem === null ? {} : { problem: bar.problem }),
        hypercalls: sum(pieces.map(({ outcome }) => outcome.hypercalls)),
        pieces: pieces.flatMap(({ decisions }) =>
          decisions.map(({ gfn, mfn, pages, order, because }) => ({
            gfn: hex(gfn),
            mfn: hex(mfn),
            pages,
            order,
            entries: pages / 2 ** order,
            because,
          })),
        ),
        holes: bar.holes.map(({ gfn, pages, because }) => ({ gfn: hex(gfn), pages, because })),
      }),
    ),
  };
}

/** Reasons by the pages that they decided, most first. */
function reasonsOf(devices: readonly MappedDevice[]): PlanDocument["reasons"] {
  const pages = new Map<ReasonCode, number>();
  for (const { bars } of devices)
    for (const bar of bars)
      for (const piece of bar.pieces)
        for (const decision of piece.decisions)
          pages.set(decision.because, (pages.get(decision.because) ?? 0) + decision.pages);
  return [...pages]
    .sort((a, b) => b[1] - a[1])
    .map(([code, count]) => ({ code, says: REASONS[code].says, pages: count }));
}

function platformRemarks(layout: Layout): readonly PlanRemark[] {
  // What happened to the low hole matters only where it left a BAR without a place.
  const homeless = layout.devices.some(({ bars }) => bars.some(({ placed }) => placed?.startsWith("no-space")));
  const onPlaces = layout.remarks.filter(({ code }) => homeless || !code.startsWith("hole-limited"));
  const all = [...onPlaces, ...layout.devices.flatMap(({ bars }) => bars.flatMap(({ remarks }) => remarks))];
  const seen = new Set<string>();
  return all
    .filter(({ code, says, unverified }) => {
      const key = `${code}\n${says}`;
      if (unverified || seen.has(key)) return false;
      seen.add(key);
      return true;
    })
    .map(({ code, says }) => ({ code, says: says === "" ? reasonOf(code).says : says }));
}
