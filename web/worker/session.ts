import type { ByteSource } from "../../src/image/source.ts";
import { readInputs } from "../../src/inventory/read.ts";
import type { Inventory } from "../../src/inventory/types.ts";
import { advise } from "../../src/plan/advice.ts";
import type { ScenarioKeys } from "../../src/plan/scenario.ts";
import { enterRamAt } from "../../src/plan/why.ts";
import type { Tree } from "../../src/radix/tree.ts";
import type { Api, Progress } from "../protocol.ts";
import { InputError } from "./failure.ts";
import { findTables } from "./found-tables.ts";
import { keysOf } from "./keys.ts";
import { type OpenedPlan, openPlan } from "./open-plan.ts";
import { openTables } from "./open-tables.ts";
import { readFiles } from "./read-files.ts";
import { makeTimelines, type Timelines } from "./timelines.ts";
import { walkOf } from "./walk.ts";

type Tell = (progress: Progress) => void;

/** The API with a way to tell how far a call has come. */
export type Session = { readonly [K in keyof Api]: (args: Parameters<Api[K]>[0], tell: Tell) => ReturnType<Api[K]> };

interface Planning {
  readonly opened: OpenedPlan;
  readonly inventory: Inventory;
  readonly keys: ScenarioKeys;
  readonly timelines: Timelines;
}

/** What was opened last, and questions about it. */
export function makeSession(bytesOf: (file: File) => ByteSource): Session {
  let trees: readonly Tree[] = [];
  let planning: Planning | null = null;
  return {
    open({ inputs, changes, roots }, tell) {
      const read = readFiles(inputs, bytesOf);
      const found = findTables(read, roots, tell);
      const inventory = readInputs(found.rest);
      if (found.trees.length + found.dumps.length > 0) {
        const opened = openTables(found, inventory, tell);
        trees = opened.trees;
        return opened.picture;
      }
      const keys = keysOf(changes);
      tell({ says: "planning", part: 0.3 });
      const opened = openPlan(inventory, keys);
      planning = { opened, inventory, keys, timelines: makeTimelines(opened.planned, inventory, keys) };
      trees = opened.trees;
      return opened.picture;
    },
    walk({ tree, frame }) {
      const found = trees[tree];
      if (!found) throw new InputError("there are no tables to walk");
      if (planning && tree === 0) enterRamAt(planning.opened.planned, frame);
      return walkOf(found, tree, frame);
    },
    advise(_, tell) {
      if (!planning) return [];
      const { inventory, keys, opened } = planning;
      return advise(inventory, keys, opened.planned, {
        onCandidate: (says, done, total) => tell({ says: `trying: ${says}`, part: done / total }),
      });
    },
    timelines({ against }) {
      return planning?.timelines.open(against) ?? [];
    },
    moments({ clock }) {
      return planning?.timelines.moments(clock) ?? [];
    },
    clockAt({ scenario, calls }) {
      return planning?.timelines.clockAt(scenario, calls) ?? 0;
    },
  };
}
