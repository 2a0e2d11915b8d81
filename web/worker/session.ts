import type { ByteSource } from "../../src/image/source.ts";
import { readInputs } from "../../src/inventory/read.ts";
import type { Inventory } from "../../src/inventory/types.ts";
import { advise } from "../../src/plan/advice.ts";
import { mergeKeys, parseKey } from "../../src/plan/keys.ts";
import type { ScenarioKeys } from "../../src/plan/scenario.ts";
import type { Tree } from "../../src/radix/tree.ts";
import type { Api, Change, Progress } from "../protocol.ts";
import { InputError, orThrow } from "./failure.ts";
import { type OpenedPlan, openPlan } from "./open-plan.ts";
import { walkOf } from "./walk.ts";

type Tell = (progress: Progress) => void;

/** The API with a way to tell how far a call has come. */
export type Session = { readonly [K in keyof Api]: (args: Parameters<Api[K]>[0], tell: Tell) => ReturnType<Api[K]> };

/** What was opened last, and questions about it. */
export function makeSession(_bytesOf: (file: File) => ByteSource): Session {
  let trees: readonly Tree[] = [];
  let opened: { readonly plan: OpenedPlan; readonly inventory: Inventory; readonly keys: ScenarioKeys } | null = null;
  return {
    open({ inputs, changes }) {
      const inventory = readInputs(inputs.texts);
      const keys = keysOf(changes);
      const plan = openPlan(inventory, keys);
      opened = { plan, inventory, keys };
      trees = plan.trees;
      return plan.picture;
    },
    walk({ tree, frame }) {
      const found = trees[tree];
      if (!found) throw new InputError("there are no tables to walk");
      return walkOf(found, tree, frame);
    },
    advise(_, tell) {
      if (!opened) return [];
      return advise(opened.inventory, opened.keys, opened.plan.planned, {
        onCandidate: (says, done, total) => tell({ says: `trying: ${says}`, part: done / total }),
      });
    },
  };
}

function keysOf(changes: readonly Change[]): ScenarioKeys {
  let keys: ScenarioKeys = {};
  for (const [key, value] of changes) keys = mergeKeys(keys, orThrow(parseKey(key, value)));
  return keys;
}
