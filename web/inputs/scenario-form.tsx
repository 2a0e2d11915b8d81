import { SCENARIO_KEYS } from "../../src/plan/keys.ts";
import { setKey } from "../state/advice.ts";
import { changes, working } from "../state/store.ts";

/** Keys that are set by a place of their own, or more than once. */
const ELSEWHERE = new Set(["bar-address", "device"]);

/** Every scenario key as a field: empty is as the inputs have it. */
export function ScenarioForm() {
  return (
    <details class="scenario">
      <summary>Change the scenario by hand</summary>
      <div class="keys">
        {Object.entries(SCENARIO_KEYS)
          .filter(([key]) => !ELSEWHERE.has(key))
          .map(([key, { value, says }]) => (
            <KeyField key={key} name={key} value={value} says={says} />
          ))}
      </div>
    </details>
  );
}

function KeyField({ name, value, says }: { readonly name: string; readonly value: string; readonly says: string }) {
  const now = changes.value.findLast(([key]) => key === name)?.[1] ?? "";
  const words = /^[a-z0-9]+(\|[a-z0-9]+)+$/.test(value) ? value.split("|") : null;
  const id = `key-${name}`;
  const set = (text: string): void => {
    if (text.trim() !== now) void setKey(name, text.trim());
  };
  return (
    <div class="block">
      <label for={id}>
        <code>{name}</code> <span class="dim small">{says}</span>
      </label>
      {words ? (
        <select
          id={id}
          value={now}
          disabled={working.value !== null}
          onChange={(event) => set(event.currentTarget.value)}
        >
          <option value="">as the inputs have it</option>
          {words.map((word) => (
            <option key={word} value={word}>
              {word}
            </option>
          ))}
        </select>
      ) : (
        <input
          id={id}
          type="text"
          placeholder="as the inputs have it"
          value={now}
          disabled={working.value !== null}
          onChange={(event) => set(event.currentTarget.value)}
        />
      )}
    </div>
  );
}
