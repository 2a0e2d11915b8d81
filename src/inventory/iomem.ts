import { parseBdf } from "./bdf.ts";
import { quote } from "./note-list.ts";
import { fileNotes, source } from "./notes.ts";
import { parseHexAddress } from "./sizes.ts";
import { lines } from "./text.ts";
import type { Bdf, HostFacts, Note, Source } from "./types.ts";

/** A range that the kernel books on a PCI function: one of its BARs, without the BAR's number. */
export interface IomemHint {
  readonly bdf: Bdf;
  /** Machine byte address, and bytes. */
  readonly address: number;
  readonly size: number;
  readonly from: Source;
}

/** What /proc/iomem tells: ranges in bytes with their depth, and where devices lie; notes on what was not understood. */
export interface IomemReading {
  /** `end` is inclusive, in bytes; `depth` counts from 0. Empty when the listing is all zeros. */
  readonly ranges: NonNullable<HostFacts["iomem"]>["value"];
  readonly hints: readonly IomemHint[];
  readonly notes: readonly Note[];
}

const RANGE = /^( *)([0-9a-f]{1,16})-([0-9a-f]{1,16}) : (.*)$/i;
const INDENT = 2;

/**
 * `/proc/iomem`: `START-END : NAME`, hexadecimal, END inclusive, two spaces of indent a level. Under a Xen dom0 the
 * System RAM lines are pseudo-physical, the PCI lines machine addresses (host-inputs.md 4). Never throws.
 */
export function readIomem(text: string, file: string): IomemReading {
  const { add, all } = fileNotes(file);
  const ranges: IomemReading["ranges"][number][] = [];
  const hints: IomemHint[] = [];
  for (const { text: line, line: number } of lines(text, { onCut: (says, at) => add("unread", says, at) })) {
    const match = RANGE.exec(line);
    if (match === null) {
      if (/^\s*[0-9a-f]+-/i.test(line)) add("unread", `expected START-END : NAME, found ${quote(line)}`, number);
      continue;
    }
    const [, indent = "", first = "", last = "", name = ""] = match;
    const start = parseHexAddress(first);
    const end = parseHexAddress(last);
    if (start === null || end === null || end < start) {
      add("unread", `expected START ≤ END of at most 52 bits, found ${quote(line)}`, number);
      continue;
    }
    ranges.push({ start, end, depth: Math.floor(indent.length / INDENT), name: name.trim() });
    const bdf = parseBdf(name.trim());
    if (bdf !== null && end > 0) hints.push({ bdf, address: start, size: end - start + 1, from: source(file, number) });
  }
  if (ranges.length > 0 && ranges.every(({ start, end }) => start === 0 && end === 0)) {
    add("missing", "all addresses are zero: the kernel hides them from other users; read /proc/iomem as root");
    return { ranges: [], hints: [], notes: all() };
  }
  return { ranges, hints, notes: all() };
}
