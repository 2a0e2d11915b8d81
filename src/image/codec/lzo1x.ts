import { BAD_COPY, type Decompressed, ENDS_EARLY, literals, repeat, wrongLength } from "./output.ts";

/**
 * LZO1X. An instruction's first byte tells its kind; each copy carries in two bits how many literals follow it, and what
 * a byte below 16 means depends on how many came last: `state` is 0 to 3, or 4 after a long run.
 */
export function lzo1x(input: Uint8Array, size: number): Decompressed {
  const out = new Uint8Array(size);
  let at = 0;
  let done = 0;
  let state = 0;

  /** A length that goes on with zero bytes of 255 each and ends with another byte; NaN where the input ends. */
  const longer = (base: number): number => {
    let length = base;
    while (input[at] === 0) {
      length += 255;
      at++;
    }
    return length + (input[at++] ?? Number.NaN);
  };
  const run = (count: number): boolean => {
    if (!literals(input, at, out, done, count)) return false;
    at += count;
    done += count;
    return true;
  };

  if ((input[0] ?? 0) > 17) {
    const count = input[at++]! - 17;
    if (!run(count)) return ENDS_EARLY;
    state = Math.min(count, 4);
  }
  for (;;) {
    const op = input[at++];
    if (op === undefined) return ENDS_EARLY;
    let length: number;
    let distance: number;
    let after = op & 3;
    if (op < 16 && state === 0) {
      length = op === 0 ? longer(18) : op + 3;
      if (!run(length)) return ENDS_EARLY;
      state = 4;
      continue;
    }
    if (op < 16 || op >= 64) {
      const high = input[at++];
      if (high === undefined) return ENDS_EARLY;
      if (op < 16) {
        length = state === 4 ? 3 : 2;
        distance = (high << 2) + (op >> 2) + (state === 4 ? 2049 : 1);
      } else {
        length = op >= 128 ? 5 + ((op >> 5) & 3) : 3 + ((op >> 5) & 1);
        distance = (high << 3) + ((op >> 2) & 7) + 1;
      }
    } else {
      const mask = op >= 32 ? 31 : 7;
      length = 2 + ((op & mask) === 0 ? longer(mask) : op & mask);
      const low = input[at];
      const high = input[at + 1];
      if (low === undefined || high === undefined || Number.isNaN(length)) return ENDS_EARLY;
      at += 2;
      after = low & 3;
      distance = (high << 6) + (low >> 2);
      if (op >= 32) distance += 1;
      else {
        distance += (op & 8) << 11;
        if (distance === 0) break;
        distance += 16384;
      }
    }
    if (!repeat(out, done, distance, length)) return BAD_COPY;
    done += length;
    state = after;
    if (!run(after)) return ENDS_EARLY;
  }
  return done === size ? out : wrongLength(size, done);
}
