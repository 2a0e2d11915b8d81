import type { Dialect, DialectName, DumpLine, TextDump, TextNote, TextOptions } from "./dump.ts";
import { bareEntries } from "./entries.ts";
import { iommuEvents } from "./iommu-events.ts";
import { kvmCounters } from "./kvm-counters.ts";
import { kvmEvents } from "./kvm-events.ts";
import { dumpLines, isCut } from "./lines.ts";
import { linuxVtd } from "./linux-vtd.ts";
import { qemuMonitor } from "./qemu-monitor.ts";
import { xenEpt } from "./xen-ept.ts";
import { xenIommu } from "./xen-iommu.ts";

/** Every dialect; a line belongs to the first that claims it, so that the least special one comes last. */
export const DIALECTS: readonly Dialect[] = [
  xenEpt,
  xenIommu,
  linuxVtd,
  iommuEvents,
  kvmEvents,
  kvmCounters,
  qemuMonitor,
  bareEntries,
];

/** What a pasted text holds of page tables. */
export interface TextReading {
  readonly dumps: readonly TextDump[];
  readonly notes: readonly TextNote[];
}

const MOST_NOTES = 200;

/**
 * Reads page tables out of pasted text: Xen's debug keys D and o, Linux's domain_translation_struct, trace events of the
 * IOMMU layer and of KVM, KVM's counters, QEMU's monitor, bare entries (page-table-formats.md 9). What it is, is told from
 * the lines; several dumps may stand in one text, among other lines. Never throws; at most 2^20 lines are read.
 */
export function readTextDumps(text: string, options: TextOptions = {}): TextReading {
  const notes: TextNote[] = [];
  let more = 0;
  const note = (line: number | null, says: string): void => {
    if (notes.length < MOST_NOTES) notes.push({ line, says });
    else more++;
  };
  const { claimed, others } = shareOut(dumpLines(text, (says, line) => note(line, says)));
  const dumps = [...claimed].flatMap(([dialect, lines]) => dialect.read({ lines, options, note }));
  if (dumps.length > 0 && others.length > 0)
    note(others[0]!.line, `${others.length} line(s) are no part of a dump and were not read, this one first`);
  if (more > 0) notes.push({ line: null, says: `${more} more notes were left out` });
  return { dumps, notes };
}

/** Lines by the dialect that claims them. A cut belongs to the dialect that it cuts. */
function shareOut(lines: readonly DumpLine[]) {
  const claimed = new Map<Dialect, DumpLine[]>();
  const others: DumpLine[] = [];
  let current: DumpLine[] | undefined;
  for (const each of lines) {
    if (each.text.trim() === "") continue;
    const dialect = DIALECTS.find(({ claims }) => claims(each.text));
    if (dialect) {
      current = claimed.get(dialect) ?? [];
      claimed.set(dialect, current);
      current.push(each);
    } else if (current && isCut(each.text)) current.push(each);
    else others.push(each);
  }
  return { claimed, others };
}

/** Dialects of which a text has lines, told from its first 64 KiB. */
export function dialectsIn(text: string): readonly DialectName[] {
  const lines = dumpLines(text.slice(0, 2 ** 16), () => {});
  return DIALECTS.filter(({ claims }) => lines.some(({ text: line }) => claims(line))).map(({ name }) => name);
}
