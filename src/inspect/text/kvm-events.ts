/** KVM's trace events of entries written: page-table-formats.md 9.5, kvm-mapping.md 2.3 to 2.5. */
import { type FormatName, LEAF, type Raw, SOFTWARE } from "../../format/format.ts";
import { FORMATS } from "../../format/index.ts";
import { pagesAt } from "../../radix/tree.ts";
import { runBuilder } from "./build.ts";
import type { Dialect, DialectInput, TextDump } from "./dump.ts";
import { isCut } from "./lines.ts";
import { paint, type Stroke } from "./paint.ts";
import { rawRun } from "./raw-run.ts";

const SIGN = /(?:^|\s)(kvm_mmu_set_spte|kvm_tdp_mmu_spte_changed): /;
const SET =
  /^gfn (?:0x)?([0-9a-f]{1,13}) spte (?:0x)?([0-9a-f]{1,16}) \(([rwxu-]{0,4})\) level (\d) at (?:0x)?[0-9a-f]{1,16}\s{0,8}$/;
const CHANGED =
  /^as id (\d{1,2}) gfn (?:0x)?([0-9a-f]{1,13}) level (\d) old_spte (?:0x)?[0-9a-f]{1,16} new_spte (?:0x)?([0-9a-f]{1,16})\s{0,8}$/;

interface Event {
  readonly gfn: number;
  readonly level: number;
  readonly raw: Raw;
}

const rawOf = (text: string): Raw => {
  const digits = text.padStart(16, "0");
  return { lo: Number.parseInt(digits.slice(8), 16), hi: Number.parseInt(digits.slice(0, 8), 16) };
};

/** An event, or null. Only address space 0 counts: 1 is that of system-management mode. */
function eventOf(name: string, rest: string): Event | "other" | null {
  const match = (name === "kvm_mmu_set_spte" ? SET : CHANGED).exec(rest);
  if (!match) return null;
  const set = name === "kvm_mmu_set_spte";
  if (!set && match[1] !== "0") return "other";
  const level = Number(set ? match[4] : match[3]);
  if (level < 1 || level > 5) return null;
  return { gfn: Number.parseInt(match[set ? 1 : 2]!, 16), level, raw: rawOf(match[set ? 2 : 4]!) };
}

/** NPT has MMU-writable in bit 10 and never bit 8, which is EPT's accessed bit (kvm-mapping.md 2.3, 2.4). */
function formatOf(events: readonly Event[]): FormatName {
  const npt = events.filter(({ raw: { lo } }) => (lo & 0x501) === 0x401).length;
  return npt * 2 > events.filter(({ raw: { lo } }) => (lo & 1) !== 0).length ? "npt" : "ept";
}

function read({ lines, note, options }: DialectInput): readonly TextDump[] {
  const events: Event[] = [];
  for (const { text, line } of lines) {
    const sign = SIGN.exec(text);
    const event = sign && eventOf(sign[1]!, text.slice(sign.index + sign[0].length));
    if (event && event !== "other") events.push(event);
    else if (isCut(text)) note(line, "the trace is cut here: what is mapped in the end may be wrong");
    else if (event === null) note(line, "looks like an event of KVM's page tables, and is not one");
  }
  if (events.length === 0) return [];
  const name = options.format ?? formatOf(events);
  const format = FORMATS[name];
  if (options.format === undefined) note(null, `entries taken for ${format.title} (--format says otherwise)`);
  note(
    null,
    "no event says which guest it is of, and a table's older entries are unknown: trace one guest from its start",
  );
  const strokes = events.map(({ gfn, level, raw }): Stroke<Event> => {
    const start = gfn - (gfn % pagesAt(level));
    const kind = format.kindOf(raw.lo, raw.hi, level);
    // A table begins empty: what it holds is written by events of its own.
    const kept = kind === LEAF || kind === SOFTWARE;
    return { start, end: start + pagesAt(level), value: kept ? { gfn: start, level, raw } : null };
  });
  const builder = runBuilder(note);
  for (const { start, end, value } of paint(strokes)) {
    const { gfn, level, raw } = value;
    const run = rawRun(format, gfn, raw, level, false, format.kindOf(raw.lo, raw.hi, level) === LEAF);
    const maps = run.maps === null ? null : run.maps + (start - gfn);
    builder.add({ ...run, start, pages: end - start, maps }, null);
  }
  const title = "entries left by KVM's traced events";
  return [
    { dialect: "kvm-events", title, domain: null, what: "p2m", format: name, runs: builder.runs(), leaves: null },
  ];
}

export const kvmEvents: Dialect = { name: "kvm-events", claims: (text) => SIGN.test(text), read };
