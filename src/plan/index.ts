/**
 * Scenarios, plans and advice: what users' inputs say, placed, cut, mapped on the model, and explained.
 *
 * @module
 */

export { type WalkStep, type WhyTree, walkSteps } from "../radix/steps.ts";
export { type AddressMap, addressMapOf, type MapBlock, type MapDifference, type Span } from "./address-map.ts";
export { type Advice, type AdviseOptions, advise } from "./advice.ts";
export { type BatchAnswer, type BatchError, batchError, batchHostSchema, planLine } from "./batch.ts";
export { type CalibrationDocument, calibrationSchema, readCalibration } from "./calibration.ts";
export { type Calibrated, calibrate } from "./calibration-fit.ts";
export type { CallRun, CallRuns, CallSum, LikeCalls, RepeatedCalls } from "./call-runs.ts";
export { type CompareDocument, compare } from "./compare.ts";
export type {
  PlanBar,
  PlanDevice,
  PlanDocument,
  PlanPiece,
  PlanRange,
  PlanRemark,
  PlanScenario,
  PlanTables,
  PlanTime,
} from "./document.ts";
export type { FitFinding } from "./finding.ts";
export { mergeKeys, overlayKeys, parseKey, parseKeys, SCENARIO_KEYS } from "./keys.ts";
export { type Layout, layOut } from "./layout.ts";
export { optionsOf, xenOptions } from "./machine.ts";
export { rememberingSimulator, type Simulator } from "./memo.ts";
export { type Planned, type PlanOptions, plan } from "./plan.ts";
export type { PoolBudget } from "./pool.ts";
export { type Resolved, resolveScenario } from "./resolve.ts";
export type { BarAddress, Passthrough, Scenario, ScenarioGuest, ScenarioKeys } from "./scenario.ts";
export { readScript, runScript, type Script, type ScriptRun } from "./script.ts";
export { type Simulation, simulate } from "./simulate.ts";
export { type Calibration, DEFAULT_CALIBRATION, type TimeRange, timeOf, timeShares } from "./time.ts";
export {
  type Timeline,
  type TimelineCall,
  type TimelineRange,
  type TimelineStep,
  type TimelineSum,
  timelineOf,
} from "./timeline.ts";
export { makeTracer, readTrace, type Tracer } from "./trace.ts";
export type {
  TraceDocument,
  TraceOutcome,
  TracePiece,
  TraceRange,
  TraceRequest,
  TraceTimes,
} from "./trace-document.ts";
export { type WhyDocument, why } from "./why.ts";
export type { WhyRules } from "./why-rules.ts";
