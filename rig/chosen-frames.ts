import { hex, type Mfn, pagesOf } from "../src/address.ts";
import { type FormatName, LEAF, TABLE } from "../src/format/format.ts";
import { FORMATS } from "../src/format/index.ts";
import type { FrameReader } from "../src/memory/memory.ts";

/** A reader that keeps what it has read. Good for as long as the tables stand still. */
export function keeping(reader: FrameReader): FrameReader {
  const kept = new Map<Mfn, Uint32Array | undefined>();
  return {
    frame(mfn) {
      if (!kept.has(mfn)) kept.set(mfn, reader.frame(mfn));
      return kept.get(mfn);
    },
  };
}

/** The machine frame that a table maps a guest frame to; undefined where no leaf does. */
export function translate(
  reader: FrameReader,
  formatName: FormatName,
  root: Mfn,
  levels: number,
  gfn: number,
): number | undefined {
  const format = FORMATS[formatName];
  let table = root;
  for (let level = levels; level >= 1; ) {
    const span = pagesOf(9 * (level - 1));
    const words = reader.frame(table);
    const index = Math.floor(gfn / span) % 2 ** format.indexBits(level);
    if (words === undefined) return undefined;
    const lo = words[2 * index]!;
    const hi = words[2 * index + 1]!;
    const kind = format.kindOf(lo, hi, level);
    if (kind === LEAF) return format.frameOf(lo, hi, level) + (gfn % pagesOf(format.orderOf(lo, hi, level)));
    if (kind !== TABLE) return undefined;
    table = format.frameOf(lo, hi, level) as Mfn;
    level = format.nextLevelOf(lo, hi, level);
  }
  return undefined;
}

/** Extents of a populate, from number `first` on, whose machine frames follow each other from `mfn` on. */
export interface ChosenRun {
  readonly first: number;
  readonly mfn: string;
  readonly extents: number;
}

/**
 * The frames that the hypervisor chose for `extents` blocks of RAM from `gfn` on: each run is a stretch of blocks that
 * follow each other in the machine too. Blocks that are not mapped are left out, and end a run.
 */
export function chosenFrames(
  frameOf: (gfn: number) => number | undefined,
  gfn: number,
  order: number,
  extents: number,
): ChosenRun[] {
  const size = pagesOf(order);
  const runs: { first: number; mfn: number; extents: number }[] = [];
  let expected: number | undefined;
  for (let i = 0; i < extents; i++) {
    const mfn = frameOf(gfn + i * size);
    const run = runs.at(-1);
    if (mfn !== undefined && mfn === expected && run) run.extents++;
    else if (mfn !== undefined) runs.push({ first: i, mfn, extents: 1 });
    expected = mfn === undefined ? undefined : mfn + size;
  }
  return runs.map((run) => ({ ...run, mfn: hex(run.mfn) }));
}
