import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { ABSENT, makeImage } from "../../src/image/image.ts";
import {
  bytesSource,
  combineImages,
  type MemoryImage,
  type OpenOptions,
  openImage,
  snapshotImage,
  withoutBits,
} from "../../src/image/index.ts";
import { latestWins } from "../../src/image/overlay.ts";
import { elf, flatten, kdump, lime, note, PACKERS, raw, struct, text } from "./writers.ts";

const page = (value: number): Uint8Array => new Uint8Array(4096).fill(value);
const open = (bytes: Uint8Array, options?: OpenOptions): MemoryImage => openImage(bytesSource(bytes), options);
const first = (image: MemoryImage, mfn: number): number | undefined => image.frame(mfn as Mfn)?.[0];
const FRAMES = new Map([
  [0x10, page(1)],
  [0x11, page(2)],
  [0x100, page(3)],
]);

describe("raw memory", () => {
  it("begins at its base", () => {
    const image = open(raw(FRAMES, 0x10), { base: 0x10000 });
    expect([first(image, 0xf), first(image, 0x10), first(image, 0x12), first(image, 0x100)]).toEqual([
      undefined,
      0x01010101,
      0,
      0x03030303,
    ]);
    expect(image.absence(0xf as Mfn)).toBe("not in the image");
  });

  it("of a QEMU guest goes on at 4 GiB after the RAM below the hole", () => {
    const image = open(raw(FRAMES, 0), { below4g: 0x11000 });
    expect([first(image, 0x10), first(image, 0x11), first(image, 0x100000), first(image, 0x1000ef)]).toEqual([
      0x01010101,
      undefined,
      0x02020202,
      0x03030303,
    ]);
  });

  it("that ends inside a frame lacks that frame, and says so", () => {
    const image = open(raw(FRAMES, 0x10).subarray(0, 0x1fff), { base: 0x10000 });
    expect([first(image, 0x10), first(image, 0x11)]).toEqual([0x01010101, undefined]);
    expect(image.absence(0x11 as Mfn)).toBe("only a part of the frame is in the image");
    expect(image.notes[0]).toContain("last 4095 bytes are no whole frame");
  });

  it.each([
    [{ base: 0x123 }, "base: expected a multiple of 0x1000"],
    [{ base: 2 ** 53 }, "base: expected a multiple of 0x1000 below 2^52"],
    [{ below4g: 2 ** 33 }, "more than 4 GiB"],
  ])("%j is refused", (options, says) => {
    expect(() => open(raw(FRAMES, 0x10), options)).toThrow(says);
  });

  it("in pieces is one image; of two pieces that hold a frame the first counts", () => {
    const image = combineImages([
      open(raw(FRAMES, 0x10).subarray(0, 0x1000), { base: 0x10000 }),
      open(raw(FRAMES, 0x10), { base: 0x11000 }),
    ]);
    expect([first(image, 0x10), first(image, 0x11), first(image, 0x12)]).toEqual([0x01010101, 0x01010101, 0x02020202]);
    expect([image.end, image.frames]).toEqual([0x102, 242]);
    expect(image.absence(0 as Mfn)).toBe("not in the image");
    expect([...image.chunks()].length).toBe(2);
  });
});

