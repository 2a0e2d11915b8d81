/** What calls of the vendor routine did: for how many pages alike, and which flush they ask for. Reused between calls. */
export interface Outcome {
  /** Pages of the asked order done, at least 1 unless `rc` is negative. */
  count: number;
  /** Flush flags of each of them but the last. */
  flags: number;
  /** Flush flags of the last, whose store may have completed or emptied a table. */
  last: number;
  rc: number;
}

const outcome: Outcome = { count: 0, flags: 0, last: 0, rc: 0 };

function report(count: number, flags: number, last: number, rc: number): Outcome {
  outcome.count = count;
  outcome.flags = flags;
  outcome.last = last;
  outcome.rc = rc;
  return outcome;
}

export const done = (count: number, flags: number, last = flags): Outcome => report(count, flags, last, 0);
export const failed = (rc: number): Outcome => report(0, 0, 0, rc);
