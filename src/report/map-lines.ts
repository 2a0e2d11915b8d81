import type { AddressMap, MapBlock } from "../plan/address-map.ts";

/*
 * Where the blocks of an address map stand in a picture: one after the other in lines, like words. Widths only hint at
 * sizes, and gaps are folded, so that 16 MiB can be seen beside 32 GiB.
 */

/** A block with its place. */
export interface PlacedBlock {
  readonly block: MapBlock;
  readonly x: number;
  readonly width: number;
}

/** Nothing for so many pages. */
export interface Fold {
  readonly x: number;
  readonly width: number;
  readonly pages: number;
}

export interface MapLine {
  readonly blocks: readonly PlacedBlock[];
  readonly folds: readonly Fold[];
}

export const FOLD_WIDTH = 80;
/** Room for an address below and a BAR's name above. */
const LEAST_WIDTH = 118;
const MOST_WIDTH = 440;
/** The last of several lines keeps near the measure of those before it. */
const MOST_WIDTH_LAST = 200;

const gapBefore = (blocks: readonly MapBlock[], i: number): number => {
  const before = i === 0 ? 0 : blocks[i - 1]!.start + blocks[i - 1]!.pages;
  return Math.max(0, blocks[i]!.start - before);
};

/** How much of what is left over a block gets: less than its size says, so that small ones get some. */
const weight = ({ pages }: MapBlock): number => pages ** 0.3;

/** Break blocks into lines that begin at `left` and end before `right`. */
export function mapLines({ blocks }: Pick<AddressMap, "blocks">, left: number, right: number): MapLine[] {
  const lines: MapLine[] = [];
  let from = 0;
  let used = 0;
  for (let i = 0; i <= blocks.length; i++) {
    const wants =
      i < blocks.length ? LEAST_WIDTH + (gapBefore(blocks, i) > 0 ? FOLD_WIDTH : 0) : Number.POSITIVE_INFINITY;
    if (i > from && used + wants > right - left) {
      const most = i === blocks.length && lines.length > 0 ? MOST_WIDTH_LAST : MOST_WIDTH;
      lines.push(place(blocks, from, i, left, right - left - used, most));
      [from, used] = [i, 0];
    }
    used += wants;
  }
  return lines;
}

/** Place blocks [from, to) in one line, with so much width to give away, to none more than `most`. */
function place(
  blocks: readonly MapBlock[],
  from: number,
  to: number,
  left: number,
  spare: number,
  most: number,
): MapLine {
  const line = blocks.slice(from, to);
  const all = line.map(weight).reduce((a, b) => a + b, 0);
  const placed: PlacedBlock[] = [];
  const folds: Fold[] = [];
  let x = left;
  for (const [i, block] of line.entries()) {
    const pages = gapBefore(blocks, from + i);
    if (pages > 0) {
      folds.push({ x, width: FOLD_WIDTH, pages });
      x += FOLD_WIDTH;
    }
    const width = Math.min(most, LEAST_WIDTH + (spare * weight(block)) / all);
    placed.push({ block, x, width });
    x += width;
  }
  return { blocks: placed, folds };
}

/** A stretch of a picture that can still be seen. */
const LEAST_STRETCH = 7;

/**
 * Places of the frames of a block: in proportion, except that what lies between two of the `edges` (frames where
 * something begins or ends) keeps a width that can be seen.
 */
export function scaleOf({ block, x, width }: PlacedBlock, edges: readonly number[]): (frame: number) => number {
  const { start, pages } = block;
  const inside = edges.filter((edge) => edge > start && edge < start + pages);
  const cuts = [...new Set([start, ...inside, start + pages])].sort((a, b) => a - b);
  const parts = cuts.length - 1;
  const least = Math.min(LEAST_STRETCH, width / (2 * parts));
  const spare = width - parts * least;
  const at = cuts.map((cut, i) => x + i * least + (spare * (cut - start)) / pages);
  return (frame) => {
    const i = Math.min(
      parts - 1,
      Math.max(
        0,
        cuts.findLastIndex((cut) => cut <= frame),
      ),
    );
    const part = (frame - cuts[i]!) / (cuts[i + 1]! - cuts[i]!);
    return at[i]! + part * (at[i + 1]! - at[i]!);
  };
}
