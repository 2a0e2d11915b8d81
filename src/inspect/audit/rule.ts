import type { Mfn } from "../../address.ts";
import type { DecodeOptions, EntryFault, EntryKind, Raw } from "../../format/format.ts";
import type { Run } from "../../radix/runs.ts";
import type { Tree } from "../../radix/tree.ts";
import type { FrameRange, FrameSet } from "../../ranges.ts";
import type { Words } from "../mapped-run.ts";
import type { Owner } from "../owner.ts";

/**
 * fault: the hardware faults on it, or a device or guest reaches what it must not. risk: works, but not as meant, or no
 * longer after the next change. waste: could be cheaper. note: worth knowing, nothing to mend.
 */
export type Severity = "fault" | "risk" | "waste" | "note";
export const SEVERITIES: readonly Severity[] = ["fault", "risk", "waste", "note"];

/** One tree to be checked, and whose it is. */
export interface AuditTree {
  /** What findings call it, such as "d1 p2m". */
  readonly name: string;
  /** The owning domain; 0 is the hardware domain; null where unknown. */
  readonly domain: number | null;
  readonly what: "p2m" | "iommu";
  readonly tree: Tree;
  /** Trees of one domain whose number nothing tells have the same. Default: such trees are taken for one domain's. */
  readonly group?: number;
  /** Why this is taken for a tree, and for whose; left out where it was given. */
  readonly evidence?: readonly string[];
}

/** Whether two trees are taken for one domain's. */
export const sameDomain = (a: AuditTree, b: AuditTree): boolean => a.domain === b.domain && a.group === b.group;

/** A memory BAR of the host, in machine frames. */
export interface AuditBar {
  readonly bdf: string;
  readonly index: number;
  readonly start: number;
  readonly pages: number;
  /** Frames of its MSI-X table and pending bits, which the device model keeps for itself. */
  readonly holes: readonly FrameRange[];
}

/** What an audit looks at. */
export interface AuditInput {
  readonly trees: readonly AuditTree[];
  /** Machine frames that belong to the hypervisor. */
  readonly hypervisor?: FrameSet<Mfn>;
  readonly bars?: readonly AuditBar[];
  /** What the processor and the IOMMU can do: widths, page sizes. */
  readonly decode?: DecodeOptions;
  /** Whose tables these are; told from the entries where left out. */
  readonly owner?: "xen" | "kvm";
  /** Stop surveying a tree after so many tables. Default 2^20. */
  readonly maxTables?: number;
}

/** A table that was reached. */
export interface Visit {
  readonly table: Mfn;
  readonly level: number;
  /** First input frame that it covers. */
  readonly base: number;
}

/** A tree, every table of which was reached once. */
export interface SurveyedTree extends AuditTree {
  readonly owner: Owner;
  /** Tables in ascending order of what they cover, each with its first parent only. */
  readonly visits: readonly Visit[];
  /** Pointers to tables that the memory lacks, that another entry points to as well, that lead back to a table above. */
  readonly outside: readonly Hit[];
  readonly shared: readonly Hit[];
  readonly cyclic: readonly Hit[];
  /** Runs, at most 2^18. */
  readonly runs: readonly Run[];
  readonly words: (run: Run) => Words;
  /** Why something of it was not looked at; null when all was. */
  readonly cut: string | null;
}

/** A domain's P2M and the tables of its own that its devices walk. */
export interface Pair {
  readonly p2m: SurveyedTree;
  readonly iommu: SurveyedTree;
}

/** Everything that rules look at. */
export interface Facts {
  readonly input: AuditInput;
  readonly trees: readonly SurveyedTree[];
  readonly pairs: readonly Pair[];
}

/** One place where a rule applies. */
export interface Hit {
  readonly tree: SurveyedTree;
  /** First input frame concerned, and how many. */
  readonly at: number;
  readonly pages: number;
  readonly level: number | null;
  /** The entry at fault; null where it is not one entry. */
  readonly raw: Raw | null;
  /** One clause on what is found here. */
  readonly says: string;
}

/** Entries of one table that are alike: leaves that go on in the same way, equal software entries, or one pointer. */
export interface EntryFact {
  readonly tree: SurveyedTree;
  readonly visit: Visit;
  readonly index: number;
  readonly count: number;
  readonly lo: number;
  readonly hi: number;
  readonly kind: EntryKind;
  /** What the hardware would fault on. */
  readonly faults: readonly EntryFault[];
}

/** What a rule says of itself. */
export interface RuleText {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly severity: Severity;
  /** What is wrong, in one sentence. */
  readonly says: string;
  /** Section of a specification that it rests on. */
  readonly reference: string;
  /** What to do about it. */
  readonly fix: string;
}

/** A rule looks at entries, at tables, or at everything. Pure: the same facts, the same hits. */
export type Rule = RuleText &
  (
    | { readonly entry: (fact: EntryFact) => string | null }
    | { readonly table: (tree: SurveyedTree, visit: Visit, words: Uint32Array) => Iterable<Hit> }
    | { readonly check: (facts: Facts) => Iterable<Hit> }
  );
