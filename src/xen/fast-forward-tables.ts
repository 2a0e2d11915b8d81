import { type Mfn, pagesOf } from "../address.ts";
import { EMPTY, frameField, frameHi, frameLo, LEAF, TABLE } from "../format/format.ts";
import { WORDS } from "../memory/memory.ts";
import { countRun } from "../radix/entries.ts";
import { isShifted, type Placed, patternsOf } from "../radix/pattern.ts";
import { newPosition, type Position, slotOfIndex, type WritableTree, walk } from "../radix/tree.ts";
import type { Domain } from "./domain.ts";
import { driverOf } from "./iommu/driver.ts";

/*
 * Regions of a tree, for fast-forward.ts: which of them are alike, and how their tables are described instead of built. A
 * region of level L is what one entry of a table of level L + 1 covers: 2 MiB, 1 GiB, 512 GiB.
 */

/** Nothing in the table above is right already. */
export const NO_MARKER = { lo: 0, hi: 0 };

/** The bits of contiguity markers; none in releases without. */
export function markerMask(domain: Domain): { lo: number; hi: number } {
  if (!domain.machine.release.iommuSuperpages) return NO_MARKER;
  const { word, shift } = driverOf(domain.machine).marker;
  const bits = (15 << shift) >>> 0;
  return word === 0 ? { lo: bits, hi: 0 } : { lo: 0, hi: bits };
}

/** The trees that a request writes. */
export const trees = (domain: Domain): readonly WritableTree[] =>
  domain.iommu ? [domain.p2m, domain.iommu.tree] : [domain.p2m];

const scratch = newPosition();

/** The slot of a region in the table above it; null where there is no such table yet. */
export function slotOf(tree: WritableTree, level: number, region: number): Position | null {
  if (level + 1 > tree.levels) return null;
  walk(tree, region * pagesOf(9 * level), level + 1, scratch);
  return scratch.level === level + 1 ? scratch : null;
}

/** The place of the table above a region, which there is. */
export const placeAbove = (tree: WritableTree, level: number, region: number): number =>
  slotOf(tree, level, region)!.index - (region & 511);

/** The words of that table. */
function tableAbove(tree: WritableTree, level: number, region: number): Uint32Array {
  const first = placeAbove(tree, level, region);
  return tree.memory.arena.subarray(2 * first, 2 * first + WORDS);
}

/**
 * How many regions from one on, `limit` at most, hold the same, each one region further on than the one before; 0 where a
 * larger leaf covers the region. Contiguity markers do not count; the counts that AMD-Vi's merging keeps in the same bits
 * do.
 */
export function alikeFrom(domain: Domain, tree: WritableTree, level: number, region: number, limit: number): number {
  const at = slotOf(tree, level, region);
  // No table yet: nothing in any of them.
  if (!at) return level + 1 > tree.levels || scratch.kind === EMPTY ? limit : 0;
  const { index, lo, hi, kind } = at;
  const { arena } = tree.memory;
  const room = Math.min(limit, 512 - slotOfIndex(index));
  const size = pagesOf(9 * level);
  const ignore = tree === domain.p2m ? NO_MARKER : markerMask(domain);
  if (kind !== TABLE) return countRun(arena, index, room, lo, hi, kind === LEAF ? size * 4096 : 0, ignore);
  const patterns = patternsOf(tree);
  let n = 1;
  for (let frame = frameField(lo, hi); n < room; n++) {
    const l = arena[2 * (index + n)]!;
    const h = arena[2 * (index + n) + 1]!;
    const next = frameField(l, h);
    if (((lo ^ l) & 0xfff & ~ignore.lo) !== 0 || ((hi ^ h) & 0xfff0_0000 & ~ignore.hi) !== 0) break;
    if (!patterns.alike(frame as Mfn, next as Mfn, level, size)) break;
    frame = next;
  }
  return n;
}

/** An entry with what is below it, as far as it can be said of another region. */
export interface Sample {
  readonly lo: number;
  readonly hi: number;
  readonly kind: number;
  readonly placed: Placed | null;
}

/** What the regions around the present one hold, told by their distance from it. */
export type Samples = readonly [ahead: Sample, present: Sample, last: Sample, settled: Sample];

