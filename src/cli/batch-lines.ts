/** A line of a batch. `text` is null for one that is longer than is read. */
export interface BatchLine {
  /** Counted from 1, empty lines included. */
  readonly number: number;
  readonly text: string | null;
  /** Bytes read up to its end. */
  readonly read: number;
}

/** The longest line that is read; what `physmap collect` gathers on a large host stays far below. */
export const MOST_LINE_BYTES = 16 * 2 ** 20;

const NEWLINE = 0x0a;

/** Lines of a stream of bytes, as they come; empty ones are left out. Never holds more than one line and one chunk. */
export async function* linesOf(
  chunks: AsyncIterable<Uint8Array>,
  most: number = MOST_LINE_BYTES,
): AsyncGenerator<BatchLine> {
  let parts: Uint8Array[] = [];
  let held = 0;
  let number = 1;
  let read = 0;
  const keep = (part: Uint8Array): void => {
    held += part.length;
    if (held <= most) parts.push(part);
    else parts = [];
  };
  const take = (): BatchLine | null => {
    const text = held > most ? null : Buffer.concat(parts).toString("utf8");
    parts = [];
    held = 0;
    return text?.trim() === "" ? null : { number, text, read };
  };
  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, end));
      read += end + 1 - from;
      from = end + 1;
      const line = take();
      if (line) yield line;
      number++;
    }
    read += chunk.length - from;
    keep(chunk.subarray(from));
  }
  const rest = take();
  if (rest) yield rest;
}
