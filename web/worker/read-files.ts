import { Gunzip } from "fflate";
import { type ByteSource, ImageError, type MemoryImage, openImage } from "../../src/image/index.ts";
import type { TextInput } from "../../src/inventory/types.ts";
import type { Inputs } from "../protocol.ts";
import { InputError } from "./failure.ts";

/** What the inputs are: texts (JSON among them), and memory images. */
export interface ReadInputs {
  readonly texts: readonly TextInput[];
  readonly images: readonly { readonly name: string; readonly image: MemoryImage }[];
}

/** The largest text that is read, and the largest that a packed one may unfold to. */
const MOST_TEXT = 64 * 2 ** 20;
const MOST_UNFOLDED = 256 * 2 ** 20;
const HEAD = 4096;
const CHUNK = 2 ** 20;
/** Frames kept of all images together, 4 KiB each. */
const CACHED = 8192;

/** Tell what each file is from its first bytes, read texts, and open images without reading them. Throws InputError. */
export function readFiles({ texts, files }: Inputs, bytesOf: (file: File) => ByteSource): ReadInputs {
  const found: TextInput[] = [...texts];
  const images: { name: string; image: MemoryImage }[] = [];
  for (const file of files) {
    const source = bytesOf(file);
    if (source.size === 0) throw new InputError(`${file.name}: the file is empty`);
    const head = readSome(file.name, source, 0, HEAD);
    if (head[0] === 0x1f && head[1] === 0x8b) found.push({ name: file.name, text: unpack(file.name, source) });
    else if (head.includes(0)) images.push({ name: file.name, image: imageOf(file.name, source, files.length) });
    else found.push({ name: file.name, text: textOf(file.name, source) });
  }
  return { texts: found, images };
}

/** Bytes of a file that may have gone, or changed, since it was given to the page. */
function readSome(name: string, source: ByteSource, offset: number, length: number): Uint8Array {
  try {
    return source.read(offset, length);
  } catch {
    throw new InputError(`${name}: the browser can no longer read this file: was it moved or changed? Drop it again`);
  }
}

function textOf(name: string, source: ByteSource): string {
  if (source.size > MOST_TEXT)
    throw new InputError(`${name}: a text larger than ${MOST_TEXT / 2 ** 20} MiB; cut it to what matters`);
  return new TextDecoder().decode(readSome(name, source, 0, source.size));
}

/** A gzipped text, unfolded chunk by chunk so that a small file cannot fill the memory. */
function unpack(name: string, source: ByteSource): string {
  const decoder = new TextDecoder();
  let text = "";
  let length = 0;
  const gunzip = new Gunzip((chunk, final) => {
    length += chunk.length;
    if (length > MOST_UNFOLDED) throw new InputError(`${name}: unfolds to more than ${MOST_UNFOLDED / 2 ** 20} MiB`);
    text += decoder.decode(chunk, { stream: !final });
  });
  try {
    for (let offset = 0; offset < source.size; offset += CHUNK)
      gunzip.push(readSome(name, source, offset, CHUNK).slice(), offset + CHUNK >= source.size);
  } catch (error) {
    if (error instanceof InputError) throw error;
    throw new InputError(`${name}: cannot be unpacked as gzip: ${(error as Error).message}`);
  }
  return text;
}

function imageOf(name: string, source: ByteSource, files: number): MemoryImage {
  try {
    return openImage(source, { cached: Math.max(256, Math.floor(CACHED / files)) });
  } catch (error) {
    if (error instanceof ImageError) throw new InputError(`${name}: ${error.message}`);
    throw error;
  }
}
