import type { Layout } from "./layout.ts";
import type { Scenario } from "./scenario.ts";
import { type SimulateOptions, type Simulation, simulate } from "./simulate.ts";

/** Carries a scenario out: `simulate`, or one that remembers. */
export type Simulator = (scenario: Scenario, layout: Layout, options: SimulateOptions) => Simulation;

const MOST_SIMULATIONS = 48;

/** A simulation whose memory others may use. */
function withoutTables(simulation: Simulation): Simulation {
  simulation.machine.memory.giveBack();
  return simulation;
}

/**
 * A simulator for plans of many hosts, most of which are alike: what was carried out is not carried out again, as long as
 * it is among the `most` used last. The whole input is compared, but for the guest's name, which the model does not see.
 * Whoever gets a simulation shares it and must not change it; its tables are gone, since plans are made from counts.
 */
export function rememberingSimulator(most: number = MOST_SIMULATIONS): Simulator {
  const known = new Map<string, Simulation>();
  return (scenario, layout, options) => {
    const named = { ...scenario, release: scenario.release.name, guest: { ...scenario.guest, name: null } };
    const key = JSON.stringify([named, layout, options]);
    const found = known.get(key) ?? withoutTables(simulate(scenario, layout, options));
    // Moved to the end: a Map keeps the order of insertion.
    known.delete(key);
    known.set(key, found);
    if (known.size > most) known.delete(known.keys().next().value!);
    return found;
  };
}
