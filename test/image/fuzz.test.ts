import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { type ByteSource, ImageError, openImage } from "../../src/image/index.ts";
import { latestWins } from "../../src/image/overlay.ts";
import { elf, flatten, kdump, lime, note, PACKERS, raw, struct, xenCore } from "./writers.ts";

const RUNS = Number(process.env.FUZZ_RUNS ?? 400);

/** A source that hands out one buffer again and again, as a file's does: what is kept too long is found out. */
function pooled(bytes: Uint8Array): ByteSource {
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

const frames = new Map(
  [0x10, 0x11, 0x13, 0x40, 0x8003].map((mfn) => [
    mfn,
    new Uint8Array(BigUint64Array.from({ length: 512 }, (_, i) => BigInt(mfn * i)).buffer),
  ]),
);
const packers = Object.values(PACKERS);
const notes = note("QEMU", 0, struct(440, [[416, 8, 0x1000]]));
const SEEDS: readonly (readonly [name: string, bytes: Uint8Array, headers: number])[] = [
  ["ELF core", elf(frames, { notes, zeros: 0x1000 }), 64 + 6 * 56 + notes.length],
  ["ELF core with many headers", elf(frames, { extended: true }), 64 + 7 * 56],
  ["xl dump-core", xenCore(frames), 600],
  ["xl dump-core, PV", xenCore(frames, true), 700],
  ["LiME", lime(frames), 32],
  ["kdump", kdump(frames, { packers, excluded: [0x12] }), 0x4100],
  ["kdump, split", kdump(frames, { packers, split: [0x11, 0x41] }), 0x4100],
  ["kdump, flattened", flatten(kdump(frames, { packers }), 700), 6000],
  ["raw", raw(new Map([...frames].slice(0, 3)), 0), 100],
];

/** Reads all that an image gives. Returns whether it was refused. */
function readThrough(bytes: Uint8Array): boolean {
  let image: ReturnType<typeof openImage>;
  try {
    image = openImage(pooled(bytes));
  } catch (error) {
    if (!(error instanceof ImageError)) throw error;
    if (error.message.length < 10) throw new Error(`no sentence: ${error.message}`);
    return true;
  }
  for (const mfn of [...frames.keys(), 0, 0x12, 0x7fff, image.end - 1, image.end, 2 ** 39]) {
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
  return false;
}

/** Values that break readers: sizes near limits, all ones, offsets into the file. */
const value = fc.oneof(
  fc.constantFrom(
    0,
    1,
    2,
    0xff,
    0x1000,
    0xffff,
    0x7fffffff,
    0x80000000,
    0xffffffff,
    2 ** 32,
    2 ** 40,
    2 ** 52,
    2 ** 53 - 1,
    -1,
  ),
  fc.nat(0x20000),
);
const change = fc.record({ at: fc.nat(2 ** 20), bytes: fc.constantFrom(1, 2, 4, 8), value });

describe("any image", () => {
  it.each(SEEDS)("%s: unchanged, every frame is as it was", (_, bytes) => {
    const image = openImage(pooled(bytes));
    const there = [...frames].filter(([mfn]) => image.has(mfn as Mfn));
    expect(there.length).toBeGreaterThan(1);
    for (const [mfn, data] of there) {
      expect(Buffer.compare(new Uint8Array(image.frame(mfn as Mfn)!.buffer), data)).toBe(0);
    }
  });

  it.each(SEEDS)("%s: fields changed at will, never more than a sentence", (_, seed, headers) => {
    let read = 0;
    fc.assert(
      fc.property(
        fc.array(change, { minLength: 1, maxLength: 6 }),
        fc.option(fc.nat(seed.length), { freq: 8 }),
        (changes, cut) => {
          const bytes = seed.slice(0, cut ?? seed.length);
          for (const { at, bytes: width, value: to } of changes) {
            const offset = Math.floor((at % headers) / width) * width;
            if (offset + width > bytes.length) continue;
            bytes.set(struct(8, [[0, 8, to]]).subarray(0, width), offset);
          }
          if (!readThrough(bytes)) read++;
        },
      ),
      { numRuns: RUNS },
    );
    expect(read).toBeGreaterThan(0);
  });

  it("of any bytes behind a container's mark", () => {
    fc.assert(
      fc.property(fc.constantFrom(...SEEDS), fc.uint8Array({ maxLength: 9000 }), ([, seed], tail) => {
        readThrough(new Uint8Array(Buffer.concat([seed.subarray(0, 16), tail])));
      }),
      { numRuns: RUNS },
    );
  });
});

describe("overlapping claims", () => {
  it("are as if painted one after the other", () => {
    const claim = fc.record({ from: fc.nat(40), length: fc.nat(12) });
    fc.assert(
      fc.property(fc.array(claim, { maxLength: 12 }), (list) => {
        const claims = list.map(({ from, length }, id) => ({ from, to: from + length, id }));
        const painted = new Array<number>(64).fill(-1);
        for (const { from, to, id } of claims) painted.fill(id, from, to);
        const found = new Array<number>(64).fill(-1);
        let end = 0;
        for (const { from, to, id } of latestWins(claims)) {
          if (from < end || to <= from) return false;
          found.fill(id, from, to);
          end = to;
        }
        return found.every((id, i) => id === painted[i]);
      }),
    );
  });
});
