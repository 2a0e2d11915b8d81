import type { ByteSource } from "../../src/image/source.ts";

/** A file of the user's as a source of bytes: read in slices, each when it is asked for, never whole. */
export function fileBytes(file: File): ByteSource {
  const reader = new FileReaderSync();
  return {
    size: file.size,
    read(offset, length) {
      const end = Math.min(file.size, offset + length);
      if (offset >= end) return new Uint8Array(0);
      return new Uint8Array(reader.readAsArrayBuffer(file.slice(offset, end)));
    },
  };
}
