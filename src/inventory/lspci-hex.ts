import type { Block } from "./lspci-blocks.ts";

/** The bytes that hex rows give, as far as they follow each other from offset 0. */
export interface HexBytes {
  readonly bytes: Uint8Array;
  /** Line of the row that holds an offset. */
  readonly lineOf: (offset: number) => number;
  /** Offset of the first row that does not follow, where rows are missing; null otherwise. */
  readonly gapBefore: number | null;
}

const LENGTH = 4096;

/** `OO: xx xx …`, 16 bytes a row (host-inputs.md 2). */
export function readHexRows(rows: Block["hex"]): HexBytes {
  const bytes = new Uint8Array(LENGTH);
  const starts: number[] = [];
  let length = 0;
  let gapBefore: number | null = null;
  for (const { text } of rows) {
    const offset = Number.parseInt(text, 16);
    const values = text
      .slice(text.indexOf(":") + 1)
      .trim()
      .split(" ");
    if (offset !== length || offset + values.length > LENGTH) {
      gapBefore = offset;
      break;
    }
    bytes.set(
      values.map((value) => Number.parseInt(value, 16)),
      offset,
    );
    starts.push(offset);
    length += values.length;
  }
  const lineOf = (offset: number): number => {
    const row = starts.findLastIndex((start) => start <= offset);
    return rows[Math.max(row, 0)]?.line ?? 0;
  };
  return { bytes: bytes.subarray(0, length), lineOf, gapBefore };
}
