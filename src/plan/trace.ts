import type { LogTime } from "../inventory/log-time.ts";
import { type MemoryMapLine, readMemoryMapLine } from "../inventory/memory-map-log.ts";
import { fileNotes } from "../inventory/notes.ts";
import { lines } from "../inventory/text.ts";
import { atLeast, majorMinor } from "../inventory/xen-version.ts";
import type { TraceDocument } from "./trace-document.ts";
import { type CallLine, type RemoveFailure, removalOf, requestOf } from "./trace-match.ts";
import { isFine, lineOrder, SLACK } from "./trace-order.ts";
import { type Call, insertCall, lastCall, type OpenRequest, openRequest } from "./trace-request.ts";
import { traceResults } from "./trace-results.ts";

/** Reads a log line by line in bounded memory; the document is what the lines so far tell. */
export interface Tracer {
  /** One line as it stands in the log; `line` counts from 1. */
  line(text: string, line: number): void;
  /** Something to tell about the log as a whole. */
  note(says: string, line: number): void;
  /** No line comes after this. */
  end(): TraceDocument;
}

interface DomainState {
  /** The latest request is the last. */
  readonly open: OpenRequest[];
  /** The last message as a text, and those with a fine stamp among the last few. */
  latest: string;
  readonly recent: Set<string>;
}

/** A logger may let a few lines change places; where stamps are fine, lines have been put right before. */
const PATIENCE = 4;
const RECENT = 64;
const MOST_DOMAINS = 1024;

/**
 * Rebuilds from a hypervisor's log what was mapped (xen-mapping.md 2.3): messages of one domain whose gfn and mfn
 * advance together while the count shrinks by as much are one request. `log` names the log in notes.
 */
