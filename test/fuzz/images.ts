/** Memory images of each container, made well-formed for the fuzzers to spoil, and a reader that looks at everything. */
import type { Mfn } from "../../src/address.ts";
import { type ByteSource, ImageError, openImage } from "../../src/image/index.ts";
import { elf, flatten, kdump, lime, note, PACKERS, raw, struct, xenCore } from "../image/writers.ts";
import { expectSentence, refusal, type Verdict } from "./target.ts";

/** A source that hands out one buffer again and again, as a file's does: what is kept too long is found out. */
export function pooled(bytes: Uint8Array): ByteSource {
  let buffer = new Uint8Array(0);
  return {
    size: bytes.length,
    read(offset, length) {
      buffer.fill(0xa5);
      const wanted = Math.max(0, Math.min(length, bytes.length - offset));
      if (buffer.length < wanted) buffer = new Uint8Array(wanted);
      buffer.set(bytes.subarray(offset, offset + wanted));
      return buffer.subarray(0, wanted);
    },
  };
}

/** The frames of every image. */
export const FRAMES = new Map(
  [0x10, 0x11, 0x13, 0x40, 0x8003].map((mfn) => [
    mfn,
    new Uint8Array(BigUint64Array.from({ length: 512 }, (_, i) => BigInt(mfn * i)).buffer),
  ]),
);
const packers = Object.values(PACKERS);
const notes = note("QEMU", 0, struct(440, [[416, 8, 0x1000]]));

/** Images, and how many bytes of headers each has. */
export const IMAGES: readonly (readonly [name: string, bytes: Uint8Array, headers: number])[] = [
  ["ELF core", elf(FRAMES, { notes, zeros: 0x1000 }), 64 + 6 * 56 + notes.length],
  ["ELF core with many headers", elf(FRAMES, { extended: true }), 64 + 7 * 56],
  ["xl dump-core", xenCore(FRAMES), 600],
  ["xl dump-core, PV", xenCore(FRAMES, true), 700],
  ["LiME", lime(FRAMES), 32],
  ["kdump", kdump(FRAMES, { packers, excluded: [0x12] }), 0x4100],
  ["kdump, split", kdump(FRAMES, { packers, split: [0x11, 0x41] }), 0x4100],
  ["kdump, flattened", flatten(kdump(FRAMES, { packers }), 700), 6000],
  ["raw", raw(new Map([...FRAMES].slice(0, 3)), 0), 100],
];

/** Reads all that an image gives. Throws on anything but an image or a refusal that is a sentence. */
export function readThrough(bytes: Uint8Array): Verdict {
  const image = refusal([ImageError], () => openImage(pooled(bytes)));
  if (!image) return "refused";
  for (const text of image.notes) expectSentence(text);
  for (const mfn of [...FRAMES.keys(), 0, 0x12, 0x7fff, image.end - 1, image.end, 2 ** 39]) {
    const words = image.frame(mfn as Mfn);
    if (words ? words.length !== 1024 : image.absence(mfn as Mfn).length < 10) throw new Error(`frame ${mfn}`);
  }
  let seen = 0;
  for (const { mfn, count, words } of image.chunks()) {
    if (words.length < count * 1024) throw new Error("a chunk without its words");
    for (let i = 0; i < count; i++)
      if (mfn < 2 ** 20 && !image.has((mfn + i) as Mfn))
        throw new Error(`a chunk with frame ${mfn + i}, which is not there`);
    seen += count;
    if (seen > 2 ** 12) break;
  }
  return "read";
}
