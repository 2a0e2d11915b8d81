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
  for (let i = 0; i < rows.length; i++) {
    const { text } = rows[i]!;
    const offset = Number.parseInt(text, 16);
    const colon = text.indexOf(":");
    const first = text[colon + 1] === " " ? colon + 2 : colon + 1;
    // Two digits a byte, one blank between: what makes a line a row.
    const count = (text.length - first + 1) / 3;
    if (offset !== length || offset + count > LENGTH) {
      gapBefore = offset;
      break;
    }
    for (let n = 0; n < count; n++) bytes[offset + n] = byteAt(text, first + 3 * n);
    starts.push(offset);
    length += count;
  }
  const lineOf = (offset: number): number => {
    const row = starts.findLastIndex((start) => start <= offset);
    return rows[Math.max(row, 0)]?.line ?? 0;
  };
  return { bytes: bytes.subarray(0, length), lineOf, gapBefore };
}

/** The byte that two hexadecimal digits are. Text of a few hundred thousand bytes has no string for each. */
const byteAt = (text: string, at: number): number => 16 * digit(text.charCodeAt(at)) + digit(text.charCodeAt(at + 1));

/** The value of a digit's character: 0 to 9 are 0x30 to 0x39, and the low bits of a letter count from 1, in both cases. */
const digit = (code: number): number => (code <= 0x39 ? code - 0x30 : (code & 7) + 9);
