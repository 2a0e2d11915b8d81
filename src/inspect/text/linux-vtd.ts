/** Linux's debugfs file domain_translation_struct, old and new: page-table-formats.md 9.3. */
import { type Format, type FormatName, LEAF, type Raw, TABLE } from "../../format/format.ts";
import { FORMATS } from "../../format/index.ts";
import { type RunBuilder, runBuilder } from "./build.ts";
import type { Dialect, DialectInput, TextDump } from "./dump.ts";
import { isCut } from "./lines.ts";
import { rawRun } from "./raw-run.ts";

const HEAD =
  /^ {0,8}Device ([0-9a-f:.]{4,16}|[A-Za-z0-9_.-]{1,32})(?: with pasid (?:0x)?([0-9a-f]{1,6}))? @ ?0x([0-9a-f]{1,16})\s{0,8}$/;
const COLUMNS = /^ {0,8}IOVA_PFN\s/;
const ROW = /^ {0,8}0x([0-9a-f]{13,16})\s{0,8}\|\s{0,8}((?:0x[0-9a-f]{16}\s{0,8}){3,5})$/;

interface Row {
  readonly line: number;
  readonly pfn: number;
  /** Entries of levels 5, 4, …, down to the leaf. */
  readonly entries: readonly Raw[];
}

interface Open {
  readonly title: string;
  readonly rows: Row[];
}

const halves = (text: string): Raw => ({
  lo: Number.parseInt(text.slice(-8), 16),
  hi: Number.parseInt(text.slice(-16, -8), 16),
});

/** Columns below the leaf are left out (new), or zero (old). */
function rowOf(text: string, line: number): Row | null {
  const match = ROW.exec(text);
  if (!match) return null;
  const entries = match[2]!.trim().split(/\s+/).map(halves);
  while (entries.length > 0 && entries.at(-1)!.lo === 0 && entries.at(-1)!.hi === 0) entries.pop();
  return { line, pfn: Number.parseInt(match[1]!, 16), entries };
}

/**
 * The dump does not say whether it shows second-stage tables or first-stage ones, which are x86-64's: these have the
 * user or the accessed bit in their pointers, where the second stage ignores bits and nobody sets them.
 */
function formatOf(rows: readonly Row[]): FormatName {
  const pointers = rows.flatMap(({ entries }) => entries.slice(0, -1)).filter(({ lo }) => (lo & 1) !== 0);
  const first = pointers.filter(({ lo }) => (lo & 0x24) !== 0).length;
  return first * 2 > pointers.length ? "npt" : "vtd";
}

function addRow(format: Format, { line, pfn, entries }: Row, builder: RunBuilder, note: DialectInput["note"]): void {
  const raw = entries.at(-1);
  const level = 6 - entries.length;
  if (!raw) {
    note(line, "no column holds an entry");
    return;
  }
  // The top column of a four-level table is zero.
  const bad = entries.findIndex((entry, i) => {
    const kind = format.kindOf(entry.lo, entry.hi, 5 - i);
    const unused = i < 2 && entry.lo === 0 && entry.hi === 0;
    return i === entries.length - 1 ? kind !== LEAF : !unused && kind !== TABLE;
  });
  const isLeaf = bad === entries.length - 1;
  if (bad >= 0) note(line, `column ${bad + 2} is no ${isLeaf ? "leaf" : "table"} of its level: left out`);
  else builder.add(rawRun(format, pfn, raw, level, false), line);
}

function read({ lines, note, options }: DialectInput): readonly TextDump[] {
  const dumps: Open[] = [];
  for (const { text, line } of lines) {
    const head = HEAD.exec(text);
    if (head) {
      const pasid = head[2] === undefined ? "" : ` with PASID 0x${head[2]}`;
      dumps.push({ title: `device ${head[1]}${pasid}, root table at 0x${head[3]}`, rows: [] });
    } else if (isCut(text)) note(line, "the dump is cut here");
    else if (!COLUMNS.test(text)) {
      const row = rowOf(text, line);
      if (!row) note(line, "looks like a row of domain_translation_struct, and is not one");
      else {
        if (dumps.length === 0) dumps.push({ title: "a device", rows: [] });
        dumps.at(-1)!.rows.push(row);
      }
    }
  }
  return dumps.map(({ title, rows }): TextDump => {
    const name = options.format ?? formatOf(rows);
    if (name === "npt") note(rows[0]?.line ?? null, `${title}: taken for first-stage tables, which are x86-64's`);
    const builder = runBuilder(note);
    for (const row of rows) addRow(FORMATS[name], row, builder, note);
    return {
      dialect: "linux-vtd",
      title,
      domain: null,
      what: "iommu",
      format: name,
      runs: builder.runs(),
      leaves: null,
    };
  });
}

export const linuxVtd: Dialect = {
  name: "linux-vtd",
  claims: (text) => HEAD.test(text) || COLUMNS.test(text) || /^ {0,8}0x[0-9a-f]{13,16}\s{0,8}\|/.test(text),
  read,
};
