import { type LogLine, stripLogPrefix } from "./log-prefix.ts";
import type { AddNote } from "./notes.ts";
import { lines } from "./text.ts";

export interface LogEntry extends LogLine {
  readonly line: number;
}

interface Candidate extends LogEntry {
  readonly width: number;
  /** No prefix of any kind was there. */
  readonly bare: boolean;
}

const WRAP_WIDTH = 60;
const MAX_JOINED = 8192;
const COMMAND_LINE = "Command line:";
const OPEN_SIZES = /page sizes: 4kB[^.]{0,60}$/;

/**
 * The messages of a hypervisor's log: prefixes off, wrapped and piecewise printed ones joined, only the last boot's.
 * Where `(XEN)` stands in the file at all, a line without it is not the hypervisor's: dom0's kernel prints alike.
 */
export function readLogEntries(text: string, add: AddNote): readonly LogEntry[] {
  const all = lines(text, { onCut: (says, at) => add("missing", says, at) })
    .filter(({ text: raw }) => raw.trim() !== "")
    .map(({ text: raw, line }) => {
      const stripped = stripLogPrefix(raw);
      return { ...stripped, line, width: raw.trimEnd().length, bare: stripped.text === raw.trim() };
    });
  const marked = all.some(({ hypervisor }) => hypervisor);
  const result: Candidate[] = [];
  for (const entry of all) {
    const before = result.at(-1);
    const glue = before === undefined ? undefined : glueBetween(before, entry);
    if (before !== undefined && glue !== undefined) {
      result[result.length - 1] = { ...before, text: `${before.text}${glue}${entry.text}`, width: entry.width };
      if (glue !== "") add("assumed", "this line is taken for the rest of the command line", entry.line);
    } else if (!marked || entry.hypervisor || entry.domain !== null) result.push(entry);
  }
  return lastBoot(result, add);
}

/** What joins a line to the one before that it continues; undefined where it stands for itself. */
function glueBetween(before: Candidate, entry: Candidate): string | undefined {
  if (before.domain !== null || entry.domain !== null || before.text.length > MAX_JOINED) return undefined;
  if (OPEN_SIZES.test(before.text) && /^[,.]/.test(entry.text)) return "";
  const wrapped = before.text.startsWith(COMMAND_LINE) && before.width >= WRAP_WIDTH;
  return wrapped && before.hypervisor && entry.bare ? " " : undefined;
}

function lastBoot(entries: readonly Candidate[], add: AddNote): readonly LogEntry[] {
  const starts = ({ text, domain }: LogEntry): boolean => domain === null && text.startsWith("Xen version ");
  const last = entries.findLastIndex(starts);
  if (last === entries.findIndex(starts)) return entries;
  const line = entries[last]?.line;
  add("info", `the log holds several boots; the last one, from line ${line} on, is read`, line);
  return entries.slice(last);
}
