import type { TraceDocument, TracePiece, TraceRange, TraceRequest, TraceTimes } from "../plan/trace-document.ts";
import { errnoName } from "../xen/constants.ts";
import { table, wrap } from "./layout.ts";
import type { Style } from "./style.ts";
import { address, plural, seconds, size, thousands } from "./units.ts";

const MOST_REQUESTS = 20;
const MOST_RANGES = 40;
const MOST_PIECES = 4;

/** What a log tells, for a terminal of 80 columns: requests, ranges, times. */
export function traceText(trace: TraceDocument, style: Style, verbose = false): string {
  const blocks = [
    head(trace, style),
    requests(trace, style, verbose),
    ranges(trace, style, verbose),
    times(trace.times, style),
    verbose
      ? trace.notes.map(
          ({ kind, says, from }) => `${kind}: ${from?.line === undefined ? "" : `line ${from.line}: `}${says}`,
        )
      : [],
  ];
  return `${blocks
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join("\n"))
    .join("\n\n")}\n`;
}

function head({ log, xen, boots, lines, clock, requests }: TraceDocument, style: Style): string[] {
  const { read, unread, repeated, reordered, lost } = lines;
  const facts = [
    `${plural(read, "mapping message")} in ${plural(requests.length, "request")}`,
    ...(xen === null ? [] : [`Xen ${xen}`]),
    ...(boots > 1 ? [plural(boots, "boot")] : []),
    ...(clock === null
      ? ["no time stamps"]
      : [
          clock.style === "counter" ? "raw counter stamps: nothing is timed" : `stamps to ${seconds(clock.resolution)}`,
        ]),
  ];
  const wrong = [
    ...(lost > 0 ? [`at least ${plural(lost, "message")} missing`] : []),
    ...(repeated > 0 ? [`${thousands(repeated)} printed twice`] : []),
    ...(reordered > 0 ? [`${thousands(reordered)} out of order`] : []),
    ...(unread > 0 ? [`${thousands(unread)} not understood`] : []),
  ];
  return [
    style.bold(log),
    ...wrap(facts.join(", "), style.width, "  "),
    ...(wrong.length > 0 ? wrap(wrong.join(", "), style.width, "  ").map(style.warn) : []),
  ];
}

function requests({ requests: all, boots }: TraceDocument, style: Style, verbose: boolean): string[] {
  const shown = verbose ? all : all.slice(0, MOST_REQUESTS);
  let title = "";
  const lines = shown.flatMap((request) => {
    const name = `${boots > 1 ? `Boot ${request.boot}, domain` : "Domain"} ${request.domain}`;
    const heading = name === title ? [] : [...(title === "" ? [] : [""]), style.bold(name)];
    title = name;
    return [...heading, ...requestLines(request, style, verbose)];
  });
  if (all.length > shown.length)
    lines.push(`  … and ${plural(all.length - shown.length, "more request")} (-v shows all)`);
  return lines;
}

function requestLines(request: TraceRequest, style: Style, verbose: boolean): string[] {
  const { operation, gfn, mfn, pages, start, entries, calls, lost, pieces, morePieces } = request;
  const least = start === "seen" ? "" : "at least ";
  const verb = operation === "map" ? "map  " : request.undo ? "undo " : "unmap";
  const [word, dress] = outcome(request, style);
  const brief = word === "done";
  const first = `  ${verb}  ${at(gfn)} → ${at(mfn)}  ${least}${size(pages * 4096)}${brief ? `  ${dress(word)}` : ""}`;
  const timed = request.seconds === null || calls < 2 ? "" : `, ${seconds(request.seconds)} to the last call`;
  const missing = lost > 0 ? `, ${thousands(lost)} not in the log` : "";
  const done = `${lost > 0 ? "at least " : ""}${plural(calls, "call")}${missing}: ${entriesText(entries)}${timed}`;
  // One kind of entry all over: its pieces tell nothing more.
  const alike = entries !== null && (entries["4k"] === 0 || entries["2m"] === 0);
  const shown = verbose ? pieces : alike ? [] : pieces.slice(0, MOST_PIECES);
  const rows = shown.map((piece) => [
    at(piece.gfn),
    size(piece.pages * 4096),
    plural(piece.calls, "call"),
    `${entriesText(piece.entries)}${piece.sure ? "" : "?"}`,
  ]);
  const more = pieces.length - shown.length + morePieces;
  return [
    first,
    ...wrap(done, style.width, "         "),
    ...(brief ? [] : wrap(word, style.width, "         ").map(dress)),
    ...table(rows, [{}, { align: "right" }, { align: "right" }, {}], "           "),
    ...(shown.length > 0 && more > 0 ? [`           … and ${plural(more, "more piece")} (--json has them)`] : []),
  ];
}

