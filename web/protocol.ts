import type { AuditDocument } from "../src/inspect/audit/audit.ts";
import type { RootDocument } from "../src/inspect/roots.ts";
import type { TextInput } from "../src/inventory/types.ts";
import type { Advice } from "../src/plan/advice.ts";
import type { PlanDocument } from "../src/plan/document.ts";
import type { TimeRange } from "../src/plan/time.ts";
import type { TimelineCall, TimelineRange } from "../src/plan/timeline.ts";
import type { WalkStep } from "../src/radix/steps.ts";

import type { Ledger } from "../src/xen/ledger.ts";

/** What the page and its worker say to each other: plain data, frames of 4 KiB as numbers, addresses as "0x…" bytes. */

/** A text with a name, or a file that the worker reads in slices. */
export interface Inputs {
  readonly texts: readonly TextInput[];
  readonly files: readonly File[];
}

/** A scenario key and its value, by the names that `--with` takes. */
export type Change = readonly [key: string, value: string];

export interface OpenArgs {
  readonly inputs: Inputs;
  readonly changes: readonly Change[];
  /** Roots to read of a memory image, "FORMAT:0xADDRESS:LEVELS"; those that look best where empty. */
  readonly roots: readonly string[];
}

/** What is known of the words of an entry. */
export interface RunWords {
  readonly access: string;
  readonly type: string | null;
  readonly memoryType: string | null;
}

/** Runs in ascending order as columns, so that a million of them cross to the page without being copied. */
export interface RunList {
  readonly count: number;
  /** First input frame, pages, first output frame (NaN: maps nothing). */
  readonly start: Float64Array;
  readonly pages: Float64Array;
  readonly maps: Float64Array;
  readonly order: Uint8Array;
  /** Index into `dictionary`. */
  readonly words: Uint16Array;
  readonly dictionary: readonly RunWords[];
}

export interface TreeProblem {
  readonly at: number;
  readonly pages: number;
  readonly says: string;
}

/** One set of page tables. */
export interface TreeInfo {
  readonly id: number;
  /** "EPT", "AMD-Vi". */
  readonly format: string;
  readonly title: string;
  readonly levels: number;
  readonly root: string | null;
  readonly runs: RunList;
  readonly problems: readonly TreeProblem[];
  /** There are tables to look at, not a text's account of them. */
  readonly walkable: boolean;
}

/** A named stretch of guest physical space. */
export interface Region {
  readonly kind: "ram" | "hole" | "bar" | "cut" | "iomem";
  readonly start: number;
  readonly pages: number;
  readonly label: string;
  readonly says: string;
}

/** Stretches that the P2M and the IOMMU's tables map differently, as columns; at most some ten thousand. */
export interface Disagreements {
  readonly count: number;
  readonly start: Float64Array;
  readonly pages: Float64Array;
  /** 0: only the P2M maps it. 1: only the IOMMU does. 2: they lead elsewhere. */
  readonly kind: Uint8Array;
}

/** What one guest, or one pair of trees, maps. */
export interface Space {
  readonly name: string;
  readonly regions: readonly Region[];
  readonly p2m: TreeInfo | null;
  readonly iommu: TreeInfo | null;
  /** RAM is among the runs; in a plan it is not, but for what shares tables with BARs. */
  readonly entersRam: boolean;
  /** The IOMMU walks the P2M's tables. */
  readonly shared: boolean;
  readonly disagreements: Disagreements;
}

/** Everything that the page draws, but for what it asks for when somebody looks. */
export interface Picture {
  readonly kind: "plan" | "tables";
  readonly title: string;
  readonly says: string;
  readonly spaces: readonly Space[];
  readonly plan: PlanDocument | null;
  readonly audit: AuditDocument | null;
  /** Page-table roots that a memory image holds, best first; null for other inputs. */
  readonly roots: readonly RootDocument[] | null;
  readonly notes: readonly string[];
}

/** A table on the way of a walk, and the kind of each of its entries. */
export interface WalkTable {
  readonly step: WalkStep;
  readonly cells: Uint8Array;
  /** First input frame that the table covers, and pages of one entry. */
  readonly base: number;
  readonly span: number;
}

export interface Walk {
  readonly tree: number;
  readonly frame: number;
  readonly tables: readonly WalkTable[];
  /** Machine address; null where the walk leads nowhere. */
  readonly maps: string | null;
  readonly order: number | null;
  /** Why it ended before a leaf or an empty entry; null where it did not. */
  readonly cut: string | null;
}

/** A scenario's mapping, call by call, as a curve: `samples` points from no call to all. */
export interface TimelineInfo {
  readonly name: string;
  readonly calls: number;
  readonly pages: number;
  readonly ranges: readonly TimelineRange[];
  readonly samples: { readonly calls: Float64Array; readonly pages: Float64Array; readonly seconds: Float64Array };
  /** All of it. */
  readonly total: Moment;
}

/** What was done and what it cost when a clock shows so much. */
export interface Moment {
  readonly calls: number;
  readonly pages: number;
  readonly ledger: Ledger;
  readonly time: TimeRange;
  /** The call that was made last. */
  readonly last: TimelineCall | null;
}

/** What the worker can be asked. */
export interface Api {
  open(args: OpenArgs): Picture;
  walk(args: { readonly tree: number; readonly frame: number }): Walk;
  /** What would make a plan of these inputs better. Takes several runs of the model, so that it is asked of a worker by itself. */
  advise(args: OpenArgs): readonly Advice[];
  /** The plan's own timeline and, where changes are given, that of the plan with them. None where nothing was planned. */
  timelines(args: { readonly against: readonly Change[] }): readonly TimelineInfo[];
  /** Where each of those timelines stands when a common clock shows so many nanoseconds. */
  moments(args: { readonly clock: number }): readonly Moment[];
  /** Nanoseconds after which so many calls of a timeline are done. */
  clockAt(args: { readonly scenario: number; readonly calls: number }): number;
}

export interface Progress {
  readonly says: string;
  /** 0 to 1. */
  readonly part: number;
}

export interface Request {
  readonly id: number;
  readonly call: keyof Api;
  readonly args: unknown;
}

export type Reply =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly error: string }
  | { readonly id: number; readonly progress: Progress };