describe("ELF core", () => {
  it("has zeros where memory goes on after the file's bytes, and only there", () => {
    const image = open(elf(FRAMES, { zeros: 0x2000 }));
    expect([first(image, 0x11), first(image, 0x12), first(image, 0x13), first(image, 0x14)]).toEqual([
      0x02020202,
      0,
      0,
      undefined,
    ]);
  });

  it("tells what its notes say", () => {
    const info = Buffer.from("CRASHTIME=1\nOSRELEASE=6.1.0-18-amd64\nPAGESIZE=4096\n");
    const image = open(
      elf(FRAMES, {
        notes: Buffer.concat([
          note("CORE", 1, new Uint8Array(336)),
          note(
            "QEMU",
            0,
            struct(432, [
              [0, 4, 1],
              [4, 4, 432],
              [416, 8, 0x7f001000],
            ]),
          ),
          note("VMCOREINFO", 0, info),
        ]),
      }),
    );
    expect(image.notes).toEqual([
      "QEMU's notes: the processors' own page tables (CR3) are at 0x7f001000",
      "the kernel that ran: 6.1.0-18-amd64",
    ]);
    expect(first(image, 0x100)).toBe(0x03030303);
  });

  it("that is cut off holds what is left, and says so", () => {
    const whole = elf(FRAMES);
    const image = open(whole.subarray(0, whole.length - 0x800));
    expect([first(image, 0x11), first(image, 0x100)]).toEqual([0x02020202, undefined]);
    expect(image.notes).toEqual([expect.stringMatching(/the file ends at 0x\w+, but 0x800 more bytes are announced/)]);
  });

  it("leaves out headers without a physical address", () => {
    const bytes = elf(FRAMES);
    new DataView(bytes.buffer).setBigUint64(64 + 56 + 24, 0xffffffffffffffffn, true);
    const image = open(bytes);
    expect(first(image, 0x100)).toBe(0x03030303);
    expect(image.notes[0]).toContain("program header 1 is left out");
  });

  const broken = (offset: number, value: number): Uint8Array => {
    const bytes = elf(FRAMES);
    bytes[offset] = value;
    return bytes;
  };
  it.each([
    [broken(4, 1), "offset 0x4: expected a 64-bit little-endian ELF file"],
    [broken(16, 3), "offset 0x10: expected a core file (type 4), found type 3"],
    [broken(54, 8), "offset 0x36: expected program headers of 56 bytes, found 8"],
    [broken(56, 0), "offset 0x20: expected program headers that describe memory"],
    [broken(57, 0xee), "the file ends at"],
    [elf(FRAMES).subarray(0, 40), "offset 0x0: expected an ELF header of 64 bytes, but the file ends at 0x28"],
  ])("broken headers are refused with the offset: %#", (bytes, says) => {
    expect(() => open(bytes)).toThrow(says);
  });
});

describe("LiME", () => {
  it("has ranges that need not end with a frame", () => {
    const bytes = Buffer.concat([
      struct(32, [
        [0, 4, 0x4c694d45],
        [4, 4, 1],
        [8, 8, 0x10000],
        [16, 8, 0x11bff],
      ]),
      page(1),
      page(2).subarray(0, 0xc00),
    ]);
    const image = open(bytes);
    expect([first(image, 0x10), first(image, 0x11), image.frames]).toEqual([0x01010101, undefined, 1]);
    expect(image.absence(0x11 as Mfn)).toBe("only a part of the frame is in the image");
  });

  it("joins two ranges that meet inside a frame", () => {
    const range = (start: number, end: number, data: Uint8Array): Uint8Array[] => [
      struct(32, [
        [0, 4, 0x4c694d45],
        [4, 4, 1],
        [8, 8, start],
        [16, 8, end],
      ]),
      data,
    ];
    const image = open(
      Buffer.concat([
        ...range(0x10000, 0x107ff, page(1).subarray(0, 0x800)),
        ...range(0x10800, 0x10fff, page(2).subarray(0, 0x800)),
      ]),
    );
    const words = image.frame(0x10 as Mfn)!;
    expect([words[0], words[0x1ff], words[0x200], words[0x3ff]]).toEqual([
      0x01010101, 0x01010101, 0x02020202, 0x02020202,
    ]);
  });

  it.each([
    [
      struct(32, [
        [0, 4, 0x4c694d45],
        [4, 4, 2],
      ]),
      "offset 0x4: expected version 1",
    ],
    [
      struct(32, [
        [0, 4, 0x4c694d45],
        [4, 4, 1],
        [8, 8, 0x2000],
        [16, 8, 0x1000],
      ]),
      "offset 0x8: expected a range of addresses",
    ],
    [Buffer.concat([lime(FRAMES), page(9)]), "expected a LiME header (0x4c694d45), found 0x9090909"],
    [Buffer.concat([lime(FRAMES), page(9).subarray(0, 5)]), "expected a LiME header of 32 bytes, but the file ends"],
  ])("what is none is refused with the offset: %#", (bytes, says) => {
    expect(() => open(bytes)).toThrow(says);
  });
});

