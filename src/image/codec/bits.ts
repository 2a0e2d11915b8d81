/** Zstandard's bit streams. A reader that is past its end gives zeros and has `left` below zero. */
export interface BitReader {
  /** The next `count` bits, at most 24. */
  read(count: number): number;
  /** Bits not yet read. */
  left(): number;
}

/** 24 bits from a bit position on, zeros outside of the bytes. */
function window(bytes: Uint8Array, position: number): number {
  const at = position >> 3;
  const word =
    (bytes[at] ?? 0) | ((bytes[at + 1] ?? 0) << 8) | ((bytes[at + 2] ?? 0) << 16) | ((bytes[at + 3] ?? 0) << 24);
  return word >>> (position & 7);
}

/** From the first byte on, lowest bit first. */
export function forwardBits(bytes: Uint8Array): BitReader & { readonly peek: (count: number) => number } {
  let position = 0;
  const peek = (count: number): number => window(bytes, position) & ((1 << count) - 1);
  return {
    peek,
    read(count) {
      const value = peek(count);
      position += count;
      return value;
    },
    left: () => bytes.length * 8 - position,
  };
}

/** From the end on, below the highest bit that is set in the last byte. Null where there is none. */
export function backwardBits(bytes: Uint8Array): BitReader | null {
  const last = bytes.at(-1) ?? 0;
  if (last === 0) return null;
  let position = bytes.length * 8 - 1 - (Math.clz32(last) - 24);
  return {
    read(count) {
      position -= count;
      if (position >= 0) return window(bytes, position) & ((1 << count) - 1);
      // The bits before the stream's start are zeros.
      return position <= -count ? 0 : (window(bytes, 0) << -position) & ((1 << count) - 1);
    },
    left: () => position,
  };
}
