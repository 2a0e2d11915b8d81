import { effect, signal } from "@preact/signals";
import type { Advice } from "../../src/plan/advice.ts";
import type { Change, Progress } from "../protocol.ts";
import { startClient } from "./client.ts";
import { changes, inputsOf, openWith, picture, source } from "./store.ts";

/** What a change of the scenario would save, best first; null while it is looked for. */
export const advice = signal<readonly Advice[] | null>(null);
export const adviceProgress = signal<Progress | null>(null);

/**
 * Look for advice for each plan that is opened, in a worker of its own: the one that answers what is clicked must not be
 * kept busy for seconds.
 */
export function followAdvice(): void {
  let stop = (): void => {};
  effect(() => {
    const shown = picture.value;
    stop();
    advice.value = null;
    adviceProgress.value = null;
    const inputs = inputsOf(source.peek());
    if (shown?.kind !== "plan" || typeof inputs === "string") return;
    const helper = startClient();
    let isAsked = true;
    stop = (): void => {
      isAsked = false;
      helper.stop();
    };
    const found = helper.call("advise", { inputs, changes: changes.peek(), roots: [] }, (progress) => {
      adviceProgress.value = progress;
    });
    const done = (list: readonly Advice[]): void => {
      helper.stop();
      if (isAsked) advice.value = list;
    };
    found.then(done, () => done([]));
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
