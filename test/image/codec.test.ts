import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { lzo1x } from "../../src/image/codec/lzo1x.ts";
import { snappy } from "../../src/image/codec/snappy.ts";
import { zlib } from "../../src/image/codec/zlib.ts";
import { zstd } from "../../src/image/codec/zstd.ts";
import vectors from "./vectors.json" with { type: "json" };
import { PACKERS } from "./writers.ts";

const CODECS = { lzo1x, snappy, zlib, zstd } as const;
type CodecName = keyof typeof CODECS;
const isCodec = (name: string): name is CodecName => Object.hasOwn(CODECS, name);

const random = (x: number): number => Number((BigInt(x) * 1103515245n + 12345n) & 0x7fffffffn);

/** The pages of the vectors, from their recipes. */
const PAGES: Readonly<Record<string, () => Uint8Array>> = {
  entries: () => new Uint8Array(BigUint64Array.from({ length: 512 }, (_, i) => 0x7fc00067n + BigInt(i) * 4096n).buffer),
  sparse: () => {
    let x = 1;
    const entry = (): bigint => {
      x = random(x);
      return x % 8 === 0 ? 0x9c50000000000383n | (BigInt(x >> 16) << 21n) : 0x8000000000000000n;
    };
    return new Uint8Array(BigUint64Array.from({ length: 512 }, entry).buffer);
  },
  words: () => {
    const words = ["domain ", "gfn: ", "order ", "mfn ", "rwx WB", "\n"];
    let text = "";
    for (let x = 7; text.length < 4096; ) {
      x = random(x);
      text += (x >> 20) % 4 === 0 ? ((x >> 10) & 0xffff).toString(16) : words[(x >> 16) % 6];
    }
    return new Uint8Array(Buffer.from(text.slice(0, 4096), "latin1"));
  },
};

const bytes = (data: string): Uint8Array => new Uint8Array(Buffer.from(data, "base64"));
const same = (a: Uint8Array | string, b: Uint8Array): boolean => typeof a !== "string" && Buffer.compare(a, b) === 0;

describe("pages compressed by the codecs' own libraries", () => {
  it.each(vectors)("$page by $by", ({ codec, page, data }) => {
    if (!isCodec(codec)) throw new Error(codec);
    expect(same(CODECS[codec](bytes(data), 4096), PAGES[page]!())).toBe(true);
  });

  it.each(Object.keys(PAGES))("%s by zlib, all levels", (page) => {
    const data = PAGES[page]!();
    for (const level of [1, 6, 9])
      expect(same(zlib(new Uint8Array(deflateSync(data, { level })), 4096), data)).toBe(true);
  });
});

/** Well-formed data of each codec, of which the mutations are made. */
const SEEDS: readonly (readonly [CodecName, Uint8Array])[] = [
  ...vectors.map(({ codec, data }) => [codec as CodecName, bytes(data)] as const),
  ...Object.values(PAGES).flatMap((page) => [
    ["zlib", PACKERS.zlib.pack(page())] as const,
    ["snappy", PACKERS.snappy.pack(page())] as const,
    ["lzo1x", PACKERS.lzo.pack(page())] as const,
  ]),
];

describe("damaged data", () => {
  it.each(["lzo1x", "snappy", "zlib", "zstd"] as const)("%s: cut anywhere, it is refused with a sentence", (name) => {
    const [, seed] = SEEDS.find(([codec]) => codec === name)!;
    for (let length = 0; length < seed.length; length++)
      expect(CODECS[name](seed.subarray(0, length), 4096), `${length} bytes`).toMatch(/\w+ \w+/);
  });

  it.each(["lzo1x", "snappy", "zlib", "zstd"] as const)("%s: another size is refused", (name) => {
    const [, seed] = SEEDS.find(([codec]) => codec === name)!;
    expect(CODECS[name](seed, 4095)).toBeTypeOf("string");
    expect(CODECS[name](seed, 4097)).toBeTypeOf("string");
  });

  it("zlib: a wrong checksum is refused", () => {
    const data = PACKERS.zlib.pack(PAGES.words!());
    data[data.length - 1]! ^= 1;
    expect(zlib(data, 4096)).toBe("the checksum does not fit");
  });

  it("gives a page of the right size or a sentence, whatever is changed", () => {
    let refused = 0;
    fc.assert(
      fc.property(
        fc.constantFrom(...SEEDS),
        fc.array(fc.tuple(fc.nat(8191), fc.nat(255)), { minLength: 1, maxLength: 8 }),
        ([name, seed], changes) => {
          const data = seed.slice();
          for (const [at, value] of changes) data[at % data.length] = value;
          const found = CODECS[name](data, 4096);
          if (typeof found === "string") refused++;
          return typeof found === "string" ? found.length > 10 : found.length === 4096;
        },
      ),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 2000) },
    );
    expect(refused).toBeGreaterThan(100);
  });

  it("takes any bytes at all", () => {
    fc.assert(
      fc.property(fc.constantFrom(...Object.values(CODECS)), fc.uint8Array({ maxLength: 300 }), (codec, data) => {
        const found = codec(data, 4096);
        return typeof found === "string" || found.length === 4096;
      }),
      { numRuns: Number(process.env.FUZZ_RUNS ?? 2000) },
    );
  });
});
