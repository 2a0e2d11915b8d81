import { hex64, type Mfn } from "../address.ts";
import { type EntryKind, LEAF, TABLE } from "../format/format.ts";
import { pagesAt, type Tree } from "../radix/tree.ts";

/** One entry in which two trees differ. */
export interface Difference {
  /** First input frame that the entry covers, and how many. */
  readonly frame: number;
  readonly pages: number;
  readonly level: number;
  readonly left: string;
  readonly right: string;
  readonly says: string;
}

export interface CompareOptions {
  /** Only entries that overlap one of these half-open frame ranges. Default: everything. */
  readonly ranges?: readonly { readonly start: number; readonly end: number }[];
  /** Output frames that the hypervisor chose freely on each side: they may differ, but must be renamed consistently. */
  readonly chosenLeft?: (mfn: number) => boolean;
  readonly chosenRight?: (mfn: number) => boolean;
  /** Stop after so many differences. Default 1000. */
  readonly limit?: number;
}

/**
 * Entry by entry and bit by bit: absent entries and markers included, only table frames and freely chosen RAM frames
 * renamed (contract, "Snapshots"). Returns what differs and how many entries were compared.
 */
export function compareTrees(
  left: Tree,
  right: Tree,
  options: CompareOptions = {},
): { readonly differences: readonly Difference[]; readonly compared: number } {
  const { ranges, limit = 1000 } = options;
  const differences: Difference[] = [];
  const renamed = new Map<number, number>();
  const renamedBack = new Map<number, number>();
  let compared = 0;

  const inRange = (start: number, pages: number): boolean =>
    !ranges || ranges.some((range) => range.start < start + pages && range.end > start);

  const add = (
    frame: number,
    level: number,
    l: [number, number] | null,
    r: [number, number] | null,
    says: string,
  ): void => {
    if (differences.length < limit)
      differences.push({
        frame,
        pages: pagesAt(level),
        level,
        left: l ? hex64(l[0], l[1]) : "absent",
        right: r ? hex64(r[0], r[1]) : "absent",
        says,
      });
  };

  /** Whether two output frames may stand for each other: equal, or both freely chosen and always the same pair. */
  const samePlace = (a: number, b: number): boolean => {
    if (!options.chosenLeft?.(a) || !options.chosenRight?.(b)) return a === b;
    const known = renamed.get(a) ?? b;
    const back = renamedBack.get(b) ?? a;
    renamed.set(a, known);
    renamedBack.set(b, back);
    return known === b && back === a;
  };

  const visit = (a: Mfn, b: Mfn, level: number, base: number): void => {
    const wordsA = left.memory.frame(a);
    const wordsB = right.memory.frame(b);
    if (!wordsA || !wordsB) {
      add(base, level + 1, wordsA ? [0, 0] : null, wordsB ? [0, 0] : null, "a table is not in memory");
      return;
    }
    for (let i = 0; i < 2 ** left.format.indexBits(level); i++) {
      const start = base + i * pagesAt(level);
      if (ranges && !inRange(start, pagesAt(level))) continue;
      compared++;
      const [lo, hi] = [wordsA[2 * i]!, wordsA[2 * i + 1]!];
      const [l, h] = [wordsB[2 * i]!, wordsB[2 * i + 1]!];
      const kindA = left.format.kindOf(lo, hi, level);
      const kindB = right.format.kindOf(l, h, level);
      if (lo === l && hi === h && kindA !== TABLE) continue;
      if (kindA !== kindB) {
        add(start, level, [lo, hi], [l, h], `${NAMES[kindA]} against ${NAMES[kindB]}`);
        continue;
      }
      const mask = left.format.addressMask(lo, hi, level);
      const flagsDiffer = ((lo ^ l) & ~mask.lo) !== 0 || ((hi ^ h) & ~mask.hi) !== 0;
      if (kindA === TABLE) {
        if (flagsDiffer) add(start, level, [lo, hi], [l, h], "the table pointers' flags differ");
        visit(
          left.format.frameOf(lo, hi, level) as Mfn,
          right.format.frameOf(l, h, level) as Mfn,
          left.format.nextLevelOf(lo, hi, level),
          start,
        );
        continue;
      }
      if (flagsDiffer) add(start, level, [lo, hi], [l, h], "flags differ");
      else if (kindA !== LEAF || !samePlace(left.format.frameOf(lo, hi, level), right.format.frameOf(l, h, level)))
        add(start, level, [lo, hi], [l, h], "another frame");
    }
  };

  if (left.format.name !== right.format.name || left.levels !== right.levels)
    add(
      0,
      Math.max(left.levels, right.levels),
      null,
      null,
      `${left.format.name} with ${left.levels} levels against ${right.format.name} with ${right.levels}`,
    );
  else visit(left.root, right.root, left.levels, 0);
  return { differences, compared };
}

const NAMES: Readonly<Record<EntryKind, string>> = [
  "empty",
  "a leaf",
  "a table",
  "a software entry",
  "a faulting entry",
];
