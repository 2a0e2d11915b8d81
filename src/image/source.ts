/** Where the bytes of a memory image come from, and how they are read. Offsets and sizes are in bytes. */

/** Random access to a file's bytes, or to anything like it. */
export interface ByteSource {
  /** Below 2^53. */
  readonly size: number;
  /**
   * Up to `length` bytes from `offset` on, fewer only where the source ends. The bytes are the source's own: they are
   * not to be changed, and another read may overwrite them.
   */
  read(offset: number, length: number): Uint8Array;
}

/** An image that cannot be read as what it claims to be. The message says where, what was expected, what to do. */
export class ImageError extends Error {
  override readonly name = "ImageError";
}

/** Bytes in memory as a source. */
export const bytesSource = (bytes: Uint8Array): ByteSource => ({
  size: bytes.length,
  read: (offset, length) => bytes.subarray(offset, Math.max(offset, offset + length)),
});

const at = (offset: number): string => `offset 0x${offset.toString(16)}`;

/** A structure's bytes, copied. Throws ImageError where the source ends before. `what` names the structure. */
export function view(source: ByteSource, offset: number, length: number, what: string): DataView {
  // A slice would be no copy for every kind of Uint8Array.
  const bytes = new Uint8Array(offset < source.size ? source.read(offset, length) : []);
  if (bytes.length < length)
    throw new ImageError(
      `${at(offset)}: expected ${what} of ${length} bytes, but the file ends at 0x${source.size.toString(16)}: is it cut off?`,
    );
  return new DataView(bytes.buffer);
}

/** A little-endian 64-bit number. Above 2^53 it is inexact, and no file is that large. */
export const u64 = (data: DataView, offset: number, little = true): number =>
  data.getUint32(offset + (little ? 4 : 0), little) * 2 ** 32 + data.getUint32(offset + (little ? 0 : 4), little);

/** ASCII text of a fixed-size field, up to its first zero byte. */
export function ascii(data: DataView, offset: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) {
    const code = data.getUint8(offset + i);
    if (code === 0) break;
    text += code >= 0x20 && code < 0x7f ? String.fromCharCode(code) : "?";
  }
  return text;
}

export const fail = (offset: number, says: string): never => {
  throw new ImageError(`${at(offset)}: ${says}`);
};
