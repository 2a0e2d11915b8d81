import type { EMPTY, FAULT, LEAF, TABLE } from "../../src/format/format.ts";
import type { audit } from "../../src/inspect/audit/audit.ts";
import type { AuditTree } from "../../src/inspect/audit/rule.ts";
import type { mappedRuns } from "../../src/inspect/mapped-run.ts";

/** What the mutation run needs of the library. */
export interface Library {
  readonly audit: typeof audit;
  readonly mappedRuns: typeof mappedRuns;
  readonly kinds: {
    readonly EMPTY: typeof EMPTY;
    readonly LEAF: typeof LEAF;
    readonly TABLE: typeof TABLE;
    readonly FAULT: typeof FAULT;
  };
}

export interface Tally {
  readonly flips: number;
  readonly harmful: number;
  readonly named: number;
  readonly harmless: number;
  /** Harmless flips that the audit speaks of. */
  readonly alarms: number;
  /** What it missed, and how often. */
  readonly missed: ReadonlyMap<string, number>;
  /** Rules that speak of harmless flips, and how often. */
  readonly alarmRules: ReadonlyMap<string, number>;
}

export function randomFrom(seed: number): () => number;
export function mutate(trees: readonly AuditTree[], count: number, seed: number, library: Library): Tally;
