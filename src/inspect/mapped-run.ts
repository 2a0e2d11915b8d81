import type { DecodedEntry, FormatName } from "../format/format.ts";
import { p2mTypeNameOf } from "../format/index.ts";
import { type Run, type RunOptions, runs } from "../radix/runs.ts";
import type { Tree } from "../radix/tree.ts";
import { diffStretches, type Gap, type Stretch, sameOutput } from "./diff-runs.ts";

/**
 * A run in words, as far as its source tells: tables tell everything, text dumps only what they print. `null` is "not
 * told" and agrees with anything, but for `maps` where `present` is false: that entry maps nothing.
 */
export interface MappedRun extends Stretch {
  /** Whether it maps something; false for what software keeps in entries that are not present. */
  readonly present: boolean;
  /** log2 of pages of each leaf. */
  readonly order: number | null;
  /** "rw-", "r-x", …, of the leaf alone. */
  readonly access: string | null;
  readonly memoryType: string | null;
  /** EPT: whether the guest's PAT is ignored. */
  readonly ipat: boolean | null;
  /** Xen's P2M type by name. */
  readonly type: string | null;
  /** The entry without its address and bookkeeping, as halves. */
  readonly flags: { readonly lo: number; readonly hi: number } | null;
}

/** The words for a run's flags: what its source does not hold is null. */
export type Words = Pick<MappedRun, "present" | "access" | "memoryType" | "ipat" | "type">;

const MOST_KNOWN = 4096;

/** Words of entries by their flags, which repeat: decoding bit by bit is slow. */
export function wordsReader(tree: Pick<Tree, "format">): (run: Run) => Words {
  const known = new Map<string, Words>();
  return (run) => {
    const key = `${run.level} ${run.lo} ${run.hi} ${run.maps === null}`;
    const found = known.get(key);
    if (found) return found;
    if (known.size >= MOST_KNOWN) known.clear();
    const words = wordsOf(tree.format.name, tree.format.decode({ lo: run.lo, hi: run.hi }, run.level), run);
    known.set(key, words);
    return words;
  };
}

function wordsOf(format: FormatName, decoded: DecodedEntry, run: Run): Words {
  const present = run.maps !== null;
  return {
    present,
    access: present ? decoded.access : null,
    memoryType: present ? decoded.memoryType : null,
    ipat: present && format === "ept" ? (run.lo & 0x40) !== 0 : null,
    type: p2mTypeNameOf(format, run.hi),
  };
}

/** A tree's runs in words, ascending. Lazy; never throws. */
export function* mappedRuns(tree: Tree, options: RunOptions = {}): Generator<MappedRun> {
  const words = wordsReader(tree);
  for (const run of runs(tree, options)) yield { ...run, ...words(run), flags: { lo: run.lo, hi: run.hi } };
}

const told = <T>(a: T | null, b: T | null): boolean => a === null || b === null || a === b;

/** Whether two sources say nothing that contradicts on frames that both cover. */
export const agree = (a: MappedRun, b: MappedRun): boolean =>
  a.present === b.present &&
  (a.present ? a.maps === null || b.maps === null || sameOutput(a, b) : true) &&
  told(a.order, b.order) &&
  told(a.access, b.access) &&
  told(a.memoryType, b.memoryType) &&
  told(a.ipat, b.ipat) &&
  told(a.type, b.type) &&
  (a.flags === null || b.flags === null || (a.flags.lo === b.flags.lo && a.flags.hi === b.flags.hi));

/** Where two sources contradict each other, in ascending order. Lazy. Both must ascend without overlap. */
export const diffMapped = (left: Iterable<MappedRun>, right: Iterable<MappedRun>): Generator<Gap<MappedRun>> =>
  diffStretches(left, right, agree);
