import type { Mfn } from "../address.ts";
import type { Format } from "../format/format.ts";
import type { FrameReader } from "../memory/memory.ts";
import { BAD, fitOf, GOOD_LEAF, GOOD_POINTER, NOTHING } from "./roots-convention.ts";

/** What hangs below a frame that is taken for a root: counts over the tables that were looked at. */
export interface Weight {
  readonly levels: number;
  readonly tables: number;
  readonly leaves: number;
  readonly pointers: number;
  /** Those of them that stand in the root itself. */
  readonly tops: number;
  /** Entries that no hypervisor writes, and pointers to frames that the image lacks. */
  readonly bad: number;
  /** Tables below the root without a single entry. */
  readonly empty: number;
  /** Lowest level that was reached. */
  readonly lowest: number;
  /** Not every table was looked at. */
  readonly sampled: boolean;
}

/** Tables that are looked at: enough to tell, little enough to do so for thousands of frames. */
const MOST_TABLES = 200;
/** Children that are looked at, of one table. */
const MOST_CHILDREN = 12;

/** Tables that may still be looked at, over all roots. */
export interface Budget {
  left: number;
}

/** Look below a root, evenly. Stops early where what is found is no tree, and where the budget ends. */
export function weigh(memory: FrameReader, format: Format, root: Mfn, levels: number, budget?: Budget): Weight {
  const queue: { mfn: Mfn; level: number }[] = [{ mfn: root, level: levels }];
  let leaves = 0;
  let pointers = 0;
  let tops = 0;
  let bad = 0;
  let empty = 0;
  let tables = 0;
  let lowest = levels;
  let sampled = false;
  for (let next = 0; next < queue.length && tables < MOST_TABLES && budget?.left !== 0; next++) {
    const { mfn, level } = queue[next]!;
    const words = memory.frame(mfn);
    if (!words) {
      bad++;
      continue;
    }
    tables++;
    if (budget) budget.left--;
    lowest = Math.min(lowest, level);
    const children: Mfn[] = [];
    let entries = 0;
    for (let i = 0; i < 2 * 2 ** format.indexBits(level); i += 2) {
      const lo = words[i]!;
      const hi = words[i + 1]!;
      if ((lo | hi) === 0) continue;
      const fits = fitOf(format.name, lo, hi, level);
      if (fits === NOTHING) continue;
      entries++;
      if (fits === GOOD_LEAF) leaves++;
      else if (fits === BAD) bad++;
      else if (fits === GOOD_POINTER) {
        pointers++;
        children.push(format.frameOf(lo, hi, level) as Mfn);
      }
    }
    if (next === 0) tops = pointers;
    else if (entries === 0) empty++;
    if (children.length > MOST_CHILDREN) sampled = true;
    const taken = Math.min(children.length, MOST_CHILDREN);
    for (let i = 0; i < taken; i++)
      queue.push({ mfn: children[Math.floor((i * children.length) / taken)]!, level: level - 1 });
    if (bad > 64 && bad * FAR > leaves + pointers) break;
  }
  return { levels, tables, leaves, pointers, tops, bad, empty, lowest, sampled: sampled || tables < queue.length };
}

/** One bad entry undoes as many good ones. */
const FAR = 16;

/** 0 to 1: how much of what was looked at is as a hypervisor writes it. */
export function score({ leaves, pointers, bad, empty }: Weight): number {
  const good = leaves + pointers;
  return good / (good + FAR * bad + 4 * empty + 1);
}

/** A root rarely has more entries: each covers 512 GiB. */
const FEW = 8;

/**
 * Whether this can be a tree at all: some entries, few bad ones, few tables without any. Where all has been unmapped
 * again most tables are empty; then nothing may be bad, the root has few entries, and the empty tables do not hang right
 * below it, as zeroed memory hangs below a table of leaves that is taken for a root.
 */
export const credible = ({ levels, lowest, leaves, pointers, tops, bad, empty, tables }: Weight): boolean =>
  pointers + leaves > 0 &&
  bad * FAR <= leaves + pointers &&
  (empty * 2 <= tables || (bad === 0 && tops <= FEW && lowest <= levels - 2));

/** Scores that are no further apart are as good as each other. */
const ALIKE = 0.02;

/** Levels that end in leaves explain a tree; others only do not contradict it. */
const explains = ({ leaves }: Weight): boolean => leaves > 0;
/** What tables have where nothing tells: those of nearly all hypervisors. */
const USUAL_LEVELS = 4;

/**
 * The number of levels that explains best what hangs below a frame; of those that are alike the largest, since the upper
 * tables of a tree make a tree of their own. Null where none is credible.
 */
export function weighLevels(
  memory: FrameReader,
  format: Format,
  root: Mfn,
  levels: readonly number[],
  budget?: Budget,
): Weight | null {
  let best: Weight | null = null;
  for (const count of levels) {
    const weight = weigh(memory, format, root, count, budget);
    if (credible(weight) && (best === null || isBetter(weight, best))) best = weight;
  }
  return best;
}

function isBetter(a: Weight, b: Weight): boolean {
  if (explains(a) !== explains(b)) return explains(a);
  const difference = score(a) - score(b);
  if (Math.abs(difference) > ALIKE) return difference > 0;
  if (explains(a)) return a.levels > b.levels;
  return Math.abs(a.levels - USUAL_LEVELS) < Math.abs(b.levels - USUAL_LEVELS);
}
