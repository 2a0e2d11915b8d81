import type { Note } from "../inventory/types.ts";

/** The `trace` document: what a hypervisor's log tells about mappings. Addresses are lower-case "0x…" strings. */
export interface TraceDocument {
  readonly physmap: 1;
  readonly kind: "trace";
  readonly log: string;
  /** The release that the log names; null when the line is lost. */
  readonly xen: string | null;
  /** Boots of the hypervisor that the log holds lines of. */
  readonly boots: number;
  readonly lines: {
    /** Mapping messages that were read. */
    readonly read: number;
    /** Mapping messages that were not understood, or are a guest's. */
    readonly unread: number;
    /** Left out because they had been read before. */
    readonly repeated: number;
    /** Put back into their place. */
    readonly reordered: number;
    /** Messages of calls that must have been made and are not in the log; at least so many. */
    readonly lost: number;
  };
  /** The stamps that calls were timed by; null when there are none, "counter" when their rate is unknown. */
  readonly clock: {
    readonly style: "boot" | "date" | "counter";
    readonly resolution: number;
    readonly unit: "s";
  } | null;
  readonly requests: readonly TraceRequest[];
  readonly ranges: readonly TraceRange[];
  readonly times: readonly TraceTimes[];
  readonly notes: readonly Note[];
}

/**
 * done: the last line's call did the rest (a log cannot show it: the line is the last of its request, and one call can
 * do what it asks for). failed: the log says so. unfinished: no single call can do the rest, so lines are missing.
 * unknown: the log ends here, and what the earlier calls did speaks against a single call; or the call before the last
 * stopped early, as before a failure, and no failure is in the log.
 */
export type TraceOutcome = "done" | "failed" | "unfinished" | "unknown";

/** What the library was asked for once: one range of one domain, mapped or unmapped in one or more calls. */
export interface TraceRequest {
  /** Counted from 1; the log may hold several. */
  readonly boot: number;
  readonly domain: number;
  readonly operation: "map" | "unmap";
  readonly gfn: string;
  readonly mfn: string;
  /** Asked for, in 4 KiB pages; "at least", unless `start` is "seen". */
  readonly pages: number;
  /** lost: another request shows that the range begins earlier. unknown: the log begins in it, or its line is missing. */
  readonly start: "seen" | "lost" | "unknown";
  readonly outcome: TraceOutcome;
  /** The negative error number of a failed request. */
  readonly ret: number | null;
  /** Pages done, as far as the log tells: up to the last line, and with outcome "done" to the end. */
  readonly done: number;
  readonly calls: number;
  /** Calls that left no line; at least so many. */
  readonly lost: number;
  /** P2M entries written or removed; null when a step does not tell. */
  readonly entries: { readonly "4k": number; readonly "2m": number } | null;
  readonly pieces: readonly TracePiece[];
  /** Pieces after the first few hundred are not kept. */
  readonly morePieces: number;
  /** This removal undoes the failed mapping before it in its domain, as the library does. */
  readonly undo?: true;
  /** Seconds from the first line to the last: all calls but the last. null without usable time stamps. */
  readonly seconds: number | null;
  /** Calls that were timed: from one line to the next. */
  readonly timed: number;
  /** Lines of the log, from 1. */
  readonly from: number;
  readonly to: number;
}

/** Calls one after the other that did the same. */
export interface TracePiece {
  readonly gfn: string;
  readonly mfn: string;
  readonly pages: number;
  readonly calls: number;
  readonly entries: { readonly "4k": number; readonly "2m": number } | null;
  /** Follows from the distance of two lines, whatever is missing; otherwise it is the simplest explanation. */
  readonly sure: boolean;
}

/** How often a range was mapped and unmapped in one boot. */
export interface TraceRange {
  readonly boot: number;
  readonly domain: number;
  readonly gfn: string;
  readonly mfn: string;
  readonly pages: number;
  /** Requests that began: done, failed and unknown ones. */
  readonly mapped: number;
  readonly unmapped: number;
  /** Of these, so many failed. */
  readonly mapFailed: number;
  /** Removals that undid a failed mapping; not among `unmapped`. */
  readonly undone: number;
}

/** How long calls of one kind took, in seconds; a call's time is that to the next line of its request. */
export interface TraceTimes {
  readonly operation: "map" | "unmap";
  /** What each call did: 64 entries of 4 KiB, 64 of 2 MiB, or some of each. */
  readonly entries: "64x4k" | "64x2m" | "mixed";
  readonly calls: number;
  readonly seconds: number;
  /** Per call: 10th, 50th and 90th percentile. */
  readonly low: number;
  readonly likely: number;
  readonly high: number;
  /** Requests that these calls are from; each adds at most one unit of the clock to the error of `seconds`. */
  readonly requests: number;
}
