import type { Inventory, Note } from "../inventory/types.ts";
import { usesIommu } from "../xen/domain.ts";
import { type AdviseOptions, advise } from "./advice.ts";
import { type Carried, carryOut } from "./carry-out.ts";
import type { PlanDocument, PlanTime } from "./document.ts";
import { findFit } from "./fit.ts";
import { deviceOf, rangeOf, reasonsOf } from "./plan-devices.ts";
import { platformRemarks, remarksFor, unverifiedIn } from "./remarks.ts";
import { type Resolved, resolveScenario } from "./resolve.ts";
import type { ScenarioKeys } from "./scenario.ts";
import type { Simulation } from "./simulate.ts";
import { DEFAULT_CALIBRATION, timeOf, timeShares } from "./time.ts";

/** How much of a plan is made, and with which costs. */
export interface PlanOptions extends AdviseOptions {
  /** Search for advice (several more runs of the model). Default true. */
  readonly advice?: boolean;
  /** Carry out what a boot repeats. Default true; without, `boot` holds the first mapping alone. */
  readonly boot?: boolean;
}

/** Everything that a plan rests on: for reports that need more than the document. */
export interface Planned extends Carried {
  readonly document: PlanDocument;
}

/**
 * Plan the devices of an inventory: place, cut, map on the model, and say what it costs, why, whether it fits, and what
 * to change. Returns a sentence when a key is wrong or nothing is left to plan.
 */
export function plan(inventory: Inventory, keys: ScenarioKeys = {}, options: PlanOptions = {}): Planned | string {
  const resolved = resolveScenario(inventory, keys);
  if (typeof resolved === "string") return resolved;
  if (resolved.scenario.devices.length === 0) return nothingToPlan(inventory);
  const carried = carryOut(resolved.scenario, inventory, options.boot, options.simulator);
  return { ...carried, document: documentOf(inventory, keys, options, resolved, carried) };
}

function nothingToPlan({ devices, notes }: Inventory): string {
  if (devices.length > 0) return "no device with a memory BAR to plan: name one with --device";
  const unread = notes.filter(({ kind, from }) => kind === "unread" && from?.line === undefined).slice(0, 3);
  const why = unread.map(({ says, from }) => ` (${from?.file ?? "input"}: ${says.split(":")[0]})`).join("");
  return `no PCI device in the inputs${why}: give the output of lspci -vv, or a copy of /sys/bus/pci/devices`;
}

function documentOf(
  inventory: Inventory,
  keys: ScenarioKeys,
  options: PlanOptions,
  resolved: Resolved,
  carried: Carried,
): PlanDocument {
  const { scenario, layout, budget, simulation } = carried;
  const { domain, machine, ledger, boot } = simulation;
  const calibration = options.calibration ?? DEFAULT_CALIBRATION;
  const timed = (costs: Simulation["ledger"]): PlanTime => ({
    ...timeOf(costs, calibration),
    unit: "s",
    calibration: calibration.name,
  });
  const notes: readonly Note[] = [...inventory.notes, ...resolved.notes];
  return {
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
    ...(simulation.iomem.length > 0 ? { iomem: simulation.iomem.map(rangeOf) } : {}),
    p2m:
      scenario.guest.kind === "pv"
        ? null
        : { format: domain.p2m.format.name, leaves: simulation.p2mLeaves, tables: ledger.p2mTables },
    iommu:
      domain.iommu && simulation.iommuLeaves
        ? {
            format: domain.iommu.tree.format.name,
            leaves: simulation.iommuLeaves,
            tables: ledger.iommuTables - ledger.iommuTablesFreed,
          }
        : null,
    ledger,
    time: timed(ledger),
    boot: {
      adds: sum(simulation.devices.map((device) => device.boot.adds)),
      deletes: sum(simulation.devices.map((device) => device.boot.deletes)),
      steps: simulation.devices.flatMap(({ laid, boot: { steps } }) =>
        steps.map((step) => ({ ...step, bdf: laid.device.bdf })),
      ),
      ledger: boot,
      time: timed(boot),
      goesTo: timeShares(boot, calibration).map(([kind, seconds]) => ({ kind, seconds })),
    },
    reasons: reasonsOf(simulation.devices),
    fit: findFit(carried, inventory),
    pool: budget,
    advice: options.advice === false ? [] : advise(inventory, keys, carried, { ...options, calibration }),
    remarks: [...platformRemarks(layout), ...remarksFor(scenario, simulation)],
    unverified: unverifiedIn(carried),
    notes,
  };
}

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
