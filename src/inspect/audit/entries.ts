import { EMPTY, type EntryFault, LEAF, SOFTWARE } from "../../format/format.ts";
import { type DecodeOptions, reservedBits } from "../../format/index.ts";
import { countRun } from "../../radix/entries.ts";
import { pagesAt } from "../../radix/tree.ts";
import type { EntryFact, SurveyedTree, Visit } from "./rule.ts";

interface Known {
  /** Reserved bits of entries with these flags. */
  readonly lo: number;
  readonly hi: number;
  /** Faults of the flags alone. */
  readonly faults: readonly EntryFault[];
}

const MOST_KNOWN = 4096;

/** An AMD-Vi leaf whose size stands in its address (page-table-formats.md 4.3). */
const isSized = (tree: SurveyedTree, lo: number): boolean =>
  tree.tree.format.name === "amdvi" && ((lo >>> 9) & 7) === 7;

/** What hardware would fault on in an entry. Flags repeat, and decoding bit by bit is slow: remembered by flags. */
export function faultsReader(tree: SurveyedTree, options: DecodeOptions) {
  const { format } = tree.tree;
  const known = new Map<string, Known>();
  return (lo: number, hi: number, level: number): readonly EntryFault[] => {
    if (isSized(tree, lo)) return format.decode({ lo, hi }, level, options).faults;
    const key = `${level} ${lo & 0xfff} ${hi >>> 20}`;
    let found = known.get(key);
    if (!found) {
      if (known.size >= MOST_KNOWN) known.clear();
      const flags = { lo: lo & 0xfff, hi: (hi & 0xfff00000) >>> 0 };
      found = { ...reservedBits(format.name, { lo, hi }, level, options), faults: [] };
      found = { ...found, faults: format.decode(flags, level, options).faults };
      known.set(key, found);
    }
    const inAddress = (lo & found.lo & 0xfffff000) !== 0 || (hi & found.hi & 0xfffff) !== 0;
    return inAddress ? format.decode({ lo, hi }, level, options).faults : found.faults;
  };
}

/** The entries of a table that are not empty, alike ones together. Lazy. */
export function* entriesOf(
  tree: SurveyedTree,
  visit: Visit,
  words: Uint32Array,
  faultsOf: ReturnType<typeof faultsReader>,
): Generator<EntryFact> {
  const { format } = tree.tree;
  const { level } = visit;
  const end = 2 ** format.indexBits(level);
  const ignore = format.bookkeepingMask(level);
  const step = pagesAt(level) * 4096;
  for (let index = 0; index < end; ) {
    const lo = words[2 * index]!;
    const hi = words[2 * index + 1]!;
    const kind = format.kindOf(lo, hi, level);
    let count = 1;
    if (kind === LEAF) count = countRun(words, index, end - index, lo, hi, isSized(tree, lo) ? 0 : step, ignore);
    else if (kind === SOFTWARE) count = Math.max(1, countRun(words, index, end - index, lo, hi, 0));
    if (kind !== EMPTY) {
      // Addresses grow: one beyond a width shows at the last entry, if not at the first.
      let faults = faultsOf(lo, hi, level);
      const last = 2 * (index + count - 1);
      if (faults.length === 0 && count > 1) faults = faultsOf(words[last]!, words[last + 1]!, level);
      yield { tree, visit, index, count, lo, hi, kind, faults };
    }
    index += count;
  }
}
