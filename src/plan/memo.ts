import type { BootMaps } from "../platform/boot.ts";
import type { FrameRange } from "../ranges.ts";
import type { LaidDevice, Layout } from "./layout.ts";
import { bootOf, type MappedDevice } from "./map-device.ts";
import { inNormalForm, type NormalForm, normalForm } from "./normal-form.ts";
import type { Scenario, SeenByModel } from "./scenario.ts";
import { grantedFrames, readOnlyFrames, type SimulateOptions, type Simulation, simulate } from "./simulate.ts";

/** Carries a scenario out: `simulate`, or one that remembers. */
export type Simulator = (scenario: Scenario, layout: Layout, options: SimulateOptions) => Simulation;

const MOST_SIMULATIONS = 400;

/** A simulation whose memory others may use. */
function withoutTables(simulation: Simulation): Simulation {
  simulation.machine.memory.giveBack();
  return simulation;
}

/**
 * A simulator for plans of many hosts, most of which are alike: what was carried out is not carried out again, as long as
 * it is among the `most` used last. Hosts are alike when the model sees the same of them: names do not count, nor where
 * away from RAM a device lies (normal-form.ts). Whoever gets a simulation shares it and must not change it; its tables are
 * gone, since plans are made from counts.
 */
export function rememberingSimulator(most: number = MOST_SIMULATIONS): Simulator {
  const known = new Map<string, Simulation>();
  return (scenario, layout, options) => {
    const form = normalForm(scenario, layout);
    const boots = layout.devices.map((laid) => bootOf(scenario, laid));
    const key = JSON.stringify(dependsOn(scenario, layout, boots, options, form));
    const carryOut = (): Simulation => {
      const moved = inNormalForm(scenario, layout, form);
      return withoutTables(simulate(moved.scenario, moved.layout, options));
    };
    const found = known.get(key) ?? carryOut();
    // Moved to the end: a Map keeps the order of insertion.
    known.delete(key);
    known.set(key, found);
    if (known.size > most) known.delete(known.keys().next().value!);
    return { ...found, devices: found.devices.map((device, i) => ofLaid(device, layout.devices[i]!, boots[i]!)) };
  };
}

/** All that a simulation depends on; that nothing of `SeenByModel` is forgotten, the types see to. */
function dependsOn(
  scenario: SeenByModel,
  layout: Layout,
  boots: readonly BootMaps[],
  options: SimulateOptions,
  { shiftOf }: NormalForm,
): unknown {
  const { release, cpu, options: xen, hapPresent, iommu, cpus, hostPhysBits } = scenario;
  const { has2m, has1g, execSuperpagesAffected, mmio1g } = scenario;
  const host: Omit<SeenByModel, "release" | "devices" | "guest"> = {
    cpu,
    options: xen,
    hapPresent,
    has2m,
    has1g,
    execSuperpagesAffected,
    mmio1g,
    iommu,
    cpus,
    hostPhysBits,
  };
  const { kind, hap, passthrough, vcpus, iomem } = scenario.guest;
  // A guest's kernel only tells how often a boot repeats what was mapped.
  const guest: Omit<SeenByModel["guest"], "kernel"> = { kind, hap, passthrough, vcpus, iomem };
  const moved = ({ start, end }: FrameRange) => [start + shiftOf(start), end - start];
  return [
    [release.name, host, guest],
    [layout.ram?.lowRamEnd, layout.ram?.highRamEnd],
    // JSON writes null for what is not given and for infinity: both mean that the pool has no end.
    [options.barTables, options.boot],
    readOnlyFrames(scenario).map(moved),
    boots.map(({ adds, deletes }) => [adds, deletes]),
    layout.devices.map(({ bars }) =>
      bars.map((bar) => [
        grantedFrames(bar).map(moved),
        bar.pieces.map(({ gfn, mfn, pages }) => [gfn, mfn + shiftOf(mfn), pages]),
      ]),
    ),
  ];
}

/** What was carried out for a device that is alike, as this one's own: its names, its machine addresses. */
function ofLaid({ bars, ledger }: MappedDevice, laid: LaidDevice, boot: BootMaps): MappedDevice {
  return {
    laid,
    ledger,
    boot,
    bars: bars.map(({ pieces }, i) => ({
      laid: laid.bars[i]!,
      pieces: pieces.map((mapped, k) => {
        const piece = laid.bars[i]!.pieces[k]!;
        const by = piece.mfn - mapped.piece.mfn;
        const decisions = mapped.decisions.map((d) => ({ ...d, mfn: (d.mfn + by) as typeof d.mfn }));
        return { piece, outcome: mapped.outcome, decisions };
      }),
    })),
  };
}
