import type { MemoryMapLine } from "../inventory/memory-map-log.ts";
import type { AddNote } from "../inventory/notes.ts";
import { LOOP_BUDGET } from "../xen/constants.ts";
import { isFine } from "./trace-order.ts";
import { lastCall, mayBeDone, type OpenRequest } from "./trace-request.ts";
import { isWholeCalls } from "./trace-steps.ts";

export type CallLine = Extract<MemoryMapLine, { readonly event: "add" | "remove" | "fail" }>;
export type RemoveFailure = Extract<MemoryMapLine, { readonly event: "remove-fail" }>;

/**
 * The open request that a message belongs to, if any; the latest stands last. `batched`: the log is of Xen 4.6 or
 * older, where a message's count is that of its call alone. May correct where the request ends.
 */
export function requestOf(
  open: readonly OpenRequest[],
  line: CallLine,
  batched: boolean,
  note: AddNote,
): OpenRequest | undefined {
  return open.findLast((request, index) => {
    const operation = line.event === "remove" ? "unmap" : "map";
    if (request.operation !== operation || request.delta !== line.gfn - line.mfn) return false;
    if (batched && goesOnInBatches(request, line)) request.end = line.gfn + line.pages;
    if (request.end !== line.gfn + line.pages && !isCutOff(request, line, note)) return false;
    return fits(request, line, index === open.length - 1);
  });
}

/** Whether a message of this range can be of this request, or must be of a later one for the same range. */
function fits(request: OpenRequest, line: CallLine, latest: boolean): boolean {
  const last = lastCall(request);
  const present = request.pending.find(({ gfn }) => gfn === line.gfn);
  if (present) return line.event === "fail" ? present === last && last.failed === null : !present.own;
  if (last.failed !== null) return false;
  // After lines of other requests it only goes on with this one where nothing but whole calls lies between.
  if (line.gfn > last.gfn) return latest || isWholeCalls(last.gfn, last.gfn - request.delta, line.gfn - last.gfn);
  // It changed places with a later one, unless the stamps say that it is later.
  if (isFine(line.at) || line.gfn <= (request.booked?.gfn ?? -1)) return false;
  return line.gfn > request.first.gfn || latest;
}

/** Up to 4.6 calls follow each other without overlap, 64 pages each but the last. */
const goesOnInBatches = (request: OpenRequest, line: CallLine): boolean =>
  line.event !== "fail" &&
  line.gfn === request.end &&
  request.end - lastCall(request).gfn === LOOP_BUDGET &&
  line.pages <= LOOP_BUDGET;

/**
 * A count that lost its last digits, in a message that goes on with the request: whole calls lie between, and the last
 * one cannot have done the rest. Otherwise it is a range of its own, inside one that is done.
 */
function isCutOff(request: OpenRequest, line: CallLine, note: AddNote): boolean {
  const step = line.gfn - lastCall(request).gfn;
  if (step <= 0 || step > LOOP_BUDGET * 512 || line.gfn >= request.end) return false;
  if (!isWholeCalls(line.gfn - step, line.gfn - step - request.delta, step) || mayBeDone(request)) return false;
  const expected = (request.end - line.gfn).toString(16);
  const printed = line.pages.toString(16);
  if (!expected.startsWith(printed)) return false;
  note("assumed", `nr=${printed} is taken for nr=${expected}, cut off: the line goes on with a request`, line.line);
  return true;
}

/** The open request whose removal failed: its range ends where the message says. */
export const removalOf = (open: readonly OpenRequest[], { mfn, lastMfn }: RemoveFailure): OpenRequest | undefined =>
  open.findLast(
    (request) =>
      request.operation === "unmap" &&
      request.end - request.delta === lastMfn + 1 &&
      lastCall(request).gfn - request.delta <= mfn &&
      lastCall(request).failed === null,
  );
