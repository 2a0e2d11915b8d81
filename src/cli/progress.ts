import type { CommonOptions } from "./output.ts";

/** Nothing is said about what is done sooner. */
const PATIENCE_MS = 500;
const TERMINAL_EVERY_MS = 100;
const LOG_EVERY_MS = 5000;

export interface Progress {
  /** `done` of `total` parts; Infinity: nobody knows how many there are. `what` says what is being done. */
  readonly tell: (what: string, done: number, total: number) => void;
  /** Clear the line. */
  readonly end: () => void;
}

/** Where progress is shown, and what time it is: handed in by tests. */
export interface ProgressPlace {
  readonly stream: { readonly isTTY?: boolean; readonly columns?: number; write(text: string): unknown };
  readonly now: () => number;
}

const HERE: ProgressPlace = { stream: process.stderr, now: () => performance.now() };
const CLEAR = "\r\u001b[K";

/**
 * Progress on standard error, for whatever takes longer than half a second: a line that is written over on a terminal,
 * with -v a line now and then elsewhere, otherwise (and with -q) nothing.
 */
export function makeProgress({ quiet, verbose }: CommonOptions, { stream, now }: ProgressPlace = HERE): Progress {
  const terminal = stream.isTTY === true;
  if (quiet || !(terminal || verbose)) return { tell: () => {}, end: () => {} };
  const start = now();
  let next = start + PATIENCE_MS;
  let shown = false;
  return {
    tell(what, done, total) {
      const at = now();
      if (at < next) return;
      next = at + (terminal ? TERMINAL_EVERY_MS : LOG_EVERY_MS);
      const line = `${what}${timeLeft((at - start) / 1000, done, total)}`;
      stream.write(terminal ? `${CLEAR}${line.slice(0, (stream.columns ?? 80) - 1)}` : `${line}\n`);
      shown = terminal;
    },
    end() {
      if (shown) stream.write(CLEAR);
      shown = false;
    },
  };
}

/** What is left, if all parts take as long as those that are done. */
function timeLeft(seconds: number, done: number, total: number): string {
  if (done <= 0 || !Number.isFinite(total)) return "";
  const left = (seconds / done) * Math.max(0, total - done);
  if (left < 1) return ", less than a second left";
  return left < 100 ? `, about ${Math.ceil(left)} s left` : `, about ${Math.ceil(left / 60)} min left`;
}
