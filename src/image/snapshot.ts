import { hex, hex64, type Mfn } from "../address.ts";
import { type FormatName, raw64, TABLE } from "../format/format.ts";
import { FORMATS } from "../format/index.ts";
import { type FrameReader, WORDS } from "../memory/memory.ts";
import type { Tree } from "../radix/tree.ts";

/** Root of one tree in a snapshot (contract, "Snapshots"). */
export interface SnapshotRoot {
  readonly domain: number;
  readonly what: "p2m" | "iommu";
  readonly format: FormatName;
  readonly root: string;
  readonly levels: number;
}

/** Frames by mfn, entries by index ("i", or "i-j" for an arithmetic run of first value and step); zero left out. */
export type SnapshotFrames = Readonly<Record<string, Readonly<Record<string, string | readonly [string, string]>>>>;

export interface Snapshot {
  readonly physmap: 1;
  readonly kind: "snapshot";
  readonly source: Readonly<Record<string, unknown>>;
  readonly roots: readonly SnapshotRoot[];
  readonly frames: SnapshotFrames;
}

const MASK = (1n << 64n) - 1n;

/** "0x…" or "-0x…" as a number modulo 2^64. Throws SyntaxError for anything else. */
function word(text: string): bigint {
  const negative = text.startsWith("-");
  if (!/^-?0x[0-9a-f]{1,16}$/i.test(text))
    throw new SyntaxError(`expected "0x…" or "-0x…", found ${JSON.stringify(text)}`);
  const value = BigInt(negative ? text.slice(1) : text);
  return (negative ? -value : value) & MASK;
}

/** The words of one snapshot frame. Throws SyntaxError that names the entry at fault. */
function decodeFrame(mfn: string, entries: SnapshotFrames[string]): Uint32Array {
  const words = new Uint32Array(WORDS);
  const put = (index: number, value: bigint): void => {
    if (!(index >= 0 && index < WORDS / 2)) throw new SyntaxError(`frame ${mfn}: entry index ${index} is not 0 to 511`);
    const { lo, hi } = raw64(value);
    words[2 * index] = lo;
    words[2 * index + 1] = hi;
  };
  for (const [key, value] of Object.entries(entries)) {
    const [first, last] = key.split("-").map(Number);
    if (typeof value === "string") put(first!, word(value));
    else {
      const step = word(value[1]);
      let current = word(value[0]);
      if (last === undefined || !(last < WORDS / 2))
        throw new SyntaxError(`frame ${mfn}: a run needs a key like "0-511", found ${key}`);
      for (let i = first!; i <= last; i++) {
        put(i, current);
        current = (current + step) & MASK;
      }
    }
  }
  return words;
}

/** The frames of a snapshot as a reader; each is decoded when first asked for. */
export function snapshotReader(frames: SnapshotFrames): FrameReader {
  const known = new Map(Object.entries(frames));
  const decoded = new Map<number, Uint32Array>();
  return {
    frame(mfn: Mfn): Uint32Array | undefined {
      const ready = decoded.get(mfn);
      if (ready) return ready;
      const entries = known.get(hex(mfn));
      if (!entries) return undefined;
      const words = decodeFrame(hex(mfn), entries);
      decoded.set(mfn, words);
      return words;
    },
  };
}

/** The trees of a snapshot. */
export function snapshotTrees(
  snapshot: Pick<Snapshot, "roots" | "frames">,
): (SnapshotRoot & { readonly tree: Tree })[] {
  const memory = snapshotReader(snapshot.frames);
  return snapshot.roots.map((root) => ({
    ...root,
    tree: { format: FORMATS[root.format], memory, root: (Number(root.root) / 4096) as Mfn, levels: root.levels },
  }));
}

/** Shortest run that is written as first value and step. */
const RUN = 4;

/** One frame as snapshot entries: arithmetic runs of four and more are folded, zero entries left out. */
export function encodeFrame(words: Uint32Array): SnapshotFrames[string] {
  const entries: Record<string, string | [string, string]> = {};
  const at = (i: number): bigint => (BigInt(words[2 * i + 1]!) << 32n) | BigInt(words[2 * i]!);
  for (let i = 0; i < WORDS / 2; ) {
    const first = at(i);
    const step = i + 1 < WORDS / 2 ? at(i + 1) - first : 0n;
    let last = i;
    while (last + 1 < WORDS / 2 && at(last + 1) - at(last) === step) last++;
    if (last - i + 1 >= RUN) {
      if (first !== 0n || step !== 0n) entries[`${i}-${last}`] = [`0x${first.toString(16)}`, signed(step)];
      i = last + 1;
      continue;
    }
    if (first !== 0n) entries[String(i)] = hex64(words[2 * i]!, words[2 * i + 1]!);
    i++;
  }
  return entries;
}

const signed = (step: bigint): string => (step < 0n ? `-0x${(-step).toString(16)}` : `0x${step.toString(16)}`);

/** Trees as a snapshot: every table reachable from the roots. */
export function makeSnapshot(
  source: Snapshot["source"],
  trees: readonly (Omit<SnapshotRoot, "format" | "root" | "levels"> & { readonly tree: Tree })[],
): Snapshot {
  const frames: Record<string, SnapshotFrames[string]> = {};
  const visit = (tree: Tree, table: Mfn, level: number): void => {
    const key = hex(table);
    const words = tree.memory.frame(table);
    if (!words || frames[key]) return;
    frames[key] = encodeFrame(words);
    if (level > 1)
      for (let i = 0; i < 2 ** tree.format.indexBits(level); i++) {
        const lo = words[2 * i]!;
        const hi = words[2 * i + 1]!;
        if (tree.format.kindOf(lo, hi, level) === TABLE)
          visit(tree, tree.format.frameOf(lo, hi, level) as Mfn, tree.format.nextLevelOf(lo, hi, level));
      }
  };
  for (const { tree } of trees) visit(tree, tree.root, tree.levels);
  return {
    physmap: 1,
    kind: "snapshot",
    source,
    roots: trees.map(({ domain, what, tree }) => ({
      domain,
      what,
      format: tree.format.name,
      root: hex(tree.root * 4096),
      levels: tree.levels,
    })),
    frames,
  };
}
