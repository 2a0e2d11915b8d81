import type { LogTime } from "../inventory/log-time.ts";
import type { MemoryMapLine } from "../inventory/memory-map-log.ts";

const WINDOW = 32;
/** How far a stamp may be behind the newest and still be one of a few that changed places. */
export const SLACK = { boot: 1e5, date: 1e5, counter: 3e8 } as const;

/** Stamps fine enough to say which of two calls came first: microseconds, or ticks. */
export const isFine = (at: LogTime | null): at is LogTime => at !== null && at.resolution <= 1;

export interface LineOrder {
  push(line: MemoryMapLine): void;
  flush(): void;
  /** Lines that were put back into their place. */
  readonly moved: () => number;
}

/** Hands lines on in the order of their time stamps, where these are fine and the displacement small. */
export function lineOrder(handOn: (line: MemoryMapLine) => void): LineOrder {
  const queue: { readonly line: MemoryMapLine; readonly at: LogTime }[] = [];
  let moved = 0;
  const flush = (): void => {
    for (const { line } of queue.splice(0)) handOn(line);
  };
  const push = (line: MemoryMapLine): void => {
    const at = "at" in line ? line.at : null;
    const newest = queue.at(-1)?.at;
    if (!isFine(at) || (newest && (newest.clock !== at.clock || newest.value - at.value > SLACK[at.clock]))) flush();
    if (!isFine(at)) {
      handOn(line);
      return;
    }
    const index = queue.findLastIndex((other) => other.at.value <= at.value) + 1;
    if (index < queue.length) moved++;
    queue.splice(index, 0, { line, at });
    if (queue.length > WINDOW) handOn(queue.shift()!.line);
  };
  return { push, flush, moved: () => moved };
}
