import { hex } from "../address.ts";
import type { LogTime } from "../inventory/log-time.ts";
import { LOOP_BUDGET } from "../xen/constants.ts";
import type { TraceOutcome, TracePiece, TraceRequest } from "./trace-document.ts";
import { mostLarge, type Next, oneCall, type Split, seemsStopped, splitStep } from "./trace-steps.ts";
import { addDuration, type Durations, newDurations } from "./trace-times.ts";

export type CallClass = "64x4k" | "64x2m" | "mixed";

/** A call of which a line tells. */
export interface Call {
  readonly gfn: number;
  readonly at: LogTime | null;
  readonly line: number;
  /** Its own line was there, not only that of its failure. */
  own: boolean;
  failed: { readonly ret: number; readonly at: LogTime | null } | null;
}

interface Piece {
  readonly gfn: number;
  pages: number;
  calls: number;
  readonly split: Split;
}

/** A request whose lines are still coming. Lines are kept only as long as an earlier one may still turn up. */
export interface OpenRequest {
  /** Counts requests as they begin: in the order of stamps, which a log's lines need not have. */
  readonly sequence: number;
  readonly boot: number;
  readonly domain: number;
  readonly operation: "map" | "unmap";
  /** First gfn after the range. Same for all lines of a request, as is gfn - mfn. */
  end: number;
  readonly delta: number;
  first: Call;
  /** The last call whose step has been booked; null at the beginning. */
  booked: Call | null;
  /** Calls after it, by gfn. */
  readonly pending: Call[];
  /** Lines of the domain that belonged to other requests since this one's last. */
  quiet: number;
  /** The first mapping line of a log that does not show its beginning. */
  readonly beginsLog: boolean;
  calls: number;
  lost: number;
  small: number;
  large: number;
  unclear: boolean;
  /** A step showed 4 KiB entries only where 2 MiB ones were possible. */
  smallByChoice: boolean;
  readonly pieces: Piece[];
  morePieces: number;
  readonly times: Map<CallClass, Durations>;
}

const WINDOW = 8;
const MOST_PIECES = 256;

export const openRequest = (
  about: Pick<OpenRequest, "sequence" | "boot" | "domain" | "operation" | "end" | "delta" | "beginsLog">,
  first: Call,
): OpenRequest => ({
  ...about,
  first,
  booked: null,
  pending: [first],
  quiet: 0,
  calls: 0,
  lost: 0,
  small: 0,
  large: 0,
  unclear: false,
  smallByChoice: false,
  pieces: [],
  morePieces: 0,
  times: new Map(),
});

export const lastCall = (request: OpenRequest): Call => request.pending.at(-1)!;

/** Put a call into its place among those that are not booked yet; true when it was not the last. */
export function insertCall(request: OpenRequest, call: Call): boolean {
  const { pending } = request;
  const index = pending.findLastIndex(({ gfn }) => gfn < call.gfn) + 1;
  pending.splice(index, 0, call);
  if (call.gfn < request.first.gfn) request.first = call;
  while (pending.length > WINDOW) book(request, pending.shift()!, "goes-on");
  return index < pending.length - 1;
}

/** Book the step from the call before to this one. */
function book(request: OpenRequest, call: Call, next: Next): void {
  const { booked: from } = request;
  request.booked = call;
  if (from === null) return;
  const { gfn } = from;
  const pages = call.gfn - gfn;
  const split = splitStep(gfn, gfn - request.delta, pages, next);
  addPiece(request, gfn, pages, split);
  request.lost += split.calls - 1;
  if (split.calls === 1 && split.entries !== null) addTime(request, from, call, split.entries);
}

function addPiece(request: OpenRequest, gfn: number, pages: number, split: Split): void {
  const { entries } = split;
  request.calls += split.calls;
  if (entries === null) request.unclear = true;
  else {
    request.small += entries.small;
    request.large += entries.large;
    if (isSmallByChoice(request, gfn, entries)) request.smallByChoice = true;
  }
  const before = request.pieces.at(-1);
  if (before && before.gfn + before.pages === gfn && alike(before.split, split)) {
    before.pages += pages;
    before.calls += split.calls;
  } else if (request.pieces.length < MOST_PIECES) request.pieces.push({ gfn, pages, calls: split.calls, split });
  else request.morePieces++;
}

/** 4 KiB entries only, in a block of the request that a 2 MiB entry could have served. */
function isSmallByChoice({ delta, first, end }: OpenRequest, gfn: number, { large }: { large: number }): boolean {
  const block = Math.floor(gfn / 512) * 512;
  return large === 0 && mostLarge(block, block - delta, 512) === 1 && block >= first.gfn && block + 512 <= end;
}

