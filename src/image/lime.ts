import { hex } from "../address.ts";
import type { Container } from "./image.ts";
import { addSegment, type Segment, segmentContainer } from "./segments.ts";
import { type ByteSource, fail, u64, view } from "./source.ts";

/** "EMiL" as the first bytes of a header. */
export const LIME_MAGIC = 0x4c694d45;
const HEADER = 32;
const LIMIT = 2 ** 52;

/**
 * LiME: headers of 32 bytes, each with its range's bytes behind it (page-table-formats.md 8.4). Throws ImageError where no
 * header stands, where its range is none, and beyond 2^20 ranges. A file that ends inside a range is read up to there.
 */
export function limeContainer(source: ByteSource): Container {
  const segments: Segment[] = [];
  for (let offset = 0; offset < source.size; ) {
    const header = view(source, offset, HEADER, "a LiME header");
    const magic = header.getUint32(0, true);
    if (magic !== LIME_MAGIC)
      fail(offset, `expected a LiME header (${hex(LIME_MAGIC)}), found ${hex(magic)}: was it taken in another mode?`);
    const version = header.getUint32(4, true);
    if (version !== 1) fail(offset + 4, `expected version 1 of LiME's format, found ${version}`);
    const start = u64(header, 8);
    const end = u64(header, 16);
    if (end < start || end >= LIMIT)
      fail(offset + 8, `expected a range of addresses below 2^52, found ${hex(start)} to ${hex(end)}`);
    const length = end - start + 1;
    addSegment(segments, start, length, offset + HEADER);
    offset += HEADER + length;
  }
  return segmentContainer(source, "LiME image", segments);
}
