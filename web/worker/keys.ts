import { mergeKeys, parseKey } from "../../src/plan/keys.ts";
import type { ScenarioKeys } from "../../src/plan/scenario.ts";
import type { Change } from "../protocol.ts";
import { orThrow } from "./failure.ts";

/** Scenario keys by name as the planner takes them. Throws InputError that names a key at fault. */
export function keysOf(changes: readonly Change[]): ScenarioKeys {
  let keys: ScenarioKeys = {};
  for (const [key, value] of changes) {
    const parsed = parseKey(key, value);
    keys = mergeKeys(keys, orThrow(typeof parsed === "string" ? `${key}: ${parsed}` : parsed));
  }
  return keys;
}
