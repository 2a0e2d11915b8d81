import { hex } from "../../address.ts";
import type { FormatName } from "../../format/format.ts";
import { type ToldRun, toldRun } from "../told-run.ts";
import type { DialectName, TextDump, TextNote } from "./dump.ts";

/** The `dumps` document: what a text tells of page tables. Fields that it does not tell are null. */
export interface DumpsDocument {
  readonly physmap: 1;
  readonly kind: "dumps";
  readonly dumps: readonly {
    readonly name: string;
    readonly dialect: DialectName;
    readonly domain: number | null;
    readonly what: "p2m" | "iommu";
    readonly format: FormatName | null;
    /** Leaves by size; null where the text leaves sizes out. */
    readonly leaves: { readonly "4k": number; readonly "2m": number; readonly "1g": number } | null;
    readonly runs: readonly DumpRun[];
  }[];
  readonly notes: readonly { readonly line: number | null; readonly says: string }[];
}

/** Where a run is, and what the text tells of it. Addresses are bytes, `end` is inclusive. */
export interface DumpRun extends ToldRun {
  readonly start: string;
  readonly end: string;
}

function leavesOf({ runs, leaves }: TextDump): TextDump["leaves"] {
  if (leaves !== null || runs.some(({ present, order }) => present && order === null)) return leaves;
  const counted = { "4k": 0, "2m": 0, "1g": 0 };
  for (const { present, order, entries } of runs) {
    const size = order === 0 ? "4k" : order === 9 ? "2m" : order === 18 ? "1g" : null;
    if (present && size !== null) counted[size] += entries;
  }
  return counted;
}

/** What `readTextDumps` found, as a document. */
export const dumpsDocument = (dumps: readonly TextDump[], notes: readonly TextNote[]): DumpsDocument => ({
  physmap: 1,
  kind: "dumps",
  dumps: dumps.map((dump) => ({
    name: dump.title,
    dialect: dump.dialect,
    domain: dump.domain,
    what: dump.what,
    format: dump.format,
    leaves: leavesOf(dump),
    runs: dump.runs.map((run) => ({
      start: hex(run.start * 4096),
      end: hex((run.start + run.pages) * 4096 - 1),
      ...toldRun(run),
    })),
  })),
  notes: notes.map(({ line, says }) => ({ line, says })),
});
