import { closeSync, fstatSync, openSync, readFileSync, readSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import type { Command } from "commander";
import type { Raw } from "../format/format.ts";
import {
  type ByteSource,
  CONTAINERS,
  combineImages,
  ImageError,
  type MemoryImage,
  type OpenOptions,
  openImage,
  snapshotImage,
} from "../image/index.ts";
import type { Snapshot, SnapshotRoot } from "../image/snapshot.ts";
import { UsageError } from "./failure.ts";
import { reason } from "./read-file.ts";

/** How memory images are to be read. */
export interface ImageOptions {
  readonly as?: string;
  readonly base?: readonly string[];
  readonly below4g?: string;
  readonly cBit?: readonly string[];
}

const collect = (value: string, list: readonly string[] = []): readonly string[] => [...list, value];

/** Options of commands that read memory images as such. */
export const addImageOptions = (command: Command): Command =>
  command
    .option("--as <CONTAINER>", `read as ${CONTAINERS.join(", ")}, whatever the content looks like`)
    .option(
      "--base <ADDR>",
      "physical address of a raw image's first byte; repeat it for several images, in order",
      collect,
    )
    .option("--below-4g <BYTES>", "raw RAM file of a QEMU guest: bytes of RAM below the PCI hole")
    .option("--c-bit <BIT>", "address bit that is memory encryption's and no address (repeatable)", collect);

const SMALL = 64 * 1024;
/** Frames kept of all images together, and at least of each. */
const CACHED = 8192;
const LEAST_CACHED = 256;

/** A file as a source of bytes. Reads reuse two buffers: one for single frames and structures, one for scans. */
export function fileSource(file: number): ByteSource {
  const { size } = fstatSync(file);
  const small = new Uint8Array(SMALL);
  let large = small;
  return {
    size,
    read(offset, length) {
      const wanted = Math.max(0, Math.min(length, size - offset));
      if (wanted > large.length) large = new Uint8Array(wanted);
      const bytes = wanted <= SMALL ? small : large;
      let done = 0;
      while (done < wanted) {
        const read = readSome(file, bytes, done, wanted - done, offset + done);
        if (read === 0) break;
        done += read;
      }
      return bytes.subarray(0, done);
    },
  };
}

/** Bytes read; none where the file cannot be read, as of a bad sector: the reader says where. */
function readSome(file: number, bytes: Uint8Array, at: number, length: number, offset: number): number {
  try {
    return readSync(file, bytes, at, length, offset);
  } catch {
    return 0;
  }
}

/** A number of bytes or an address, hexadecimal or decimal. Throws UsageError that names the option. */
export function parseBytes(text: string, option: string): number {
  const value = /^(?:0x[0-9a-f]{1,13}|\d{1,15})$/i.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(value) || value % 4096 !== 0)
    throw new UsageError(`${option} ${text}: expected a multiple of 0x1000 such as 0x100000000`);
  return value;
}

/** The bits that `--c-bit` names; null for none. Throws UsageError. */
export function attributeBits({ cBit = [] }: ImageOptions): Raw | null {
  let lo = 0;
  let hi = 0;
  for (const text of cBit) {
    const bit = /^\d{1,2}$/.test(text) ? Number(text) : Number.NaN;
    if (!(bit >= 12 && bit <= 51)) throw new UsageError(`--c-bit ${text}: expected a bit of an address, from 12 to 51`);
    if (bit < 32) lo = (lo | (1 << bit)) >>> 0;
    else hi = (hi | (1 << (bit - 32))) >>> 0;
  }
  return cBit.length === 0 ? null : { lo, hi };
}

export interface OpenedImages {
  readonly image: MemoryImage;
  /** Roots that snapshots among the files name. */
  readonly roots: readonly SnapshotRoot[];
  close(): void;
}

/**
 * Memory images, and snapshots as such, taken together: pieces of one machine's memory. Throws UsageError that names
 * the file or the option at fault.
 */
export function openImages(paths: readonly string[], options: ImageOptions = {}): OpenedImages {
  const files: number[] = [];
  const close = (): void => {
    for (const file of files.splice(0)) closeSync(file);
  };
  const bases = (options.base ?? []).map((text) => parseBytes(text, "--base"));
  const below4g = options.below4g === undefined ? undefined : parseBytes(options.below4g, "--below-4g");
  const container = CONTAINERS.find((name) => name === options.as);
  if (options.as !== undefined && container === undefined)
    throw new UsageError(`--as ${options.as}: expected one of ${CONTAINERS.join(", ")}`);
  if (bases.length > paths.length)
    throw new UsageError(`--base is given ${bases.length} times for ${paths.length} images`);
  try {
    const opened = paths.map((path, i) => {
      const base = bases[i];
      return openOne(path, files, {
        cached: Math.max(LEAST_CACHED, Math.floor(CACHED / paths.length)),
        ...(base === undefined ? {} : { base }),
        ...(below4g === undefined ? {} : { below4g }),
        ...(container === undefined ? {} : { container }),
      });
    });
    return {
      image: combineImages(opened.map(({ image }) => image)),
      roots: opened.flatMap(({ roots }) => roots),
      close,
    };
  } catch (error) {
    close();
    throw error;
  }
}

function openOne(path: string, files: number[], options: OpenOptions): Omit<OpenedImages, "close"> {
  if (path === "-")
    throw new UsageError("a memory image is read here and there, so it must be a file, not standard input");
  try {
    const file = openSync(path, "r");
    files.push(file);
    if (fstatSync(file).isDirectory()) throw new UsageError(`${path}: a directory, expected a memory image`);
    const source = fileSource(file);
    const snapshot = options.container === undefined ? readSnapshot(path, source) : undefined;
    if (snapshot) return { image: snapshotImage(snapshot.frames), roots: snapshot.roots };
    return { image: openImage(source, options), roots: [] };
  } catch (error) {
    if (error instanceof UsageError) throw error;
    if (error instanceof ImageError || error instanceof SyntaxError) throw new UsageError(`${path}: ${error.message}`);
    throw new UsageError(`cannot read ${path}: ${reason(error)}; check the path and your rights`);
  }
}

/** Snapshots are small; what they unfold to is bounded as well. */
const MOST_PACKED = 256 * 2 ** 20;
const MOST_UNPACKED = 512 * 2 ** 20;

/** A snapshot, gzipped or not; undefined for anything that is no JSON. Throws SyntaxError for other JSON. */
function readSnapshot(path: string, source: ByteSource): Pick<Snapshot, "roots" | "frames"> | undefined {
  const head = source.read(0, 2);
  const packed = head[0] === 0x1f && head[1] === 0x8b;
  if (!packed && head[0] !== 0x7b) return undefined;
  if (source.size > MOST_PACKED) throw new SyntaxError(`larger than ${MOST_PACKED / 2 ** 20} MiB: no snapshot`);
  const bytes = readFileSync(path);
  let text: Buffer;
  try {
    text = packed ? gunzipSync(bytes, { maxOutputLength: MOST_UNPACKED }) : bytes;
  } catch (error) {
    throw new SyntaxError(`cannot be unpacked as gzip: ${reason(error)}`);
  }
  const document: unknown = text[0] === 0x7b ? JSON.parse(text.toString("utf8")) : undefined;
  if (typeof document !== "object" || document === null || !("frames" in document) || !("roots" in document))
    throw new SyntaxError("neither a memory image nor a snapshot: unpack compressed images first");
  return document as Pick<Snapshot, "roots" | "frames">;
}
