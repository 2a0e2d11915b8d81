import { hex, PAGE_SIZE } from "../address.ts";
import type { Container } from "./image.ts";
import { addSegment, type Segment, segmentContainer } from "./segments.ts";
import { type ByteSource, ImageError } from "./source.ts";

export interface RawOptions {
  /** Physical byte address of the file's first byte, a multiple of 4096. Default 0. */
  readonly base?: number;
  /**
   * QEMU's RAM file: bytes of RAM below the PCI hole, a multiple of 4096. What follows them in the file lies from 4 GiB
   * upwards (page-table-formats.md 8.1). Default: the file has no hole.
   */
  readonly below4g?: number;
}

const FOUR_GIB = 2 ** 32;
const LIMIT = 2 ** 52;

function check(value: number, what: string): void {
  if (!Number.isInteger(value) || value < 0 || value >= LIMIT || value % PAGE_SIZE !== 0)
    throw new ImageError(`${what}: expected a multiple of 0x1000 below 2^52, found ${hex(value)}`);
}

/**
 * Memory as it is, without a header: QEMU's pmemsave, a RAM file, dd (page-table-formats.md 8.1). Throws ImageError for
 * options that are no addresses of frames.
 */
export function rawContainer(source: ByteSource, { base = 0, below4g }: RawOptions = {}): Container {
  check(base, "base");
  const segments: Segment[] = [];
  if (below4g === undefined) addSegment(segments, base, source.size, 0);
  else {
    check(below4g, "RAM below 4 GiB");
    if (below4g > FOUR_GIB) throw new ImageError(`RAM below 4 GiB: ${hex(below4g)} is more than 4 GiB`);
    const low = Math.min(below4g, source.size);
    addSegment(segments, base, low, 0);
    addSegment(segments, base + FOUR_GIB, source.size - low, low);
  }
  const rest = source.size % PAGE_SIZE;
  const notes =
    rest === 0 ? [] : [`the file's last ${rest} bytes are no whole frame: is it cut off, or no raw image at all?`];
  return segmentContainer(source, "raw image", segments, notes);
}