/** Flags of the pointers to the table above a region, root first. */
export function wayFlags(tree: WritableTree, level: number, region: number): number[] {
  const flags: number[] = [];
  const frame = region * pagesOf(9 * level);
  for (let above = tree.levels; above > level + 1; above--) {
    walk(tree, frame, above, scratch);
    flags.push(scratch.lo & 0xfff, scratch.hi & 0xfff0_0000);
  }
  return flags;
}

/** Samples of the region ahead, the present one and the two before it. Tables become descriptions. */
export function sampleAround(tree: WritableTree, level: number, present: number): Samples {
  const words = tableAbove(tree, level, present);
  const patterns = patternsOf(tree);
  const sample = (region: number): Sample => {
    const lo = words[2 * (region & 511)]!;
    const hi = words[2 * (region & 511) + 1]!;
    const kind = tree.format.kindOf(lo, hi, level + 1);
    return { lo, hi, kind, placed: kind === TABLE ? patterns.describe(frameField(lo, hi) as Mfn, level) : null };
  };
  return [sample(present + 1), sample(present), sample(present - 1), sample(present - 2)];
}

/** Whether `b` says of regions that lie `pages` further on what `a` says, settled ones and the bits `keep` aside. */
export function areMoved(a: Samples, b: Samples, pages: number, keep: { lo: number; hi: number }): boolean {
  const isMoved = (from: Sample, to: Sample): boolean => {
    if (from.kind !== to.kind) return false;
    if (((from.lo ^ to.lo) & 0xfff & ~keep.lo) !== 0 || ((from.hi ^ to.hi) & 0xfff0_0000 & ~keep.hi) !== 0)
      return false;
    if (from.placed && to.placed) return isShifted(from.placed, to.placed, pages);
    return frameField(to.lo, to.hi) - frameField(from.lo, from.hi) === (from.kind === LEAF ? pages : 0);
  };
  return isMoved(a[0], b[0]) && isMoved(a[1], b[1]) && isMoved(a[2], b[2]);
}

/** Give up the tables of all that will be written anew: from the last region to `count` regions ahead. */
export function giveUp(tree: WritableTree, level: number, present: number, count: number): void {
  const words = tableAbove(tree, level, present);
  const { format, memory } = tree;
  for (let region = present - 1; region <= present + count; ) {
    const i = 2 * (region & 511);
    if (format.kindOf(words[i]!, words[i + 1]!, level + 1) !== TABLE) {
      region++;
      continue;
    }
    const first = frameField(words[i]!, words[i + 1]!) as Mfn;
    const run = memory.describedRun(first);
    let tables = 1;
    if (run)
      while (
        first + tables < run.end &&
        region + tables <= present + count &&
        frameField(words[i + 2 * tables]!, words[i + 2 * tables + 1]!) === first + tables
      )
        tables++;
    // What is below goes with it.
    if (!run) patternsOf(tree).describe(first, level);
    memory.freeRun(first, tables);
    region += tables;
  }
}

/**
 * Give regions the content that they would have: those long past are like a settled one, then comes one like the last, and
 * the present one moves on as it is. Samples were taken `moved` regions before. `keep` are bits of the table above that are
 * right already.
 */
export function lay(
  tree: WritableTree,
  level: number,
  present: number,
  count: number,
  [, current, last, settled]: Samples,
  moved: number,
  keep: { lo: number; hi: number },
): void {
  const words = tableAbove(tree, level, present);
  const patterns = patternsOf(tree);
  const size = pagesOf(9 * level);
  const put = (first: number, regions: number, { lo, hi, kind, placed }: Sample, sampledAt: number): void => {
    const shift = (first - sampledAt + moved) * size;
    const table = placed && patterns.makeRun({ pattern: placed.pattern, shift: placed.shift + shift }, regions, size);
    const step = placed ? 1 : kind === LEAF ? size : 0;
    let frame: number = table ?? frameField(lo, hi) + (kind === LEAF ? shift : 0);
    for (let w = 2 * (first & 511); w < 2 * (first & 511) + 2 * regions; w += 2) {
      words[w] = ((lo & 0xfff & ~keep.lo) | (words[w]! & keep.lo) | frameLo(frame)) >>> 0;
      words[w + 1] = ((hi & 0xfff0_0000 & ~keep.hi) | (words[w + 1]! & keep.hi) | frameHi(frame)) >>> 0;
      frame += step;
    }
  };
  put(present - 1, count, settled, present - 2);
  put(present + count - 1, 1, last, present - 1);
  put(present + count, 1, current, present);
}
