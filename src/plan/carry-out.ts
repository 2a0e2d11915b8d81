import type { Inventory } from "../inventory/types.ts";
import { isLaidAlike, type Layout, layOut } from "./layout.ts";
import type { Simulator } from "./memo.ts";
import { type PoolBudget, poolBudget } from "./pool.ts";
import type { Scenario } from "./scenario.ts";
import { type Simulation, simulate } from "./simulate.ts";

/** A scenario with its BARs placed, its paging pool counted, and both carried out on the model. */
export interface Carried {
  readonly scenario: Scenario;
  readonly layout: Layout;
  readonly budget: PoolBudget | null;
  readonly simulation: Simulation;
}

/**
 * Place, cut and map a scenario's BARs with the paging pool that the guest would have. `like`, another scenario of the
 * inventory, spares the placing where it would come out the same.
 */
export function carryOut(
  scenario: Scenario,
  inventory: Inventory,
  boot = true,
  simulator: Simulator = simulate,
  like: Carried | null = null,
): Carried {
  const layout = like && isLaidAlike(like.scenario, scenario) ? like.layout : layOut(scenario, inventory);
  const budget = poolBudget(scenario, layout);
  return { scenario, layout, budget, simulation: simulator(scenario, layout, { barTables: budget?.forBars, boot }) };
}
