import type { FormatName } from "../../format/format.ts";
import type { MappedRun } from "../mapped-run.ts";

/** Kinds of text that tables are pasted as (page-table-formats.md 9). */
export type DialectName =
  | "xen-ept"
  | "xen-iommu"
  | "linux-vtd"
  | "iommu-events"
  | "kvm-events"
  | "kvm-counters"
  | "qemu-monitor"
  | "entries";

/** One set of tables, as a text tells it. */
export interface TextDump {
  readonly dialect: DialectName;
  /** What the text calls it: "domain 5, EPT p2m table". */
  readonly title: string;
  readonly domain: number | null;
  readonly what: "p2m" | "iommu";
  readonly format: FormatName | null;
  /** Ascending, without overlap; addresses count frames of 4 KiB. */
  readonly runs: readonly MappedRun[];
  /** Leaves by size where only these are told (KVM's counters); null elsewhere. */
  readonly leaves: { readonly "4k": number; readonly "2m": number; readonly "1g": number } | null;
}

/** Something of a text that was not, or not surely, understood. Lines count from 1. */
export interface TextNote {
  readonly line: number | null;
  readonly says: string;
}

/** A line without a log's prefixes; blanks before and after the text are kept. */
export interface DumpLine {
  readonly text: string;
  readonly line: number;
}

/** What the reader of a text may be told. */
export interface TextOptions {
  /** Format of raw entries where the text does not tell. */
  readonly format?: FormatName;
  /** Level of the first table of a bare list of entries. Default 1. */
  readonly level?: number;
  /** Input frame of the first entry of a bare list. Default 0. */
  readonly start?: number;
}

/** What a dialect's reader gets. */
export interface DialectInput {
  /** Lines that it claims by its sign, cuts among them. */
  readonly lines: readonly DumpLine[];
  readonly options: TextOptions;
  readonly note: (line: number | null, says: string) => void;
}

/** A dialect: how its lines look, and how they are read. Never throws. */
export interface Dialect {
  readonly name: DialectName;
  /** Whether a line may belong to it. Linear in the line's length. */
  readonly claims: (text: string) => boolean;
  readonly read: (input: DialectInput) => readonly TextDump[];
}
