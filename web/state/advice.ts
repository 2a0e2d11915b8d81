import { effect, signal } from "@preact/signals";
import type { Advice } from "../../src/plan/advice.ts";
import type { Change, Progress } from "../protocol.ts";
import { changes, client, openWith, picture } from "./store.ts";

/** What a change of the scenario would save, best first; null while it is looked for. */
export const advice = signal<readonly Advice[] | null>(null);
export const adviceProgress = signal<Progress | null>(null);

/** Look for advice for each plan that is opened. */
export function followAdvice(): void {
  effect(() => {
    const asked = client.value;
    advice.value = null;
    adviceProgress.value = null;
    if (asked === null || picture.value?.kind !== "plan") return;
    const isStill = (): boolean => client.peek() === asked;
    void asked
      .call("advise", {}, (progress) => {
        if (isStill()) adviceProgress.value = progress;
      })
      .then(
        (found) => {
          if (isStill()) advice.value = found;
        },
        () => {
          if (isStill()) advice.value = [];
        },
      );
  });
}

/** Try changes on top of those that are tried already; a later one for the same key wins. */
export function tryChange(change: Readonly<Record<string, string>>): Promise<void> {
  const added = Object.entries(change);
  const kept = changes.value.filter(([key]) => key === "bar-address" || !added.some(([other]) => other === key));
  return openWith([...kept, ...added]);
}

/** Take one change back. */
export const undoChange = (index: number): Promise<void> => openWith(changes.value.filter((_, i) => i !== index));

/** Set one key, or leave it to the inputs where the value is empty. */
export function setKey(key: string, value: string): Promise<void> {
  const kept = changes.value.filter(([other]) => other !== key);
  return openWith(value === "" ? kept : [...kept, [key, value] as Change]);
}