describe("kdump", () => {
  it("tells what was left out from what is not there", () => {
    const image = open(kdump(FRAMES, { excluded: [0x12, 0x200] }));
    expect(image.absence(0x12 as Mfn)).toContain("excluded: the dumper left this frame out");
    expect(image.absence(0x200 as Mfn)).toContain("excluded");
    expect(image.absence(0x13 as Mfn)).toBe("not in the image");
    expect([image.has(0x12 as Mfn), first(image, 0x12)]).toEqual([false, undefined]);
    expect(image.notes).toEqual(["the kernel that ran: 6.1.0-test"]);
  });

  it("of which one file of several is there says so", () => {
    const image = open(kdump(FRAMES, { split: [0x11, 0x101] }));
    expect([first(image, 0x10), first(image, 0x11), first(image, 0x100)]).toEqual([undefined, 0x02020202, 0x03030303]);
    expect(image.absence(0x10 as Mfn)).toBe("in another file of this split dump");
    expect(image.notes[1]).toBe("one file of a split dump: frames 0x11 up to 0x101");
  });

  it("with a damaged page has all others, and says what is wrong", () => {
    const bytes = kdump(FRAMES, { packers: [PACKERS.zlib] });
    const descriptors = 0x4000;
    const at = new DataView(bytes.buffer).getUint32(descriptors + 24, true);
    bytes[at + 3]! ^= 0x40;
    const image = open(bytes);
    expect([first(image, 0x10), first(image, 0x11), first(image, 0x100)]).toEqual([0x01010101, undefined, 0x03030303]);
    expect(image.absence(0x11 as Mfn)).toMatch(new RegExp(`^damaged: the page at offset 0x${at.toString(16)}: zlib: `));
    expect([...image.chunks()].map(({ mfn, count }) => [mfn, count])).toEqual([
      [0x10, 1],
      [0x100, 1],
    ]);
  });

  it.each([
    [8, 4, 1 << 20, "damaged: the page at offset 0x4048: expected at most 8192 bytes, found 1048576"],
    [8, 4, 100, "damaged: the page at offset 0x4048: expected 4096 bytes of a page as it is, found 100"],
    [0, 8, 0x7fffffff, "damaged: the page at offset 0x7fffffff: 4096 bytes are announced, but the file ends"],
  ] as const)("a descriptor's field at %i that is wrong", (offset, bytes, value, says) => {
    const file = kdump(FRAMES);
    file.set(struct(8, [[0, bytes, value]]).subarray(0, bytes), 0x4000 + offset);
    expect(open(file).absence(0x10 as Mfn)).toContain(says);
  });

  const broken = (offset: number, bytes: 4 | 8, value: number): Uint8Array => {
    const file = kdump(FRAMES);
    file.set(struct(8, [[0, bytes, value]]).subarray(0, bytes), offset);
    return file;
  };
  it.each([
    [broken(8, 4, 0), "offset 0x8: expected a header version"],
    [broken(428, 4, 65536), "offset 0x1ac: expected blocks of 4096 bytes, as x86 pages are, found 65536"],
    [broken(432, 4, 0xffffffff), "offset 0x1b0: expected the sub header's blocks"],
    [broken(436, 4, 0xffffffff), "more than 16 TiB"],
    [broken(436, 4, 0x8000), "offset 0x1b4: expected 0x8002000 bytes of headers and bitmaps, but the file ends"],
    [kdump(FRAMES).subarray(0, 300), "expected a kdump header of 464 bytes, but the file ends at 0x12c"],
  ])("broken headers are refused with the offset: %#", (bytes, says) => {
    expect(() => open(bytes)).toThrow(says);
  });

  it("flattened: a cut or broken record is refused with the offset", () => {
    const bytes = flatten(kdump(FRAMES));
    expect(() => open(bytes.subarray(0, bytes.length - 16))).toThrow(/a record of the flattened dump, or its end mark/);
    expect(() => open(bytes.subarray(0, bytes.length - 500))).toThrow(/bytes after this record, but the file ends at/);
    const wrong = bytes.slice();
    wrong[31] = 2;
    expect(() => open(wrong)).toThrow("offset 0x10: expected type 1 and version 1");
  });
});

