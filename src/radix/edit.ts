import type { Mfn } from "../address.ts";
import { type Format, type Raw, TABLE } from "../format/format.ts";
import { WORDS } from "../memory/memory.ts";
import { storeRun, storeSame } from "./entries.ts";
import { pagesAt, type Tree, type WritableTree } from "./tree.ts";

/** What new tables hold, by format: copied, which is much faster than stored entry by entry. */
const blanks = new Map<Format, Uint32Array>();

function blankOf(format: Format): Uint32Array {
  const known = blanks.get(format);
  if (known) return known;
  const words = new Uint32Array(WORDS);
  storeSame(words, 0, WORDS / 2, format.empty.lo, format.empty.hi);
  blanks.set(format, words);
  return words;
}

/** A fresh table with every slot holding the format's empty value. */
export function newTable({ format, memory }: Pick<WritableTree, "format" | "memory">): Mfn {
  const table = memory.allocate();
  if (format.empty.lo !== 0 || format.empty.hi !== 0) memory.words(table).set(blankOf(format));
  return table;
}

/**
 * Fill a table of level `level - 1` with the 512 parts of a leaf of `level`. `first` is what the first part looks like
 * (flags as the hypervisor wants them, address of the whole leaf).
 */
export function fillWithParts(words: Uint32Array, first: Raw, level: number): void {
  storeRun(words, 0, 512, first.lo, first.hi, pagesAt(level - 1) * 4096);
}

/** Every table below an entry (the one that it points to included) is handed to `free`, children first. */
export function freeTables(tree: Tree, lo: number, hi: number, level: number, free: (table: Mfn) => void): void {
  if (tree.format.kindOf(lo, hi, level) !== TABLE) return;
  const table = tree.format.frameOf(lo, hi, level) as Mfn;
  const below = tree.format.nextLevelOf(lo, hi, level);
  const words = tree.memory.frame(table);
  if (words && below > 1)
    for (let i = 0; i < 2 ** tree.format.indexBits(below); i++)
      freeTables(tree, words[2 * i]!, words[2 * i + 1]!, below, free);
  free(table);
}
