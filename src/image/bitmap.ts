import { type ByteSource, fail } from "./source.ts";

/** A bitmap in a file, bit i in byte i/8, lowest first. Blocks of it are cached; nothing is read whole. */
export interface FileBitmap {
  has(bit: number): boolean;
  /** How many bits below `bit` are set, of those from `first` on. */
  rank(bit: number): number;
  /** Bits set in [first, end). */
  readonly count: number;
  /** One past the highest bit set. */
  readonly last: number;
  /** Bits set, ascending. */
  bits(): Generator<number>;
}

const BLOCK_BYTES = 4096;
const BLOCK_BITS = BLOCK_BYTES * 8;
const STEP = 256 * BLOCK_BYTES;
const CACHED = 256;

/** Bits set of a 32-bit word. */
function popcount(word: number): number {
  let n = word - ((word >>> 1) & 0x55555555);
  n = (n & 0x33333333) + ((n >>> 2) & 0x33333333);
  return Math.imul((n + (n >>> 4)) & 0x0f0f0f0f, 0x01010101) >>> 24;
}

/**
 * Counts the bits once, block by block, so that a rank costs one block. Only bits of [first, end) count. Throws ImageError
 * where the file ends inside the bitmap.
 */
export function fileBitmap(source: ByteSource, offset: number, bytes: number, first: number, end: number): FileBitmap {
  const blocks = Math.ceil(bytes / BLOCK_BYTES);
  const before = new Float64Array(blocks + 1);
  const cache = new Map<number, Uint32Array>();

  /** Words of a block with the bits outside of [first, end) cleared. */
  const clipped = (raw: Uint8Array, block: number): Uint32Array => {
    const words = new Uint32Array(BLOCK_BYTES / 4);
    new Uint8Array(words.buffer).set(raw.subarray(0, BLOCK_BYTES));
    const start = block * BLOCK_BITS;
    if (first <= start && end >= start + BLOCK_BITS) return words;
    for (let i = 0; i < words.length; i++) {
      const from = Math.min(32, Math.max(0, first - start - i * 32));
      const to = Math.min(32, Math.max(0, end - start - i * 32));
      const mask = from >= to ? 0 : (0xffffffff >>> (32 - (to - from))) << from;
      words[i] = words[i]! & mask;
    }
    return words;
  };

  let last = 0;
  for (let done = 0; done < bytes; done += STEP) {
    const raw = source.read(offset + done, Math.min(STEP, bytes - done));
    if (raw.length < Math.min(STEP, bytes - done))
      fail(offset + done, "expected a bitmap, but the file ends: is it cut off?");
    for (let at = 0; at < raw.length; at += BLOCK_BYTES) {
      const block = (done + at) / BLOCK_BYTES;
      let count = 0;
      const words = clipped(raw.subarray(at, Math.min(at + BLOCK_BYTES, raw.length)), block);
      for (let i = 0; i < words.length; i++) {
        if (words[i] === 0) continue;
        count += popcount(words[i]!);
        last = block * BLOCK_BITS + i * 32 + 32 - Math.clz32(words[i]!);
      }
      before[block + 1] = before[block]! + count;
    }
  }

  const wordsOf = (block: number): Uint32Array => {
    const known = cache.get(block);
    if (known) return known;
    const at = block * BLOCK_BYTES;
    const words = clipped(source.read(offset + at, Math.min(BLOCK_BYTES, bytes - at)), block);
    if (cache.size >= CACHED) cache.clear();
    cache.set(block, words);
    return words;
  };
  const inside = (bit: number): boolean => bit >= first && bit < end && bit < bytes * 8;

  return {
    count: before[blocks]!,
    last,
    has(bit) {
      if (!inside(bit)) return false;
      const at = bit % BLOCK_BITS;
      return ((wordsOf((bit - at) / BLOCK_BITS)[at >>> 5]! >>> (at & 31)) & 1) === 1;
    },
    rank(bit) {
      if (bit >= bytes * 8) return before[blocks]!;
      const at = bit % BLOCK_BITS;
      const block = (bit - at) / BLOCK_BITS;
      const words = wordsOf(block);
      let count = before[block]!;
      for (let i = 0; i < at >>> 5; i++) count += popcount(words[i]!);
      return count + popcount(words[at >>> 5]! & ((1 << (at & 31)) - 1));
    },
    *bits() {
      for (let block = 0; block < blocks; block++) {
        if (before[block + 1] === before[block]) continue;
        const words = wordsOf(block);
        for (let i = 0; i < words.length; i++)
          for (let word = words[i]!; word !== 0; word &= word - 1)
            yield block * BLOCK_BITS + i * 32 + 31 - Math.clz32(word & -word);
      }
    },
  };
}
