import { ELF_MAGIC } from "./elf.ts";
import { elfContainer } from "./elf-core.ts";
import { FLATTENED_SIGNATURE, unflatten } from "./flattened.ts";
import { type Container, type MemoryImage, makeImage } from "./image.ts";
import { kdumpContainer } from "./kdump.ts";
import { KDUMP_SIGNATURE } from "./kdump-header.ts";
import { LIME_MAGIC, limeContainer } from "./lime.ts";
import { type RawOptions, rawContainer } from "./raw.ts";
import { ascii, type ByteSource, ImageError } from "./source.ts";

/** Containers of memory images (page-table-formats.md 8). Raw memory has no mark: it is what nothing else is. */
export const CONTAINERS = ["raw", "elf", "kdump", "kdump-flattened", "lime"] as const;
/** One of them. */
export type ContainerName = (typeof CONTAINERS)[number];

/** What a file is, told from its first bytes. */
export function detectContainer(source: ByteSource): ContainerName {
  const bytes = source.read(0, 16);
  const head = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  const text = ascii(head, 0, bytes.length);
  if (text.startsWith(KDUMP_SIGNATURE)) return "kdump";
  if (text.startsWith(FLATTENED_SIGNATURE)) return "kdump-flattened";
  if (bytes.length >= 4 && head.getUint32(0) === ELF_MAGIC) return "elf";
  if (bytes.length >= 4 && head.getUint32(0, true) === LIME_MAGIC) return "lime";
  return "raw";
}

/** Headers that memory does not begin with by chance, but files do that are no memory images. */
const FOREIGN: readonly (readonly [text: string, says: string])[] = [
  ["PAGEDU64", "a Windows crash dump, which is not read: convert it to raw memory"],
  ["PAGEDUMP", "a Windows crash dump of a 32-bit machine, which is not read"],
  ["QFI\xfb", "a QEMU disk image, not a memory image: use the monitor's dump-guest-memory or pmemsave"],
  ["QEVM", "QEMU's migration stream, not a memory image: use the monitor's dump-guest-memory or pmemsave"],
  ["LibxlFmt", "a saved domain, not a memory image: use xl dump-core"],
];

const READERS: Readonly<Record<ContainerName, (source: ByteSource, options: RawOptions) => Container>> = {
  raw: rawContainer,
  elf: elfContainer,
  kdump: kdumpContainer,
  "kdump-flattened": (source) => kdumpContainer(unflatten(source)),
  lime: limeContainer,
};

/** How an image is to be opened. */
export interface OpenOptions extends RawOptions {
  /** Read as this, whatever the content looks like. */
  readonly container?: ContainerName;
  /** Frames to keep in memory, 4 KiB each. Default 8192. */
  readonly cached?: number;
}

/** Opens a memory image. Throws ImageError that says where the file is not what it should be, and what to do. */
export function openImage(source: ByteSource, options: OpenOptions = {}): MemoryImage {
  if (source.size === 0) throw new ImageError("the file is empty");
  if (options.container === undefined) {
    const head = String.fromCharCode(...source.read(0, 8));
    for (const [text, says] of FOREIGN) if (head.startsWith(text)) throw new ImageError(says);
  }
  return makeImage(READERS[options.container ?? detectContainer(source)](source, options), options.cached);
}
