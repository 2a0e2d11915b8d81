/** The headers of a kdump-compressed file (page-table-formats.md 8.3). */
import { hex, PAGE_SIZE } from "../address.ts";
import { ascii, type ByteSource, fail, ImageError, u64, view } from "./source.ts";

export const KDUMP_SIGNATURE = "KDUMP   ";

export interface KdumpLayout {
  readonly version: number;
  /** Frame numbers below this may be in the file. */
  readonly frames: number;
  /** A split dump holds [first, end) only. */
  readonly first: number;
  readonly end: number;
  readonly split: boolean;
  /** Bytes of one bitmap, and where the two are: which frames exist, which were dumped. */
  readonly bitmapBytes: number;
  readonly exists: number;
  readonly dumped: number;
  /** File offset of the page descriptors. */
  readonly descriptors: number;
  readonly notes: readonly string[];
}

/** Bitmap bytes for 16 TiB of memory. */
const MAX_BITMAP = 2 ** 29;
/** Page descriptors name file offsets of the whole file; the headers are small. */
const MAX_SUB_HEADER = 2 ** 16;
const INCOMPLETE = 8;
const EXCLUDED_VMEMMAP = 0x10;

/** Throws ImageError that names the field at fault, or says that the machine is larger than 16 TiB. */
export function readKdumpLayout(source: ByteSource): KdumpLayout {
  const head = view(source, 0, 464, "a kdump header");
  const version = head.getInt32(8, true);
  const status = head.getUint32(424, true);
  const blockSize = head.getInt32(428, true);
  const subBlocks = head.getInt32(432, true);
  const bitmapBlocks = head.getUint32(436, true);
  const mapped32 = head.getUint32(440, true);
  const kernel = ascii(head, 12 + 2 * 65, 65);
  if (version < 1 || version > 64) fail(8, `expected a header version from 1 on, found ${version}`);
  if (blockSize !== PAGE_SIZE) fail(428, `expected blocks of 4096 bytes, as x86 pages are, found ${blockSize}`);
  if (subBlocks < 0 || subBlocks > MAX_SUB_HEADER) fail(432, `expected the sub header's blocks, found ${subBlocks}`);
  const bitmapBytes = (bitmapBlocks * PAGE_SIZE) / 2;
  if (bitmapBytes > MAX_BITMAP)
    throw new ImageError(`offset 0x1b4: bitmaps of ${hex(bitmapBytes)} bytes: more than 16 TiB`);
  const exists = (1 + subBlocks) * PAGE_SIZE;
  const descriptors = exists + bitmapBlocks * PAGE_SIZE;
  if (descriptors > source.size)
    fail(436, `expected ${hex(descriptors)} bytes of headers and bitmaps, but the file ends at ${hex(source.size)}`);

  const sub = subBlocks > 0 ? view(source, PAGE_SIZE, 104, "the kdump sub header") : undefined;
  const wide = version >= 6 && sub;
  const mapped = wide ? u64(sub, 96) : mapped32;
  const frames = mapped > 0 ? Math.min(mapped, bitmapBytes * 8) : bitmapBytes * 8;
  const split = version >= 2 && sub ? sub.getInt32(12, true) !== 0 : false;
  const first = split && sub ? u64(sub, wide ? 80 : 16) : 0;
  const end = split && sub ? Math.min(frames, u64(sub, wide ? 88 : 24)) : frames;
  return {
    version,
    frames,
    first,
    end,
    split,
    bitmapBytes,
    exists,
    dumped: exists + bitmapBytes,
    descriptors,
    notes: [
      ...(kernel === "" ? [] : [`the kernel that ran: ${kernel}`]),
      ...((status & INCOMPLETE) !== 0 ? ["the dumper marked the dump as incomplete"] : []),
      ...((status & EXCLUDED_VMEMMAP) !== 0 ? ["the dumper left out what it took for unused page structures"] : []),
      ...(split ? [`one file of a split dump: frames ${hex(first)} up to ${hex(end)}`] : []),
    ],
  };
}