describe("an image", () => {
  it.each([
    ["PAGEDU64", "a Windows crash dump"],
    ["QFI\xfb", "a QEMU disk image"],
    ["QEVM", "migration stream"],
    ["LibxlFmt", "use xl dump-core"],
  ])("that begins with %j is none", (mark, says) => {
    const bytes = text(page(0), 0, mark);
    expect(() => open(bytes)).toThrow(says);
    expect(first(open(bytes, { container: "raw" }), 0)).toBeGreaterThan(0);
  });

  it("that is empty is refused", () => {
    expect(() => open(new Uint8Array(0))).toThrow("the file is empty");
  });

  it("keeps no more frames than it is told to, and never changes those that it gave", () => {
    let loads = 0;
    const image = makeImage(
      {
        ...open(raw(FRAMES, 0x10)),
        read(mfn, into) {
          loads++;
          into.fill(mfn);
          return mfn === 0x99 ? ABSENT : null;
        },
      },
      4,
    );
    const kept = image.frame(1 as Mfn)!;
    for (const mfn of [2, 1, 3, 1, 4, 1]) image.frame(mfn as Mfn);
    expect(loads).toBe(4);
    for (const mfn of [5, 6, 7, 8, 9, 1]) image.frame(mfn as Mfn);
    expect([loads, kept[0]]).toEqual([10, 1]);
    // A frame that is absent leaves no trace in those that are there.
    const five = image.frame(5 as Mfn)!;
    expect([image.frame(0x99 as Mfn), image.frame(6 as Mfn)![0], five[0]]).toEqual([undefined, 6, 5]);
  });

  it("reads into the caller's words, cached or not, and keeps nothing", () => {
    const image = open(raw(FRAMES, 0x10), { base: 0x10000 });
    const into = new Uint32Array(1024).fill(7);
    const there = [...FRAMES.keys()].find((mfn) => image.has(mfn as Mfn))! as Mfn;
    expect(image.read!(there, into)).toBe(true);
    expect(into).toEqual(image.frame(there));
    into.fill(7);
    expect(image.read!(there, into)).toBe(true);
    expect(into).toEqual(image.frame(there));
    expect(into.buffer).not.toBe(image.frame(there)!.buffer);
    expect(image.read!((2 ** 39) as Mfn, into)).toBe(false);
  });

  it("without some bits has them cleared everywhere", () => {
    const words = new BigUint64Array(512).fill(0x800007fc00067n);
    const image = withoutBits(open(new Uint8Array(words.buffer)), { lo: 0, hi: 0x80000 });
    expect([...image.frame(0 as Mfn)!.subarray(0, 2)]).toEqual([0x7fc00067, 0]);
    expect([...image.chunks()].map(({ words: chunk }) => chunk[1])).toEqual([0]);
  });

  it("may be a snapshot", () => {
    const image = snapshotImage({ "0x5": { "0": "0x1003" }, "0x2": {} });
    expect([image.frames, image.end, first(image, 5), first(image, 2), first(image, 3)]).toEqual([
      2,
      6,
      0x1003,
      0,
      undefined,
    ]);
    expect(image.absence(3 as Mfn)).toBe("frame 0x3 is not in the snapshot");
    expect([...image.chunks()].map(({ mfn }) => mfn)).toEqual([2, 5]);
  });
});

describe("claims that overlap", () => {
  it("the latest counts, address by address", () => {
    const claims = [
      { from: 0, to: 10, name: "a" },
      { from: 2, to: 4, name: "b" },
      { from: 3, to: 6, name: "c" },
      { from: 20, to: 20, name: "none" },
      { from: 9, to: 12, name: "d" },
    ];
    expect(latestWins(claims).map(({ from, to, name }) => `${name}${from}-${to}`)).toEqual([
      "a0-2",
      "b2-3",
      "c3-6",
      "a6-9",
      "d9-12",
    ]);
  });
});
