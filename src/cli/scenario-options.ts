import { type Command, Option } from "commander";
import { mergeKeys, parseKey, SCENARIO_KEYS, type ScenarioKeys } from "../plan/index.ts";
import { orFail } from "./failure.ts";

const REPEATABLE = new Set(["device", "bar-address"]);

/** Add every scenario key as an option (contract, "Scenario keys"). */
export function addScenarioOptions(command: Command): Command {
  for (const [name, { value, says }] of Object.entries(SCENARIO_KEYS)) {
    const option = new Option(`--${name} <${value}>`, says);
    command.addOption(
      REPEATABLE.has(name)
        ? option.argParser((text: string, before: string[] | undefined) => [...(before ?? []), text])
        : option,
    );
  }
  return command.option("--as <KIND>", "take every input for this kind instead of telling it from its content");
}

const camel = (name: string): string => name.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());

/** The scenario keys among a command's options, as they were given: each with its value, or values where it may be repeated. */
function* keysIn(options: Readonly<Record<string, unknown>>): Generator<readonly [name: string, values: string[]]> {
  for (const name of Object.keys(SCENARIO_KEYS)) {
    const given = options[camel(name)];
    if (given !== undefined) yield [name, (Array.isArray(given) ? given : [given]).map(String)];
  }
}

/** The scenario keys among a command's options. Throws UsageError for a wrong value. */
export function scenarioKeys(options: Readonly<Record<string, unknown>>): ScenarioKeys {
  let keys: ScenarioKeys = {};
  for (const [name, values] of keysIn(options))
    for (const value of values) {
      const parsed = parseKey(name, value);
      keys = mergeKeys(keys, orFail(typeof parsed === "string" ? `--${name}: ${parsed}` : parsed));
    }
  return keys;
}

/** As `scenarioKeys`, in the words that were given, for those who read them themselves. Throws UsageError all the same. */
export function givenKeys(options: Readonly<Record<string, unknown>>): Readonly<Record<string, string | string[]>> {
  scenarioKeys(options);
  return Object.fromEntries(
    [...keysIn(options)].map(([name, values]) => [name, REPEATABLE.has(name) ? values : values[0]!]),
  );
}
