import { hex, type Mfn, PAGE_SIZE } from "../address.ts";
import { WORDS } from "../memory/memory.ts";
import { ABSENT, bytesOf, type Chunk, type Container } from "./image.ts";
import { latestWins } from "./overlay.ts";
import { type ByteSource, ImageError } from "./source.ts";

/** Physical bytes [from, to) that lie in the file one after the other; a null offset stands for zeros. */
export interface Segment {
  readonly from: number;
  readonly to: number;
  /** File offset of physical address 0, if the segment reached there: address + shift is the offset. May be negative. */
  readonly shift: number | null;
}

/** More than any machine's memory map; a record each of a hostile file must not fill memory. */
const MAX_SEGMENTS = 2 ** 20;
/** Frames read at once in a scan: 4 MiB. */
const CHUNK = 1024;

/** Segments are collected one by one. Throws ImageError beyond 2^20 of them. */
export function addSegment(segments: Segment[], from: number, bytes: number, offset: number | null): void {
  if (bytes <= 0) return;
  const shift = offset === null ? null : offset - from;
  const last = segments.at(-1);
  if (last && last.to === from && last.shift === shift) segments[segments.length - 1] = { ...last, to: from + bytes };
  else if (segments.push({ from, to: from + bytes, shift }) > MAX_SEGMENTS)
    throw new ImageError(`more than ${MAX_SEGMENTS} separate ranges of memory: this is no image that can be read`);
}

/** Cut what lies beyond the file's end off, and say so. */
function cutAtEnd(segments: readonly Segment[], size: number, notes: string[]): Segment[] {
  let lost = 0;
  const whole = segments.map((segment) => {
    const end = segment.shift === null ? segment.to : Math.max(segment.from, size - segment.shift);
    if (end >= segment.to) return segment;
    lost += segment.to - end;
    return { ...segment, to: end };
  });
  if (lost > 0) notes.push(`the file ends at ${hex(size)}, but ${hex(lost)} more bytes are announced: it was cut off`);
  return whole;
}

/**
 * An image whose frames lie in the file as they are. Segments may overlap: the first counts. A frame of which only a
 * part is there is absent.
 */
export function segmentContainer(
  source: ByteSource,
  title: string,
  given: readonly Segment[],
  given_notes: readonly string[] = [],
): Container {
  const notes = [...given_notes];
  const segments = latestWins(cutAtEnd(given, source.size, notes).reverse());
  const pages = segments.map(({ from, to }) => ({
    first: Math.ceil(from / PAGE_SIZE),
    end: Math.floor(to / PAGE_SIZE),
  }));

  const indexOf = (address: number): number => {
    let low = 0;
    let high = segments.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (segments[middle]!.to > address) high = middle;
      else low = middle + 1;
    }
    return low;
  };

  /** How much of a frame is there, from its first byte on. */
  const covered = (start: number, first: number): number => {
    let to = start;
    for (let i = first; i < segments.length && segments[i]!.from <= to && to < start + PAGE_SIZE; i++)
      to = segments[i]!.to;
    return Math.min(to - start, PAGE_SIZE);
  };

  const read = (mfn: Mfn, into: Uint32Array): string | null => {
    const start = mfn * PAGE_SIZE;
    const first = indexOf(start);
    const length = covered(start, first);
    if (length < PAGE_SIZE) {
      const part = length > 0 || (segments[first]?.from ?? Number.POSITIVE_INFINITY) < start + PAGE_SIZE;
      return part ? "only a part of the frame is in the image" : ABSENT;
    }
    const bytes = bytesOf(into);
    for (let i = first; i < segments.length && segments[i]!.from < start + PAGE_SIZE; i++) {
      const { from, to, shift } = segments[i]!;
      const begin = Math.max(from, start);
      const end = Math.min(to, start + PAGE_SIZE);
      if (shift === null) {
        bytes.fill(0, begin - start, end - start);
        continue;
      }
      const found = source.read(begin + shift, end - begin);
      if (found.length < end - begin) return `the file could not be read at offset ${hex(begin + shift)}`;
      bytes.set(found, begin - start);
    }
    return null;
  };

  return {
    title,
    notes,
    frames: pages.reduce((sum, { first, end }) => sum + Math.max(0, end - first), 0),
    end: Math.max(0, pages.at(-1)?.end ?? 0),
    has: (mfn) => covered(mfn * PAGE_SIZE, indexOf(mfn * PAGE_SIZE)) === PAGE_SIZE,
    read,
    *chunks(): Generator<Chunk> {
      for (const [i, { shift }] of segments.entries()) {
        const { first, end } = pages[i]!;
        if (shift === null) continue;
        for (let mfn = first; mfn < end; mfn += CHUNK) {
          const count = Math.min(CHUNK, end - mfn);
          const words = wordsOf(source.read(mfn * PAGE_SIZE + shift, count * PAGE_SIZE));
          yield { mfn: mfn as Mfn, count: Math.floor(words.length / WORDS), words };
        }
      }
    },
  };
}

/** Bytes as words, without a copy where they lie so. */
function wordsOf(bytes: Uint8Array): Uint32Array {
  const count = bytes.length >>> 2;
  if (bytes.byteOffset % 4 === 0) return new Uint32Array(bytes.buffer, bytes.byteOffset, count);
  return new Uint32Array(new Uint8Array(bytes).buffer, 0, count);
}
