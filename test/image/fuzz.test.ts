import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { openImage } from "../../src/image/index.ts";
import { latestWins } from "../../src/image/overlay.ts";
import { FRAMES, IMAGES, pooled, readThrough } from "../fuzz/images.ts";
import { struct } from "./writers.ts";

const RUNS = Number(process.env.FUZZ_RUNS ?? 400);

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
  it.each(IMAGES)("%s: unchanged, every frame is as it was", (_, bytes) => {
    const image = openImage(pooled(bytes));
    const there = [...FRAMES].filter(([mfn]) => image.has(mfn as Mfn));
    expect(there.length).toBeGreaterThan(1);
    for (const [mfn, data] of there) {
      expect(Buffer.compare(new Uint8Array(image.frame(mfn as Mfn)!.buffer), data)).toBe(0);
    }
  });

  it.each(IMAGES)("%s: fields changed at will, never more than a sentence", (_, seed, headers) => {
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
          if (readThrough(bytes) === "read") read++;
        },
      ),
      { numRuns: RUNS },
    );
    expect(read).toBeGreaterThan(0);
  });

  it("of any bytes behind a container's mark", () => {
    fc.assert(
      fc.property(fc.constantFrom(...IMAGES), fc.uint8Array({ maxLength: 9000 }), ([, seed], tail) => {
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
