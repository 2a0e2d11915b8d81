import { hex, type Mfn, PAGE_SIZE } from "../address.ts";
import { WORDS } from "../memory/memory.ts";
import { fileBitmap } from "./bitmap.ts";
import { lzo1x } from "./codec/lzo1x.ts";
import type { Decompress } from "./codec/output.ts";
import { snappy } from "./codec/snappy.ts";
import { zlib } from "./codec/zlib.ts";
import { zstd } from "./codec/zstd.ts";
import { ABSENT, bytesOf, type Chunk, type Container } from "./image.ts";
import { readKdumpLayout } from "./kdump-header.ts";
import { type ByteSource, u64 } from "./source.ts";

const DESCRIPTOR = 24;
/** A page that did not shrink is stored as it is; anything much larger is damage. */
const MAX_STORED = 2 * PAGE_SIZE;
/** Frames of a scan's chunk: 1 MiB. */
const CHUNK = 256;

const ZERO_PAGE = new Uint8Array(PAGE_SIZE);

const METHODS: readonly { readonly flag: number; readonly name: string; readonly decompress: Decompress }[] = [
  { flag: 0x01, name: "zlib", decompress: zlib },
  { flag: 0x02, name: "LZO", decompress: lzo1x },
  { flag: 0x04, name: "snappy", decompress: snappy },
  { flag: 0x20, name: "zstd", decompress: zstd },
];

/**
 * A kdump-compressed dump, each page by itself (page-table-formats.md 8.3). Throws ImageError where headers or bitmaps
 * are broken; a page whose descriptor or data are is absent, and `absence` says what is wrong with it.
 */
export function kdumpContainer(source: ByteSource): Container {
  const layout = readKdumpLayout(source);
  const { first, end } = layout;
  const dumped = fileBitmap(source, layout.dumped, layout.bitmapBytes, first, end);
  const exists = fileBitmap(source, layout.exists, layout.bitmapBytes, 0, layout.frames);

  /** Where the data of a page of zeros is, and how long it is: dumpers let all such pages share it. */
  let zeros = { offset: -1, size: 0, flags: 0 };

  const pageAt = (index: number): Uint8Array | string => {
    const at = layout.descriptors + index * DESCRIPTOR;
    const bytes = at < source.size ? source.read(at, DESCRIPTOR) : new Uint8Array(0);
    if (bytes.length < DESCRIPTOR) return `its page descriptor at offset ${hex(at)} is beyond the file's end`;
    const descriptor = new DataView(bytes.buffer, bytes.byteOffset, DESCRIPTOR);
    const offset = u64(descriptor, 0);
    const size = descriptor.getUint32(8, true);
    const flags = descriptor.getUint32(12, true);
    if (offset === zeros.offset && size === zeros.size && flags === zeros.flags) return ZERO_PAGE;
    const damaged = (says: string): string => `damaged: the page at offset ${hex(offset)}: ${says}`;
    if (size === 0 || size > MAX_STORED) return damaged(`expected at most ${MAX_STORED} bytes, found ${size}`);
    const data = offset < source.size ? source.read(offset, size) : new Uint8Array(0);
    if (data.length < size) return damaged(`${size} bytes are announced, but the file ends at ${hex(source.size)}`);
    const method = METHODS.find(({ flag }) => (flags & flag) !== 0);
    if (!method && size !== PAGE_SIZE) return damaged(`expected 4096 bytes of a page as it is, found ${size}`);
    const page = method ? method.decompress(data, PAGE_SIZE) : data;
    if (typeof page === "string") return damaged(`${method?.name}: ${page}`);
    if (page.every((byte) => byte === 0)) zeros = { offset, size, flags };
    return page;
  };

  const read = (mfn: Mfn, into: Uint32Array): string | null => {
    if (!dumped.has(mfn)) {
      if (layout.split && (mfn < first || mfn >= end)) return "in another file of this split dump";
      return exists.has(mfn) ? "excluded: the dumper left this frame out, which does not mean that it is zero" : ABSENT;
    }
    const page = pageAt(dumped.rank(mfn));
    if (typeof page === "string") return page;
    bytesOf(into).set(page);
    return null;
  };

  return {
    title: "kdump-compressed dump",
    frames: dumped.count,
    end: dumped.last,
    notes: layout.notes,
    has: (mfn) => dumped.has(mfn),
    read,
    *chunks(): Generator<Chunk> {
      const words = new Uint32Array(CHUNK * WORDS);
      const bytes = new Uint8Array(words.buffer);
      let start = 0;
      let count = 0;
      let index = 0;
      const chunk = (): Chunk => ({ mfn: start as Mfn, count, words: words.subarray(0, count * WORDS) });
      for (const mfn of dumped.bits()) {
        const page = pageAt(index++);
        if (page === ZERO_PAGE) continue;
        if (count > 0 && (mfn !== start + count || count === CHUNK || typeof page === "string")) {
          yield chunk();
          count = 0;
        }
        if (typeof page === "string") continue;
        if (count === 0) start = mfn;
        bytes.set(page, count * PAGE_SIZE);
        count++;
      }
      if (count > 0) yield chunk();
    },
  };
}
