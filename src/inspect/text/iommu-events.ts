/** Linux's trace events iommu:map and iommu:unmap, old and new: page-table-formats.md 9.5. */
import { placed, runBuilder } from "./build.ts";
import type { Dialect, DialectInput, TextDump } from "./dump.ts";
import { isCut } from "./lines.ts";
import { paint, type Stroke } from "./paint.ts";

const SIGN = /(?:^|\s)(map|unmap): IOMMU: /;
const ADDRESS = "0x([0-9a-f]{1,16})";
const MAP = new RegExp(
  `^iova=${ADDRESS}(?: - ${ADDRESS})? paddr=${ADDRESS} size=(0x[0-9a-f]{1,14}|\\d{1,16})\\s{0,8}$`,
);
const UNMAP = new RegExp(
  `^iova=${ADDRESS}(?: - ${ADDRESS})? size=(0x[0-9a-f]{1,14}|\\d{1,16}) unmapped_size=(0x[0-9a-f]{1,14}|\\d{1,16})\\s{0,8}$`,
);
const LIMIT = 2 ** 52;

const frames = (bytes: number): number | null =>
  Number.isSafeInteger(bytes) && bytes % 4096 === 0 && bytes / 4096 < LIMIT ? bytes / 4096 : null;

/** One event as a stroke: where it maps, the distance from input to output frames. */
function strokeOf(event: string, rest: string): Stroke<number> | null {
  const match = (event === "map" ? MAP : UNMAP).exec(rest);
  if (!match) return null;
  const start = frames(Number.parseInt(match[1]!, 16));
  const size = frames(Number(match[4]));
  const paddr = event === "map" ? frames(Number.parseInt(match[3]!, 16)) : 0;
  if (start === null || size === null || paddr === null) return null;
  // What was unmapped may be more than what was asked for: a large leaf goes as a whole.
  return { start, end: start + size, value: event === "map" ? paddr - start : null };
}

function read({ lines, note }: DialectInput): readonly TextDump[] {
  const strokes: Stroke<number>[] = [];
  for (const { text, line } of lines) {
    const sign = SIGN.exec(text);
    const stroke = sign && strokeOf(sign[1]!, text.slice(sign.index + sign[0].length));
    if (stroke) strokes.push(stroke);
    else if (isCut(text)) note(line, "the trace is cut here: what is mapped in the end may be wrong");
    else note(line, "looks like an iommu trace event of whole pages, and is not one");
  }
  if (strokes.length === 0) return [];
  note(null, "no event says which domain it is of: unless the trace was filtered, this mixes all of them");
  const builder = runBuilder(note);
  for (const { start, end, value } of paint(strokes)) builder.add(placed(start, end - start, start + value), null);
  const title = "mappings left by the traced events";
  return [
    { dialect: "iommu-events", title, domain: null, what: "iommu", format: null, runs: builder.runs(), leaves: null },
  ];
}

export const iommuEvents: Dialect = { name: "iommu-events", claims: (text) => SIGN.test(text), read };
