/** Decoding an entry by a format's table: what the four formats' `decode` have in common. */
import { failedChecks, readFields, reservedMask } from "./fields.ts";
import {
  type DecodedEntry,
  type DecodeOptions,
  EMPTY,
  type EntryFault,
  type EntryKind,
  FAULT,
  type Format,
  LEAF,
  type MemoryType,
  type Raw,
  SOFTWARE,
  TABLE,
} from "./format.ts";
import type { Check, Row } from "./rows.ts";

/** What a row's predicate may ask about an entry. */
export interface Shape {
  readonly lo: number;
  readonly hi: number;
  readonly level: number;
  /** Hardware takes part: not EMPTY and not SOFTWARE. */
  readonly present: boolean;
  /** Built like a leaf, though it may be a faulty one. False when not present. */
  readonly leaf: boolean;
  /** log2 of pages of a leaf; 0 otherwise. */
  readonly order: number;
  readonly options: Required<DecodeOptions>;
}

/** A format as its table: everything that `decode` needs beside the hot-path functions. */
export interface EntryTable {
  readonly rows: readonly Row<string, Shape>[];
  readonly checks: readonly Check<Shape>[];
  /** Names a deliberate software marker; where it applies, the entry's other bits are the marker's own. */
  readonly marker?: Check<Shape>;
  readonly accessedDirtyDefault: boolean;
  /** Structural kind where it depends on options; `kindOf` otherwise. */
  readonly kindWith?: (lo: number, hi: number, level: number, options: Required<DecodeOptions>) => EntryKind;
  /** Whether a present entry is built like a leaf. */
  readonly isLeaf: (lo: number, level: number) => boolean;
  readonly access: (shape: Shape) => string;
  readonly memoryType: (shape: Shape) => MemoryType | null;
}

type Hot = Pick<
  Format,
  "title" | "kindOf" | "frameOf" | "orderOf" | "nextLevelOf" | "minLevels" | "maxLevels" | "indexBits"
>;

// Predicates for rows, in the words of the manuals' column heads.
export const present = (s: Shape): boolean => s.present;
export const absent = (s: Shape): boolean => !s.present;
export const leaf = (s: Shape): boolean => s.leaf;
export const table = (s: Shape): boolean => s.present && !s.leaf;
/** A leaf above level 1, with the page-size bit set. */
export const largeLeaf = (s: Shape): boolean => s.leaf && s.level > 1;
export const smallLeaf = (s: Shape): boolean => s.leaf && s.level <= 1;
/** A table entry at level 4 or 5, where the page-size bit is reserved. */
export const upperTable = (s: Shape): boolean => table(s) && s.level > 3;
export const lowerTable = (s: Shape): boolean => table(s) && s.level <= 3;

/** Leaf sizes that the hardware lacks (bit-7 formats). */
export const unsupportedSize: Check<Shape> = {
  code: "page-size-unsupported",
  when: (s) =>
    (largeLeaf(s) && s.level === 3 && !s.options.has1g) || (largeLeaf(s) && s.level === 2 && !s.options.has2m),
  says: "a leaf of this size is not supported by this hardware",
};

function physBitsOf(given: number | undefined): number {
  return given === undefined || !Number.isFinite(given) ? 52 : Math.min(52, Math.max(32, Math.floor(given)));
}

function resolve(options: DecodeOptions, accessedDirtyDefault: boolean): Required<DecodeOptions> {
  return {
    physBits: physBitsOf(options.physBits),
    has1g: options.has1g ?? true,
    has2m: options.has2m ?? true,
    accessedDirty: options.accessedDirty ?? accessedDirtyDefault,
    executeOnly: options.executeOnly ?? true,
    mbec: options.mbec ?? false,
    snoopControl: options.snoopControl ?? true,
    deviceTlb: options.deviceTlb ?? false,
    nx: options.nx ?? true,
  };
}

function faultsOf(entry: EntryTable, shape: Shape, reservedFaults: readonly EntryFault[]): readonly EntryFault[] {
  if (!shape.present) return [];
  if (entry.marker?.when(shape)) return failedChecks([entry.marker], shape);
  return [...failedChecks(entry.checks, shape), ...reservedFaults];
}

const isLevel = (hot: Hot, level: number): boolean => Number.isInteger(level) && level >= 1 && level <= hot.maxLevels;

/** A level that the format lacks is read as the nearest one it has, and gets a fault of its own. */
function shapeOf(hot: Hot, entry: EntryTable, raw: Raw, asked: number, given: DecodeOptions) {
  const level = isLevel(hot, asked) ? asked : asked > hot.maxLevels ? hot.maxLevels : 1;
  const lo = raw.lo >>> 0;
  const hi = raw.hi >>> 0;
  const options = resolve(given, entry.accessedDirtyDefault);
  const kind = entry.kindWith?.(lo, hi, level, options) ?? hot.kindOf(lo, hi, level);
  const present = kind !== EMPTY && kind !== SOFTWARE;
  const order = kind === LEAF ? hot.orderOf(lo, hi, level) : 0;
  const shape: Shape = { lo, hi, level, present, leaf: present && entry.isLeaf(lo, level), order, options };
  return { kind, shape };
}

/** The contract's `decode` for a format described by a table. Never throws. */
export function decodeEntry(
  hot: Hot,
  entry: EntryTable,
  raw: Raw,
  asked: number,
  given: DecodeOptions = {},
): DecodedEntry {
  const { kind, shape } = shapeOf(hot, entry, raw, asked, given);
  const { lo, hi, level } = shape;
  const reading = readFields(entry.rows, [{ lo, hi }], shape);
  const faults = [...faultsOf(entry, shape, reading.faults)];
  if (shape.present && !isLevel(hot, asked))
    faults.push({ code: "no-such-level", says: `${hot.title} has levels 1 to ${hot.maxLevels}, not ${asked}` });
  return {
    kind: faults.length > 0 ? FAULT : kind,
    frame: kind === LEAF || kind === TABLE ? hot.frameOf(lo, hi, level) : null,
    order: kind === LEAF ? shape.order : null,
    nextLevel: kind === TABLE ? hot.nextLevelOf(lo, hi, level) : null,
    access: shape.present ? entry.access(shape) : "---",
    memoryType: kind === LEAF ? entry.memoryType(shape) : null,
    fields: reading.fields,
    faults,
  };
}

/** The bits that must be zero in an entry of this one's kind and size; none in one that is not present. */
export function reservedOf(hot: Hot, entry: EntryTable, raw: Raw, level: number, given: DecodeOptions = {}): Raw {
  return reservedMask(entry.rows, shapeOf(hot, entry, raw, level, given).shape);
}
