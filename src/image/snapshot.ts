import { hex, type Mfn } from "../address.ts";
import { type Format, type FormatName, TABLE } from "../format/format.ts";
import { formatByName } from "../format/index.ts";
import type { FrameReader } from "../memory/memory.ts";
import { decodeFrame, encodeFrame, found, type SnapshotEntries } from "./snapshot-frame.ts";

/** Root of one tree in a snapshot (contract, "Snapshots"). */
export interface SnapshotRoot {
  readonly domain: number;
  readonly what: "p2m" | "iommu";
  readonly format: FormatName;
  readonly root: string;
  readonly levels: number;
}

/** One tree, as `radix` reads it. */
export interface SnapshotTree {
  readonly format: Format;
  readonly memory: FrameReader;
  readonly root: Mfn;
  readonly levels: number;
}

/** Frames by mfn. */
export type SnapshotFrames = Readonly<Record<string, SnapshotEntries>>;

export interface Snapshot {
  readonly physmap: 1;
  readonly kind: "snapshot";
  readonly source: Readonly<Record<string, unknown>>;
  readonly roots: readonly SnapshotRoot[];
  readonly frames: SnapshotFrames;
}

/** A decoded frame takes 4 KiB, however few bytes its text has: 1 GiB of tables. */
const MAX_FRAMES = 2 ** 18;
/** Roots of one snapshot. */
const MAX_ROOTS = 2 ** 16;

/** A hex number below 2^52, as text. Throws SyntaxError. */
function number(text: unknown, what: string): number {
  if (typeof text !== "string" || !/^0x[0-9a-f]{1,13}$/i.test(text))
    throw new SyntaxError(`${what}: expected "0x…" below 2^52, found ${found(text)}`);
  return Number(text);
}

/**
 * The frames of a snapshot as a reader. All are checked at once, and each is decoded when first asked for. Throws
 * SyntaxError that names the frame and the entry at fault, or says that there are more than 2^18 frames.
 */
export function snapshotReader(frames: SnapshotFrames): FrameReader {
  if (typeof frames !== "object" || frames === null || Array.isArray(frames))
    throw new SyntaxError("frames: expected an object of frames by mfn");
  const given = Object.entries(frames);
  if (given.length > MAX_FRAMES) throw new SyntaxError(`frames: more than ${MAX_FRAMES}; take fewer trees at a time`);
  const known = new Map<number, SnapshotEntries>();
  for (const [key, entries] of given) {
    const mfn = number(key, "frames");
    if (known.has(mfn)) throw new SyntaxError(`frame ${hex(mfn)}: given twice`);
    decodeFrame(hex(mfn), entries);
    known.set(mfn, entries);
  }
  const decoded = new Map<number, Uint32Array>();
  return {
    frame(mfn: Mfn): Uint32Array | undefined {
      const ready = decoded.get(mfn);
      if (ready) return ready;
      const entries = known.get(mfn);
      if (!entries) return undefined;
      const words = decodeFrame(hex(mfn), entries);
      decoded.set(mfn, words);
      return words;
    },
  };
}

/** The tree that a root describes. Throws SyntaxError that names the root's place in the list. */
function treeOf(root: SnapshotRoot | null | undefined, memory: FrameReader, at: string): SnapshotTree {
  const format = formatByName(String(root?.format));
  if (!root || !format) throw new SyntaxError(`${at}: expected a format of ept, npt, vtd or amdvi`);
  const { levels } = root;
  if (!Number.isInteger(levels) || levels < format.minLevels || levels > format.maxLevels)
    throw new SyntaxError(`${at}: ${format.name} has ${format.minLevels} to ${format.maxLevels} levels`);
  const address = number(root.root, `${at}: root`);
  if (address % 4096 !== 0) throw new SyntaxError(`${at}: root ${hex(address)} is not a multiple of 0x1000`);
  return { format, memory, root: (address / 4096) as Mfn, levels };
}

/** The trees of a snapshot, all on one reader. Throws SyntaxError as `snapshotReader` does, or names the root at fault. */
export function snapshotTrees(
  snapshot: Pick<Snapshot, "roots" | "frames">,
): (SnapshotRoot & { readonly tree: SnapshotTree })[] {
  if (!Array.isArray(snapshot.roots) || snapshot.roots.length > MAX_ROOTS)
    throw new SyntaxError(`roots: expected a list of at most ${MAX_ROOTS} roots`);
  const memory = snapshotReader(snapshot.frames);
  return snapshot.roots.map((root, i) => ({ ...root, tree: treeOf(root, memory, `roots[${i}]`) }));
}

/** Trees as a snapshot: every table that is reachable from the roots. A table that the memory lacks stays missing. */
export function makeSnapshot(
  source: Snapshot["source"],
  trees: readonly (Omit<SnapshotRoot, "format" | "root" | "levels"> & { readonly tree: SnapshotTree })[],
): Snapshot {
  const frames = new Map<string, SnapshotEntries>();
  const visit = (tree: SnapshotTree, seen: Set<number>, table: Mfn, level: number): void => {
    const { format, memory } = tree;
    // A malformed tree may reach one frame at several levels, below which other tables lie each time.
    const key = table * 8 + level;
    const words = memory.frame(table);
    if (!words || seen.has(key)) return;
    seen.add(key);
    if (!frames.has(hex(table))) frames.set(hex(table), encodeFrame(words));
    if (level > 1)
      for (let i = 0; i < 2 ** format.indexBits(level); i++) {
        const lo = words[2 * i]!;
        const hi = words[2 * i + 1]!;
        if (format.kindOf(lo, hi, level) === TABLE)
          visit(tree, seen, format.frameOf(lo, hi, level) as Mfn, format.nextLevelOf(lo, hi, level));
      }
  };
  for (const { tree } of trees) visit(tree, new Set(), tree.root, tree.levels);
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
    frames: Object.fromEntries(frames),
  };
}
