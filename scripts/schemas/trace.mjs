/** The trace document: what a hypervisor's log tells about mappings. */
import * as shared from "./shared.mjs";
import {
  constant,
  count,
  documentOf,
  flag,
  hex,
  integer,
  list,
  number,
  object,
  oneOf,
  orNull,
  text,
} from "./words.mjs";

const OPERATIONS = ["map", "unmap"];

const range = {
  boot: count("Boot of the hypervisor, counted from 1; the log may hold several.", { minimum: 1 }),
  domain: count("Number of the domain."),
  gfn: hex("First guest frame number."),
  mfn: hex("First machine frame number."),
  pages: count("Length, in 4 KiB pages."),
};

const entries = orNull(
  object("P2M entries written or removed; null when the log does not tell.", {
    "4k": count("Entries of 4 KiB."),
    "2m": count("Entries of 2 MiB."),
  }),
);

const piece = object("Calls one after the other that did the same.", {
  gfn: range.gfn,
  mfn: range.mfn,
  pages: range.pages,
  calls: count("Number of calls."),
  entries,
  sure: flag("Whether it follows from the distance of two lines; else it is the simplest explanation."),
});

const request = object(
  "What the library was asked for once: one range, in one or more calls.",
  {
    ...range,
    operation: oneOf("What was asked for.", OPERATIONS),
    pages: count('Pages asked for, 4 KiB each; at least so many, unless start is "seen".'),
    start: oneOf("Whether the log shows where the range begins.", ["seen", "lost", "unknown"]),
    outcome: oneOf("How it ended, as far as the log tells.", ["done", "failed", "unfinished", "unknown"]),
    ret: orNull(integer("The negative error number of a failed request; null otherwise.")),
    done: count("Pages done, 4 KiB each, as far as the log tells."),
    calls: count("Calls that left a line."),
    lost: count("Calls that left no line; at least so many."),
    entries,
    pieces: list("Its calls, those that did the same together.", piece),
    morePieces: count("Pieces that were not kept."),
    seconds: orNull(number("Seconds from the first line to the last; null without usable time stamps.")),
    timed: count("Calls that were timed: from one line to the next."),
    from: count("First line of the log, counted from 1.", { minimum: 1 }),
    to: count("Last line of the log, counted from 1.", { minimum: 1 }),
  },
  { undo: constant("This removal undoes the failed mapping before it, as the library does.", true) },
);

const mapped = object("How often a range was mapped and unmapped in one boot.", {
  ...range,
  mapped: count("Requests to map it."),
  unmapped: count("Requests to unmap it."),
  mapFailed: count("Requests to map it that failed."),
  undone: count("Removals that undid a failed mapping; not among unmapped."),
});

const times = object("How long calls of one kind took.", {
  operation: oneOf("What the calls did.", OPERATIONS),
  entries: oneOf("What each call entered or removed.", ["64x4k", "64x2m", "mixed"]),
  calls: count("Number of calls."),
  seconds: number("All of them, in seconds.", { minimum: 0 }),
  low: number("10th percentile of a call, in seconds.", { minimum: 0 }),
  likely: number("Median of a call, in seconds.", { minimum: 0 }),
  high: number("90th percentile of a call, in seconds.", { minimum: 0 }),
  requests: count("Requests that the calls are from."),
});

export const traceSchema = () =>
  documentOf(
    "trace",
    "What a hypervisor's log tells about mappings.",
    {
      log: text("Name of the log."),
      xen: orNull(text("Release that the log names; null when the line is lost.")),
      boots: count("Boots of the hypervisor that the log holds lines of."),
      lines: object("What became of the log's mapping messages.", {
        read: count("Messages that were read."),
        unread: count("Messages that were not understood, or are a guest's."),
        repeated: count("Messages left out because they had been read before."),
        reordered: count("Messages put back into their place."),
        lost: count("Messages of calls that must have been made and are not in the log; at least so many."),
      }),
      clock: orNull(
        object("The stamps that calls were timed by; null when there are none.", {
          style: oneOf("What the stamps count; counter: their rate is unknown.", ["boot", "date", "counter"]),
          resolution: number("The least difference that they show.", { minimum: 0 }),
          unit: oneOf("Unit of the resolution: seconds.", ["s"]),
        }),
      ),
      requests: list("What the library was asked for, in the log's order.", request),
      ranges: list("The ranges that were mapped and unmapped.", mapped),
      times: list("How long calls took, by kind.", times),
      notes: shared.notes,
    },
    { defs: { note: shared.note } },
  );