export function makeTracer(log: string): Tracer {
  const { add: note, all: notes } = fileNotes(log);
  const domains = new Map<number, DomainState>();
  const results = traceResults();
  const count = { read: 0, unread: 0, repeated: 0, shifted: 0 };
  let boot = 0;
  let sequence = 0;
  let begun = false;
  let xen: string | null = null;
  let batched = false;
  let newest: LogTime | null = null;
  let conflict = "";

  const closeAll = (endsLog: boolean): void => {
    for (const { open } of domains.values())
      open.forEach((request, i) => {
        results.close(request, endsLog && i === open.length - 1);
      });
    domains.clear();
  };
  const newBoot = (): void => {
    closeAll(true);
    boot++;
    newest = null;
  };

  const stateOf = (domain: number): DomainState => {
    let state = domains.get(domain);
    if (state) return state;
    if (domains.size >= MOST_DOMAINS) closeAll(false);
    state = { open: [], latest: "", recent: new Set() };
    domains.set(domain, state);
    return state;
  };

  /** Whether the message was printed a moment before; remembers it. */
  const isRepeated = (state: DomainState, line: CallLine | RemoveFailure): boolean => {
    const frames = line.event === "remove-fail" ? line.lastMfn : `${line.gfn} ${line.pages}`;
    const text = `${line.event} ${line.mfn} ${frames} ${line.at?.clock} ${line.at?.value}`;
    const again = text === state.latest || state.recent.has(text);
    state.latest = text;
    if (!isFine(line.at) || again) return again;
    state.recent.add(text);
    const [oldest] = state.recent;
    if (state.recent.size > RECENT && oldest !== undefined) state.recent.delete(oldest);
    return false;
  };

  const takeCall = (line: CallLine): void => {
    const state = stateOf(line.domain);
    if (isRepeated(state, line)) {
      count.repeated++;
      return;
    }
    count.read++;
    let request = requestOf(state.open, line, batched, note);
    const failed = line.event === "fail" ? { ret: line.ret, at: line.at } : null;
    const call: Call = { gfn: line.gfn, at: line.at, line: line.line, own: failed === null, failed };
    if (request) {
      const present = request.pending.find(({ gfn }) => gfn === line.gfn);
      if (present) {
        present.failed ??= failed;
        present.own ||= call.own;
      } else if (insertCall(request, call)) count.shifted++;
      request.quiet = 0;
    } else {
      request = openRequest(
        {
          sequence: sequence++,
          boot,
          domain: line.domain,
          operation: line.event === "remove" ? "unmap" : "map",
          end: line.gfn + line.pages,
          delta: line.gfn - line.mfn,
          beginsLog: !begun && boot === 0,
        },
        call,
      );
      state.open.push(request);
    }
    begun = true;
    closeQuiet(state, request, isFine(line.at) ? 0 : PATIENCE);
  };

  const closeQuiet = (state: DomainState, current: OpenRequest, patience: number): void => {
    for (const other of [...state.open]) {
      if (other === current || ++other.quiet <= patience) continue;
      state.open.splice(state.open.indexOf(other), 1);
      results.close(other, false);
    }
  };

  const takeRemoveFailure = (line: RemoveFailure): void => {
    const state = stateOf(line.domain);
    if (isRepeated(state, line)) {
      count.repeated++;
      return;
    }
    count.read++;
    const request = removalOf(state.open, line);
    if (!request) {
      const frames = `mfn ${line.mfn.toString(16)} to ${line.lastMfn.toString(16)}`;
      note("missing", `a removal of ${frames} failed (${line.ret}) whose own message is not in the log`, line.line);
      return;
    }
    const failed = { ret: line.ret, at: line.at };
    const last = lastCall(request);
    const gfn = line.mfn + request.delta;
    if (last.gfn === gfn) last.failed = failed;
    else insertCall(request, { gfn, at: line.at, line: line.line, own: false, failed });
    request.quiet = 0;
  };

  /** Without the line that a boot begins with, a clock that goes back tells. */
  const watchClock = (at: LogTime | null, line: number): void => {
    if (!isFine(at) || at.clock !== "boot") return;
    if (newest !== null && newest.value - at.value > SLACK.boot) {
      note("assumed", "time goes back: taken for another boot, or a second copy of the log", line);
      newBoot();
    }
    if (newest === null || at.value > newest.value) newest = at;
  };

  const take = (line: MemoryMapLine): void => {
    switch (line.event) {
      case "boot":
        newBoot();
        xen = line.version;
        batched = majorMinor(xen) !== undefined && !atLeast(xen, 4, 7);
        return;
      case "unread":
        count.unread++;
        note("unread", line.says, line.line);
        return;
      case "conflict": {
        const text = `domain ${line.domain}: the entry at gfn ${line.gfn.toString(16)} must not be replaced; the hypervisor crashed the domain`;
        if (text !== conflict) note("info", text, line.line);
        conflict = text;
        return;
      }
      default:
        watchClock(line.at, line.line);
        results.sawClock(line.at);
        if (line.event === "remove-fail") takeRemoveFailure(line);
        else takeCall(line);
    }
  };

  const order = lineOrder(take);
  return {
    line(text, line) {
      const read = readMemoryMapLine(text, line);
      if (read?.event === "boot") order.flush();
      if (read) order.push(read);
    },
    note(says, line) {
      note("missing", says, line);
    },
    end() {
      order.flush();
      closeAll(true);
      const { repeated, lost, ...found } = results.finish(note);
      return {
        physmap: 1,
        kind: "trace",
        log,
        xen,
        boots: found.boots,
        lines: {
          read: count.read,
          unread: count.unread,
          repeated: count.repeated + repeated,
          reordered: order.moved() + count.shifted,
          lost,
        },
        clock: found.clock,
        requests: found.requests,
        ranges: found.ranges,
        times: found.times,
        notes: notes(),
      };
    },
  };
}

/** Trace a whole text; line numbers are the text's own. */
export function readTrace(text: string, log: string): TraceDocument {
  const tracer = makeTracer(log);
  for (const { text: line, line: number } of lines(text, { onCut: tracer.note })) tracer.line(line, number);
  return tracer.end();
}