/** A frame number as the byte address that it stands for. */
const at = (frame: string): string => address(`0x${(BigInt(frame) * 4096n).toString(16)}`);

function entriesText(entries: TracePiece["entries"]): string {
  if (entries === null) return "entries not known";
  const parts = [
    ...(entries["2m"] > 0 ? [`${thousands(entries["2m"])} × 2 MiB`] : []),
    ...(entries["4k"] > 0 ? [`${thousands(entries["4k"])} × 4 KiB`] : []),
  ];
  return parts.length === 0 ? "no entries" : parts.join(" + ");
}

function outcome({ outcome: what, ret, done, start }: TraceRequest, style: Style): [string, (text: string) => string] {
  const lost =
    start === "lost" ? "; its beginning is missing" : start === "unknown" ? "; its beginning may be missing" : "";
  switch (what) {
    case "done":
      return [`done${lost}`, lost === "" ? style.good : style.warn];
    case "failed":
      return [
        `failed after ${size(done * 4096)}${ret === null ? "" : ` (${ret}, ${errnoName(ret).slice(1)})`}${lost}`,
        style.bad,
      ];
    case "unfinished":
      return [`the log has no end of it: at least ${size(done * 4096)} done${lost}`, style.warn];
    case "unknown":
      return [`the log ends here: done, or not yet (at least ${size(done * 4096)})${lost}`, style.warn];
  }
}

function ranges({ ranges: all, boots }: TraceDocument, style: Style, verbose: boolean): string[] {
  if (all.length === 0) return [];
  const shown = verbose ? all : all.slice(0, MOST_RANGES);
  const row = (r: TraceRange): string[] => [
    `${boots > 1 ? `${r.boot}/` : ""}${r.domain}`,
    at(r.gfn),
    size(r.pages * 4096),
    thousands(r.mapped),
    thousands(r.unmapped),
    thousands(r.mapFailed),
    thousands(r.undone),
  ];
  const columns = [{}, {}, ...Array.from({ length: 5 }, () => ({ align: "right" }) as const)];
  const titles = [
    boots > 1 ? "boot/domain" : "domain",
    "guest address",
    "size",
    "mapped",
    "unmapped",
    "failed",
    "undone",
  ];
  return [
    style.bold(boots > 1 ? "How often, in each boot" : "How often"),
    ...table([titles, ...shown.map(row)], columns, "  "),
    ...(all.length > shown.length ? [`  … and ${plural(all.length - shown.length, "more range")} (-v shows all)`] : []),
  ];
}

const CLASSES = { "64x4k": "64 × 4 KiB", "64x2m": "64 × 2 MiB", mixed: "some of each" } as const;

function times(rows: readonly TraceTimes[], style: Style): string[] {
  if (rows.length === 0) return [];
  const columns = [{}, {}, ...Array.from({ length: 5 }, () => ({ align: "right" }) as const)];
  const cells = rows.map((row) => [
    row.operation,
    CLASSES[row.entries],
    thousands(row.calls),
    seconds(row.seconds),
    ...[row.low, row.likely, row.high].map((value) => (value === 0 ? "0" : seconds(value))),
  ]);
  return [
    style.bold("Time of a call (to the next message, the printing included)"),
    ...table([["", "entries", "calls", "in all", "10 %", "median", "90 %"], ...cells], columns, "  "),
  ];
}
