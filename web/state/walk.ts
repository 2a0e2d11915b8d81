import { effect, signal } from "@preact/signals";
import type { Space, TreeInfo, Walk } from "../protocol.ts";
import type { Client } from "./client.ts";
import { latest } from "./latest.ts";
import { client, selected, space, tree } from "./store.ts";

/** The walk of the selected frame through the chosen tree; null where there is none. */
export const walk = signal<Walk | null>(null);

/** The tree that is looked at: the IOMMU's is the P2M where both share. */
export const treeInView = (shown: Space, which: "p2m" | "iommu"): TreeInfo | null =>
  which === "p2m" ? shown.p2m : shown.shared ? shown.p2m : shown.iommu;

interface Question {
  readonly client: Client;
  readonly tree: number;
  readonly frame: number;
}

/** Keep `walk` what the selection asks for. */
export function followWalk(): void {
  const ask = latest<Question, Walk>(
    (question) => question.client.call("walk", { tree: question.tree, frame: question.frame }),
    (answer) => {
      walk.value = answer;
    },
    () => {
      walk.value = null;
    },
  );
  effect(() => {
    const shown = space.value;
    const info = shown && treeInView(shown, tree.value);
    if (!info?.walkable || client.value === null || selected.value === null) walk.value = null;
    else ask({ client: client.value, tree: info.id, frame: selected.value });
  });
}