/** Whether the last line's call can have done the rest, by all that its request shows so far. */
export function mayBeDone(request: OpenRequest): boolean {
  const { booked, pending, delta, end } = request;
  const last = lastCall(request);
  const rest = oneCall(last.gfn, last.gfn - delta, end - last.gfn);
  if (rest === null || rest.large === 0) return rest !== null;
  const showsSmall = (from: number, to: number): boolean => {
    const { entries } = splitStep(from, from - delta, to - from, "goes-on");
    return entries !== null && isSmallByChoice(request, from, entries);
  };
  const calls = booked ? [booked, ...pending] : pending;
  const makesSmall = request.smallByChoice || calls.some((call, i) => i > 0 && showsSmall(calls[i - 1]!.gfn, call.gfn));
  return !(request.large === 0 && makesSmall);
}

const alike = (a: Split, b: Split): boolean =>
  a.sure === b.sure &&
  a.calls === b.calls &&
  a.entries?.small === b.entries?.small &&
  a.entries?.large === b.entries?.large;

function addTime(request: OpenRequest, from: Call, to: Call, { small, large }: { small: number; large: number }): void {
  const micros = between(from.at, to.at);
  if (micros === null) return;
  const name = small === LOOP_BUDGET ? "64x4k" : large === LOOP_BUDGET ? "64x2m" : "mixed";
  const durations = request.times.get(name) ?? newDurations();
  request.times.set(name, durations);
  addDuration(durations, micros);
}

/** Microseconds; null where the stamps do not tell. */
function between(from: LogTime | null, to: LogTime | null): number | null {
  if (from === null || to === null || from.clock !== to.clock || from.clock === "counter") return null;
  return to.value >= from.value ? to.value - from.value : null;
}

/** What became of a request, and the document's row without what only its neighbours tell. */
export interface ClosedRequest {
  readonly row: TraceRequest;
  readonly sequence: number;
  readonly gfn: number;
  readonly end: number;
  readonly delta: number;
  readonly times: OpenRequest["times"];
  /** Stamps of the first and the last line, to recognise a second copy. */
  readonly stamps: readonly [LogTime | null, LogTime | null];
}

/** `endsLog`: no later line of the domain is in the log. */
export function closeRequest(request: OpenRequest, endsLog: boolean): ClosedRequest {
  const { delta, end, first, pending } = request;
  const last = lastCall(request);
  const before = pending.at(-2) ?? request.booked;
  for (const call of pending) book(request, call, call !== last ? "goes-on" : call.failed ? "failed" : "last");
  const left = end - last.gfn;
  const rest = oneCall(last.gfn, last.gfn - delta, left);
  // A call that stops early is followed by one that fails, and says so; without that it may have been a request of its own.
  const stopped = before !== null && seemsStopped(before.gfn, before.gfn - delta, last.gfn - before.gfn);
  const contradicted = rest !== null && rest.large > 0 && request.large === 0 && request.smallByChoice;
  const outcome: TraceOutcome = last.failed
    ? "failed"
    : rest === null
      ? "unfinished"
      : stopped || (endsLog && contradicted)
        ? "unknown"
        : "done";
  if (outcome === "done") addPiece(request, last.gfn, left, { calls: 1, entries: rest, sure: false });
  else request.calls++;
  const micros = between(first.at, last.failed?.at ?? last.at);
  const timed = [...request.times.values()].reduce((sum, { count }) => sum + count, 0);
  const row: TraceRequest = {
    boot: request.boot,
    domain: request.domain,
    operation: request.operation,
    gfn: hex(first.gfn),
    mfn: hex(first.gfn - delta),
    pages: end - first.gfn,
    start: request.beginsLog || !first.own ? "unknown" : "seen",
    outcome,
    ret: last.failed?.ret ?? null,
    done: (outcome === "done" ? end : last.gfn) - first.gfn,
    calls: request.calls,
    lost: request.lost + (last.own ? 0 : 1),
    entries: request.unclear ? null : { "4k": request.small, "2m": request.large },
    pieces: request.pieces.map((piece) => pieceRow(piece, delta)),
    morePieces: request.morePieces,
    seconds: micros === null ? null : micros / 1e6,
    timed,
    from: first.line,
    to: last.line,
  };
  return {
    row,
    sequence: request.sequence,
    gfn: first.gfn,
    end,
    delta,
    times: request.times,
    stamps: [first.at, last.at],
  };
}

/** Calls of equal splits in sequence: each did what the first did. */
function pieceRow({ gfn, pages, calls, split }: Piece, delta: number): TracePiece {
  const times = calls / split.calls;
  return {
    gfn: hex(gfn),
    mfn: hex(gfn - delta),
    pages,
    calls,
    entries: split.entries && { "4k": split.entries.small * times, "2m": split.entries.large * times },
    sure: split.sure,
  };
}
