/** What a decompressor returns: as many bytes as were asked for, or why there are none. */
export type Decompressed = Uint8Array | string;

/** Input bytes, and the `size` bytes that must come out. Never throws; work is bounded by both. */
export type Decompress = (input: Uint8Array, size: number) => Decompressed;

/** Repeat `length` bytes from `distance` back, overlapping. False where that reaches before the start or past the end. */
export function repeat(out: Uint8Array, at: number, distance: number, length: number): boolean {
  if (!(distance > 0 && distance <= at && at + length <= out.length)) return false;
  if (distance >= length) out.copyWithin(at, at - distance, at - distance + length);
  else for (let i = at; i < at + length; i++) out[i] = out[i - distance]!;
  return true;
}

/** Copy `length` bytes of the input. False where either ends before. */
export function literals(input: Uint8Array, from: number, out: Uint8Array, at: number, length: number): boolean {
  if (!(from + length <= input.length && at + length <= out.length)) return false;
  for (let i = 0; i < length; i++) out[at + i] = input[from + i]!;
  return true;
}

export const ENDS_EARLY = "the compressed data ends early";
export const BAD_COPY = "the compressed data refers to bytes outside the page";
export const wrongLength = (size: number, found: number): string => `expected ${size} bytes, found ${found}`;
