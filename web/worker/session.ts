import type { ByteSource } from "../../src/image/source.ts";
import { readInputs } from "../../src/inventory/read.ts";
import { advise } from "../../src/plan/advice.ts";
import { type Planned, plan } from "../../src/plan/plan.ts";
import { enterRamAt } from "../../src/plan/why.ts";
import type { Tree } from "../../src/radix/tree.ts";
import type { Api, Progress } from "../protocol.ts";
import { InputError, orThrow } from "./failure.ts";
import { findTables } from "./found-tables.ts";
import { keysOf } from "./keys.ts";
import { openPlan } from "./open-plan.ts";
import { openTables } from "./open-tables.ts";
import { readFiles } from "./read-files.ts";
import { makeTimelines, type Timelines } from "./timelines.ts";
import { walkOf } from "./walk.ts";

type Tell = (progress: Progress) => void;

/** The API with a way to tell how far a call has come. */
export type Session = { readonly [K in keyof Api]: (args: Parameters<Api[K]>[0], tell: Tell) => ReturnType<Api[K]> };

interface Planning {
  readonly planned: Planned;
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
      planning = { planned: opened.planned, timelines: makeTimelines(opened.planned, inventory, keys) };
      trees = opened.trees;
      return opened.picture;
    },
    walk({ tree, frame }) {
      const found = trees[tree];
      if (!found) throw new InputError("there are no tables to walk");
      if (planning && tree === 0) enterRamAt(planning.planned, frame);
      return walkOf(found, tree, frame);
    },
    advise({ inputs, changes }, tell) {
      const inventory = readInputs(readFiles(inputs, bytesOf).texts);
      const keys = keysOf(changes);
      return advise(inventory, keys, orThrow(plan(inventory, keys, { advice: false })), {
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
