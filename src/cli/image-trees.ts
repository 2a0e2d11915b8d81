import { hex, type Mfn } from "../address.ts";
import type { Format, FormatName, Raw } from "../format/format.ts";
import { formatByName, withAddressMask } from "../format/index.ts";
import { type MemoryImage, withoutBits } from "../image/index.ts";
import type { AuditTree } from "../inspect/audit/rule.ts";
import { findRoots } from "../inspect/roots.ts";
import { rootsInLog } from "../inspect/roots-log.ts";
import { type FoundTrees, treesOfRoots } from "../inspect/roots-trees.ts";
import { UsageError } from "./failure.ts";
import { attributeBits, openImages } from "./image-file.ts";
import type { CommonOptions } from "./output.ts";
import { makeProgress } from "./progress.ts";
import { readText, titleOf } from "./read-file.ts";
import { parseRoot, type RootSpec } from "./root-spec.ts";

/** How tables in memory images are to be found and read. */
export interface ImageTreeOptions extends CommonOptions {
  /** `[DOMAIN/][FORMAT:]ADDR[:LEVELS]`; none: they are looked for. */
  readonly root?: readonly string[];
  readonly format?: string;
  readonly levels?: string;
  readonly log?: string;
  readonly base?: readonly string[];
  readonly below4g?: string;
  readonly cBit?: readonly string[];
}

/** Page tables of memory images, which are read as long as their tables are looked at. */
export interface ImageTrees extends FoundTrees {
  readonly close: () => void;
}

/** A format's name. Throws UsageError. */
export function formatNamed(name: string | undefined): Format | undefined {
  const format = name === undefined ? undefined : formatByName(name);
  if (name !== undefined && !format) throw new UsageError(`--format ${name}: expected ept, npt, vtd or amdvi`);
  return format;
}

/**
 * Trees of memory images: below the roots that are given, or below those that are found. Several images are pieces of
 * one machine's memory. Throws UsageError that names the image or the option at fault.
 */
export function imageTrees(paths: readonly string[], options: ImageTreeOptions): ImageTrees {
  const specs = (options.root ?? []).map((text) => parseRoot(text, options));
  const { base, below4g, cBit } = options;
  const bits = attributeBits(options);
  const { image, close } = openImages(paths, {
    ...(base === undefined ? {} : { base }),
    ...(below4g === undefined ? {} : { below4g }),
    ...(cBit === undefined ? {} : { cBit }),
  });
  try {
    if (specs.length > 0) return { trees: specs.map((spec) => treeOf(spec, image, bits)), notes: image.notes, close };
    const found = look(image, bits, options);
    if (found.trees.length === 0) {
      const names = paths.map(titleOf).join(", ");
      throw new UsageError(
        `${names}: no page tables found in this memory image: give their roots (--root 1/ept:0x1f9f9000)`,
      );
    }
    return { ...found, close };
  } catch (error) {
    close();
    throw error;
  }
}

function look(image: MemoryImage, bits: Raw | null, options: ImageTreeOptions): FoundTrees {
  const format = formatNamed(options.format);
  const progress = makeProgress(options);
  const document = findRoots(bits ? withoutBits(image, bits) : image, {
    ...(format ? { format: format.name } : {}),
    hints: options.log === undefined ? [] : rootsInLog(readText(options.log).split("\n")),
    onProgress: (frames) => progress.tell("looking for page tables", frames, image.frames),
  });
  progress.end();
  return treesOfRoots(image, document, (plain) => (bits ? withAddressMask(plain, bits) : plain));
}

/** What tables of a format are for. */
export const whatOf = (format: FormatName): "p2m" | "iommu" => (format === "ept" || format === "npt" ? "p2m" : "iommu");

function treeOf({ domain, format, address, levels }: RootSpec, memory: MemoryImage, bits: Raw | null): AuditTree {
  const what = whatOf(format.name);
  const name = domain === null ? `${format.name} at ${hex(address)}` : `d${domain} ${what}`;
  const read = bits ? withAddressMask(format, bits) : format;
  return { name, domain, what, tree: { format: read, memory, root: (address / 4096) as Mfn, levels } };
}
