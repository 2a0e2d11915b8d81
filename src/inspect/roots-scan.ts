import type { Mfn } from "../address.ts";
import type { Format, FormatName } from "../format/format.ts";
import { FORMATS } from "../format/index.ts";
import type { MemoryImage } from "../image/image.ts";
import type { RootHint } from "./roots-hint.ts";
import {
  MAYBE_AMDVI,
  MAYBE_DEVICE_TABLE,
  MAYBE_EPT,
  MAYBE_NPT,
  MAYBE_TABLE,
  MAYBE_VMCB,
  MAYBE_VTD,
  MAYBE_VTD_ROOT,
  quickLook,
} from "./roots-quick.ts";
import { rootOfVmcb, rootsOfDeviceTable, rootsOfVtdTable } from "./roots-structures.ts";
import { type Budget, score, type Weight, weighLevels } from "./roots-weigh.ts";

/** A frame that makes sense as the top of a tree. */
export interface Candidate {
  readonly root: Mfn;
  readonly format: Format;
  readonly weight: Weight;
  /** Other formats in which it makes sense as well, if less. */
  readonly also: readonly FormatName[];
}

export interface Scan {
  readonly candidates: readonly Candidate[];
  readonly hints: readonly RootHint[];
  readonly notes: readonly string[];
}

export interface ScanOptions {
  /** Only tables of this format, and what names such. */
  readonly format?: FormatName;
  /** Only trees of so many levels. */
  readonly levels?: number;
  /** Told how many frames were looked at so far. */
  readonly onProgress?: (frames: number) => void;
}

/** Bits of `quickLook` by format; where a frame makes sense in several alike, the first counts. */
const BITS: readonly (readonly [FormatName, table: number, structures: number])[] = [
  ["ept", MAYBE_EPT, 0],
  ["npt", MAYBE_NPT, MAYBE_VMCB],
  ["vtd", MAYBE_VTD, MAYBE_VTD_ROOT],
  ["amdvi", MAYBE_AMDVI, MAYBE_DEVICE_TABLE],
];

/** Beyond these an image is no real machine's; memory and time stay bounded. */
const MOST_CANDIDATES = 2 ** 14;
const MOST_STRUCTURES = 2 ** 12;
const MOST_HINTS = 2 ** 16;
/** Tables that are looked at below all frames together: many times those of a terabyte of guests. */
const MOST_TABLES = 2 ** 24;

/** Level counts that a format's root may have. AMD-Vi's entries tell the level of their table themselves. */
function levelsOf(format: Format, words: Uint32Array, wanted: number | undefined): number[] {
  const all =
    format.name === "amdvi"
      ? amdviLevels(words)
      : Array.from({ length: format.maxLevels - format.minLevels + 1 }, (_, i) => format.minLevels + i);
  return wanted === undefined ? all : all.filter((levels) => levels === wanted);
}

function amdviLevels(words: Uint32Array): number[] {
  for (let i = 0; i < words.length; i += 2) {
    const next = (words[i]! >>> 9) & 7;
    if ((words[i]! & 1) !== 0 && next !== 0 && next !== 7) return [Math.min(6, next + 1)];
  }
  return [];
}

/** The frame as the top of a tree, in whichever format makes most sense. */
function candidateOf(
  image: MemoryImage,
  root: Mfn,
  maybe: number,
  { levels }: ScanOptions,
  budget: Budget,
): Candidate | null {
  const words = image.frame(root);
  if (!words) return null;
  const found = BITS.filter(([, bit]) => (maybe & bit) !== 0).flatMap(([name]) => {
    const format = FORMATS[name];
    const weight = weighLevels(image, format, root, levelsOf(format, words, levels), budget);
    return weight ? [{ format, weight }] : [];
  });
  const [best, ...others] = found.sort((a, b) => score(b.weight) - score(a.weight));
  return best ? { root, ...best, also: others.map(({ format }) => format.name) } : null;
}

/**
 * Looks at every frame of an image once: which make sense as the top of a tree, and which name a root. Work beside the
 * reading is bounded: what does not fit the limits is left out, and a note says so.
 */
export function scanForRoots(image: MemoryImage, options: ScanOptions = {}): Scan {
  const wanted = BITS.reduce(
    (bits, [name, table, structures]) =>
      options.format === undefined || options.format === name ? bits | table | structures : bits,
    0,
  );
  const candidates: Candidate[] = [];
  const hints: RootHint[] = [];
  const budget: Budget = { left: MOST_TABLES };
  let structures = 0;
  let overflow = false;
  let frames = 0;
  for (const { mfn, count, words } of image.chunks()) {
    // Reading other frames overwrites the chunk, so what needs that waits.
    const pending: number[] = [];
    for (let i = 0; i < count; i++) {
      const maybe = quickLook(words, i * 1024, image.end, wanted);
      if (maybe !== 0) pending.push(mfn + i, maybe);
    }
    for (let i = 0; i < pending.length; i += 2) {
      const root = pending[i]! as Mfn;
      const maybe = pending[i + 1]!;
      if ((maybe & ~MAYBE_TABLE) !== 0) {
        if (structures++ < MOST_STRUCTURES && hints.length < MOST_HINTS) {
          for (const hint of hintsOf(image, root, maybe)) hints.push(hint);
        } else overflow = true;
      }
      const candidate = (maybe & MAYBE_TABLE) === 0 ? null : candidateOf(image, root, maybe, options, budget);
      if (candidate && candidates.length < MOST_CANDIDATES) candidates.push(candidate);
      else if (candidate) overflow = true;
    }
    frames += count;
    options.onProgress?.(frames);
  }
  const notes =
    overflow || budget.left === 0
      ? [
          "more frames look like page tables than any machine has: not all of them were looked at; give --format or --root",
        ]
      : [];
  return { candidates, hints, notes };
}

function hintsOf(image: MemoryImage, mfn: Mfn, maybe: number): RootHint[] {
  const words = image.frame(mfn);
  if (!words) return [];
  return [
    ...((maybe & MAYBE_VMCB) === 0 ? [] : [rootOfVmcb(mfn, words)]),
    ...((maybe & MAYBE_VTD_ROOT) === 0 ? [] : rootsOfVtdTable(image, mfn, words)),
    ...((maybe & MAYBE_DEVICE_TABLE) === 0 ? [] : rootsOfDeviceTable(image, mfn, words)),
  ];
}
