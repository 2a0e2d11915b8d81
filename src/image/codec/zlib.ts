import { unzlibSync } from "fflate";
import { type Decompressed, wrongLength } from "./output.ts";

/** zlib, checksum included. One byte more than expected is made room for, so that too much output is noticed. */
export function zlib(input: Uint8Array, size: number): Decompressed {
  let out: Uint8Array;
  try {
    out = unzlibSync(input, { out: new Uint8Array(size + 1) });
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
  if (out.length !== size) return wrongLength(size, out.length);
  const end = input.length - 4;
  const stored = ((input[end]! << 24) | (input[end + 1]! << 16) | (input[end + 2]! << 8) | input[end + 3]!) >>> 0;
  return stored === adler32(out) ? out : "the checksum does not fit";
}

function adler32(bytes: Uint8Array): number {
  let a = 1;
  let b = 0;
  // Sums stay below 2^32 for 5552 bytes.
  for (let start = 0; start < bytes.length; start += 5552) {
    for (let i = start; i < Math.min(start + 5552, bytes.length); i++) {
      a += bytes[i]!;
      b += a;
    }
    a %= 65521;
    b %= 65521;
  }
  return b * 65536 + a;
}
