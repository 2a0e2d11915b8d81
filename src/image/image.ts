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

/** What a container has to offer. */
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
  /** Fills all 1024 words. Returns null, or why there are none; what `into` holds then is of no use. */
  read(mfn: Mfn, into: Uint32Array): string | null;
  /** All frames that hold anything, each once, in ascending order. Frames of zeros may be left out. */
  chunks(): Generator<Chunk>;
}

/** A memory image: its frames by machine frame number, cached. Reading never throws on damage: a frame is then absent. */
export interface MemoryImage extends FrameReader, Omit<Container, "read"> {
  /** Why `frame` has nothing to give: not in the image, left out by the dumper, damaged. */
  readonly absence: (mfn: Mfn) => string;
}

/** 32 MiB of frames. */
const CACHED = 8192;

/** A container as an image. About `cached` frames (4 KiB each) are kept: those that were asked for last. */
export function makeImage(container: Container, cached = CACHED): MemoryImage {
  // Two generations: what is not asked for again while the younger one fills up is forgotten. Frames are never reused:
  // a walker may still hold them.
  let young = new Map<number, Uint32Array>();
  let old = new Map<number, Uint32Array>();
  /** For frames that turn out to be absent. */
  let spare: Uint32Array | undefined;
  const load = (mfn: Mfn): Uint32Array | undefined => {
    const words = spare ?? new Uint32Array(WORDS);
    spare = container.read(mfn, words) === null ? undefined : words;
    return spare ? undefined : words;
  };
  return {
    ...container,
    read(mfn, into) {
      const known = young.get(mfn) ?? old.get(mfn);
      if (known) into.set(known);
      return known !== undefined || container.read(mfn, into) === null;
    },
    frame(mfn) {
      const known = young.get(mfn);
      if (known) return known;
      const words = old.get(mfn) ?? load(mfn);
      if (!words) return undefined;
      if (young.size * 2 >= cached) {
        old = young;
        young = new Map();
      }
      young.set(mfn, words);
      return words;
    },
    absence: (mfn) => container.read(mfn, new Uint32Array(WORDS)) ?? `frame ${hex(mfn)} is there`,
  };
}

/** A frame's words as its bytes. Little-endian, as every machine that runs this is. */
export const bytesOf = (words: Uint32Array): Uint8Array => new Uint8Array(words.buffer, words.byteOffset, PAGE_SIZE);

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
    read: (mfn, into) => images.some((image) => image.read?.(mfn, into)),
    absence: (mfn) => (having(mfn) ?? images[0])?.absence(mfn) ?? ABSENT,
    *chunks() {
      for (const image of images) yield* image.chunks();
    },
  };
}

/** The image with some bits of all its 64-bit words cleared: memory encryption's, before roots are looked for. */
export function withoutBits(image: MemoryImage, bits: Raw): MemoryImage {
  const clear = (words: Uint32Array): Uint32Array => {
    for (let i = 0; i < words.length; i += 2) {
      words[i] = words[i]! & ~bits.lo;
      words[i + 1] = words[i + 1]! & ~bits.hi;
    }
    return words;
  };
  return {
    ...image,
    frame(mfn) {
      const words = image.frame(mfn);
      return words && clear(words.slice());
    },
    read(mfn, into) {
      const isThere = image.read?.(mfn, into) ?? false;
      if (isThere) clear(into);
      return isThere;
    },
    *chunks() {
      for (const chunk of image.chunks()) yield { ...chunk, words: clear(chunk.words.slice()) };
    },
  };
}
