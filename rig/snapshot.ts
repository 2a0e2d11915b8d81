import { hex, type Mfn } from "../src/address.ts";
import { type FormatName, TABLE } from "../src/format/format.ts";
import { FORMATS } from "../src/format/index.ts";
import type { FrameReader } from "../src/memory/memory.ts";

/** Entries of a table by index, or by "first-last" as an arithmetic run: first entry and signed step. */
export type SnapshotFrame = Readonly<Record<string, string | readonly [string, string]>>;

export interface SnapshotRoot {
  readonly domain: number;
  readonly what: "p2m" | "iommu";
  readonly format: FormatName;
  readonly root: string;
  readonly levels: number;
}

/** Page tables as they lie in memory (the contract's kind "snapshot"). */
export interface Snapshot {
  readonly physmap: 1;
  readonly kind: "snapshot";
  readonly source: Readonly<Record<string, unknown>>;
  readonly roots: readonly SnapshotRoot[];
  readonly frames: Readonly<Record<string, SnapshotFrame>>;
}

/** A broken table can lead anywhere: no more tables than this are taken from one root. */
const MAX_TABLES = 1 << 20;
/** Shorter arithmetic runs are written entry by entry. */
const SHORTEST_RUN = 3;

const word64 = (entry: bigint): string => `0x${entry.toString(16).padStart(16, "0")}`;
const signed = (step: bigint): string => (step < 0n ? `-${hex(-step)}` : hex(step));

/** How many entries from `start` on form an arithmetic run of entries that are not zero. */
function runLength(entries: BigUint64Array, start: number): number {
  if (start + 1 >= entries.length) return 1;
  const step = entries[start + 1]! - entries[start]!;
  let end = start + 1;
  while (end < entries.length && entries[end] !== 0n && entries[end]! - entries[end - 1]! === step) end++;
  return end - start;
}

/** A table in the contract's form: zero entries left out, arithmetic runs of three or more as one. */
export function compressFrame(words: Uint32Array): SnapshotFrame {
  const entries = new BigUint64Array(words.buffer, words.byteOffset, words.length / 2);
  const frame: Record<string, string | readonly [string, string]> = {};
  for (let i = 0; i < entries.length; ) {
    if (entries[i] === 0n) {
      i++;
      continue;
    }
    const length = runLength(entries, i);
    if (length < SHORTEST_RUN) {
      frame[String(i)] = word64(entries[i]!);
      i++;
      continue;
    }
    frame[`${i}-${i + length - 1}`] = [word64(entries[i]!), signed(entries[i + 1]! - entries[i]!)];
    i += length;
  }
  return frame;
}

/**
 * Adds every table that can be reached from a root to `frames`, by frame number. Returns the tables that the source
 * lacks; each table is read once, so a circle ends.
 */
export function collectTables(
  reader: FrameReader,
  root: { readonly mfn: Mfn; readonly format: FormatName; readonly levels: number },
  frames: Map<Mfn, Uint32Array>,
): Mfn[] {
  const format = FORMATS[root.format];
  const seen = new Set<Mfn>();
  const missing: Mfn[] = [];
  const todo: { readonly mfn: Mfn; readonly level: number }[] = [{ mfn: root.mfn, level: root.levels }];
  for (let table = todo.pop(); table !== undefined && seen.size < MAX_TABLES; table = todo.pop()) {
    if (seen.has(table.mfn)) continue;
    seen.add(table.mfn);
    const words = frames.get(table.mfn) ?? reader.frame(table.mfn);
    if (words === undefined) {
      missing.push(table.mfn);
      continue;
    }
    frames.set(table.mfn, words);
    if (table.level <= 1) continue;
    for (let i = 0; i < words.length; i += 2) {
      const lo = words[i]!;
      const hi = words[i + 1]!;
      if ((lo | hi) === 0 || format.kindOf(lo, hi, table.level) !== TABLE) continue;
      todo.push({
        mfn: format.frameOf(lo, hi, table.level) as Mfn,
        level: format.nextLevelOf(lo, hi, table.level),
      });
    }
  }
  return missing;
}

export interface RootToTake {
  readonly domain: number;
  readonly what: "p2m" | "iommu";
  readonly format: FormatName;
  readonly mfn: Mfn;
  readonly levels: number;
}

/** A snapshot of all tables below these roots. Tables that memory lacks are named in `source.missing`. */
export function takeSnapshot(
  reader: FrameReader,
  roots: readonly RootToTake[],
  source: Readonly<Record<string, unknown>>,
): Snapshot {
  const frames = new Map<Mfn, Uint32Array>();
  const missing = roots.flatMap((root) => collectTables(reader, root, frames));
  const named: Record<string, SnapshotFrame> = {};
  for (const [mfn, words] of frames) named[hex(mfn)] = compressFrame(words);
  return {
    physmap: 1,
    kind: "snapshot",
    source: missing.length === 0 ? source : { ...source, missing: missing.map(hex) },
    roots: roots.map(({ mfn, ...root }) => ({ ...root, root: hex(mfn * 4096) })),
    frames: named,
  };
}
