import { hex, type Mfn, PAGE_SIZE } from "../address.ts";
import type { Raw } from "../format/format.ts";
import { type FrameReader, WORDS } from "../memory/memory.ts";

/** Neighbouring frames, read at once. */
export interface Chunk {
  readonly mfn: Mfn;
  readonly count: number;
  /** 1024 words a frame; overwritten by the next chunk. */
  readonly words: Uint32Array;
}

/** What a container has to offer. `load` returns a frame's words, or why there are none. */
export interface Container {
  /** "raw", "ELF core", … */
  readonly title: string;
  /** Number of frames that the image holds. */
  readonly frames: number;
  /** One past the highest of them. */
  readonly end: number;
  /** What was noticed when the image was opened. */
  readonly notes: readonly string[];
  has(mfn: Mfn): boolean;
  load(mfn: Mfn): Uint32Array | string;
  /** All frames that hold anything, each once, in ascending order. Frames of zeros may be left out. */
  chunks(): Generator<Chunk>;
}

/** A memory image: its frames by machine frame number, cached. Reading never throws on damage: a frame is then absent. */
export interface MemoryImage extends FrameReader, Omit<Container, "load"> {
  /** Why `frame` has nothing to give: not in the image, left out by the dumper, damaged. */
  absence(mfn: Mfn): string;
}

/** 32 MiB of frames. */
const CACHED = 8192;

/** A container as an image. About `cached` frames (4 KiB each) are kept: those that were asked for last. */
export function makeImage(container: Container, cached = CACHED): MemoryImage {
  // Two generations: what is not asked for again while the younger one fills up is forgotten. Frames are never reused:
  // a walker may still hold them.
  let young = new Map<number, Uint32Array>();
  let old = new Map<number, Uint32Array>();
  const { load, ...rest } = container;
  return {
    ...rest,
    frame(mfn) {
      const known = young.get(mfn);
      if (known) return known;
      const words = old.get(mfn) ?? load(mfn);
      if (typeof words === "string") return undefined;
      if (young.size * 2 >= cached) {
        old = young;
        young = new Map();
      }
      young.set(mfn, words);
      return words;
    },
    absence(mfn) {
      const words = load(mfn);
      return typeof words === "string" ? words : `frame ${hex(mfn)} is there`;
    },
  };
}

/** Bytes as a frame's words, copied; `bytes` has 4096 of them. Little-endian, as every machine that runs this is. */
export function frameWords(bytes: Uint8Array): Uint32Array {
  const words = new Uint32Array(WORDS);
  new Uint8Array(words.buffer).set(bytes.length > PAGE_SIZE ? bytes.subarray(0, PAGE_SIZE) : bytes);
  return words;
}

export const ABSENT = "not in the image";

/** Several images as one: of two that hold a frame, the first counts. */
export function combineImages(images: readonly MemoryImage[]): MemoryImage {
  const [only] = images;
  if (only && images.length === 1) return only;
  const having = (mfn: Mfn): MemoryImage | undefined => images.find((image) => image.has(mfn));
  return {
    title: images.map(({ title }) => title).join(", "),
    frames: images.reduce((sum, { frames }) => sum + frames, 0),
    end: Math.max(0, ...images.map(({ end }) => end)),
    notes: images.flatMap(({ notes }) => notes),
    has: (mfn) => having(mfn) !== undefined,
    frame(mfn) {
      for (const image of images) {
        const words = image.frame(mfn);
        if (words) return words;
      }
      return undefined;
    },
    absence: (mfn) => (having(mfn) ?? images[0])?.absence(mfn) ?? ABSENT,
    *chunks() {
      for (const image of images) yield* image.chunks();
    },
  };
}

/** The image with some bits of all its 64-bit words cleared: memory encryption's, before roots are looked for. */
export function withoutBits(image: MemoryImage, bits: Raw): MemoryImage {
  const clear = (words: Uint32Array): Uint32Array => {
    const cleared = words.slice();
    for (let i = 0; i < cleared.length; i += 2) {
      cleared[i] = cleared[i]! & ~bits.lo;
      cleared[i + 1] = cleared[i + 1]! & ~bits.hi;
    }
    return cleared;
  };
  return {
    ...image,
    frame(mfn) {
      const words = image.frame(mfn);
      return words && clear(words);
    },
    *chunks() {
      for (const chunk of image.chunks()) yield { ...chunk, words: clear(chunk.words) };
    },
  };
}
