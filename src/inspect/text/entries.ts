/** A bare list of hexadecimal entries: consecutive slots of one table, or slots by index. */
import { LEAF, SOFTWARE, TABLE } from "../../format/format.ts";
import { FORMATS } from "../../format/index.ts";
import { pagesAt } from "../../radix/tree.ts";
import { runBuilder } from "./build.ts";
import type { Dialect, DialectInput, TextDump } from "./dump.ts";
import { isCut } from "./lines.ts";
import { rawRun } from "./raw-run.ts";

/** "12: 0x…", "[0x1f] …", or words of 16 digits (a dump in 64-bit words), of which a colon's address is no part. */
const LINE =
  /^\s{0,16}(?:(?:\[(?:0x)?[0-9a-f]{1,16}\]\s{0,4}[:=]?|(?:0x)?[0-9a-f]{1,16}\s{0,4}[:=])\s{0,8})?((?:(?:0x)?[0-9a-f]{16}[,\s]{0,8}){1,64})$/i;
const SHORT =
  /^\s{0,16}(?:(?:\[\d{1,3}\]\s{0,4}[:=]?|\d{1,3}\s{0,4}[:=])\s{0,8})?((?:0x[0-9a-f]{1,16}[,\s]{0,8}){1,64})$/i;
const INDEX = /^\s{0,16}(?:\[(0x[0-9a-f]{1,3}|\d{1,3})\]|(0x[0-9a-f]{1,3}|\d{1,3})\s{0,4}[:=])/i;

function read({ lines, options, note }: DialectInput): readonly TextDump[] {
  if (options.format === undefined) {
    note(lines[0]?.line ?? null, "a bare list of entries: --format and --level say how to read it");
    return [];
  }
  const format = FORMATS[options.format];
  const level = Math.min(Math.max(options.level ?? 1, 1), format.maxLevels);
  const builder = runBuilder(note);
  let slot = 0;
  for (const { text, line } of lines) {
    if (isCut(text)) {
      note(line, "the list is cut here: slots after it need an index in front");
      continue;
    }
    const match = LINE.exec(text) ?? SHORT.exec(text);
    if (!match) continue;
    const index = INDEX.exec(text);
    if (index) slot = Number(index[1] ?? index[2]);
    for (const word of match[1]!.trim().split(/[,\s]+/)) {
      if (word === "") continue;
      const digits = word.replace(/^0x/i, "").padStart(16, "0");
      const raw = { lo: Number.parseInt(digits.slice(8), 16), hi: Number.parseInt(digits.slice(0, 8), 16) };
      const kind = format.kindOf(raw.lo, raw.hi, level);
      const frame = (options.start ?? 0) + slot++ * pagesAt(level);
      if (kind === LEAF || kind === SOFTWARE)
        builder.add(rawRun(format, frame, raw, level, false, kind === LEAF), line);
      else if (kind === TABLE)
        note(line, `${word}: points to a table of level ${format.nextLevelOf(raw.lo, raw.hi, level)}`);
      for (const { says } of format.decode(raw, level).faults) note(line, `${word}: ${says}`);
    }
  }
  const what = options.format === "ept" || options.format === "npt" ? "p2m" : "iommu";
  const title = `entries of level ${level}`;
  return [
    { dialect: "entries", title, domain: null, what, format: options.format, runs: builder.runs(), leaves: null },
  ];
}

export const bareEntries: Dialect = {
  name: "entries",
  claims: (text) => LINE.test(text) || SHORT.test(text),
  read,
};
