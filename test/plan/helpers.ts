import type { Inventory } from "../../src/inventory/index.ts";
import { type Planned, type PlanOptions, parseKeys, plan, type ScenarioKeys } from "../../src/plan/index.ts";

/** A plan, or the test fails with the sentence. */
export function planned(inventory: Inventory, keys: ScenarioKeys = {}, options: PlanOptions = {}): Planned {
  const result = plan(inventory, keys, options);
  if (typeof result === "string") throw new Error(result);
  return result;
}

/** Its document, without advice unless asked for. */
export const document = (inventory: Inventory, keys: ScenarioKeys = {}, options: PlanOptions = {}) =>
  planned(inventory, keys, { advice: false, ...options }).document;

/** `KEY=VALUE,…` as keys, or the test fails with the sentence. */
export function keysOf(text: string): ScenarioKeys {
  const keys = parseKeys(text);
  if (typeof keys === "string") throw new Error(keys);
  return keys;
}
