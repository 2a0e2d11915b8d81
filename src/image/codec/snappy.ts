import { BAD_COPY, type Decompressed, ENDS_EARLY, literals, repeat, wrongLength } from "./output.ts";

/** Snappy's raw format: the length as a varint, then literals and copies with the kind in the tag's low two bits. */
export function snappy(input: Uint8Array, size: number): Decompressed {
  let at = 0;
  let length = 0;
  for (let shift = 0; ; shift += 7) {
    const byte = input[at++];
    if (byte === undefined || shift > 28) return ENDS_EARLY;
    length += (byte & 0x7f) * 2 ** shift;
    if (byte < 0x80) break;
  }
  if (length !== size) return wrongLength(size, length);
  const out = new Uint8Array(size);
  let done = 0;
  const little = (from: number, bytes: number): number => {
    let value = 0;
    for (let i = bytes - 1; i >= 0; i--) value = value * 256 + (input[from + i] ?? 0);
    return value;
  };
  while (at < input.length) {
    const tag = input[at++]!;
    const kind = tag & 3;
    if (kind === 0) {
      const extra = Math.max(0, (tag >> 2) - 59);
      const count = (extra === 0 ? tag >> 2 : little(at, extra)) + 1;
      at += extra;
      if (!literals(input, at, out, done, count)) return ENDS_EARLY;
      at += count;
      done += count;
      continue;
    }
    const bytes = kind === 3 ? 4 : kind;
    if (at + bytes > input.length) return ENDS_EARLY;
    const count = kind === 1 ? 4 + ((tag >> 2) & 7) : (tag >> 2) + 1;
    const distance = little(at, bytes) + (kind === 1 ? (tag >> 5) * 256 : 0);
    if (!repeat(out, done, distance, count)) return BAD_COPY;
    at += bytes;
    done += count;
  }
  return done === size ? out : wrongLength(size, done);
}
