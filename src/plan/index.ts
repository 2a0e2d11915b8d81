/**
 * Scenarios, plans and advice: what users' inputs say, placed, cut, mapped on the model, and explained.
 *
 * @module
 */

export { type Advice, advise } from "./advice.ts";
export { type CompareDocument, compare } from "./compare.ts";
export type {
  PlanBar,
  PlanDevice,
  PlanDocument,
  PlanPiece,
  PlanRemark,
  PlanScenario,
  PlanTables,
  PlanTime,
} from "./document.ts";
export type { FitFinding, PoolBudget } from "./fit.ts";
export { mergeKeys, parseKey, parseKeys, SCENARIO_KEYS } from "./keys.ts";
export { type Layout, layOut } from "./layout.ts";
export { optionsOf, xenOptions } from "./machine.ts";
export { type Planned, type PlanOptions, plan } from "./plan.ts";
export { type BarAddress, type Passthrough, resolveScenario, type Scenario, type ScenarioKeys } from "./scenario.ts";
export { readScript, runScript, type Script, type ScriptRun } from "./script.ts";
export { type Simulation, simulate } from "./simulate.ts";
export { type Calibration, DEFAULT_CALIBRATION, type TimeRange, timeOf, timeShares } from "./time.ts";
export { type WhyDocument, type WhyTree, walkSteps, why } from "./why.ts";
