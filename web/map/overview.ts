import type { Space } from "../protocol.ts";
import type { View } from "./scale.ts";

/** A stretch of the overview: shown as wide as its size's logarithm, so that 16 MiB can be seen beside 512 GiB. */
export interface Part {
  readonly start: number;
  readonly pages: number;
  /** Position and width, 0 to 1. */
  readonly at: number;
  readonly width: number;
  readonly kind: "ram" | "mapped" | "gap";
}

/** Parts that are told apart; the largest gaps divide what there is more of. */
const MOST_PARTS = 64;
const GAP_WEIGHT = 2;

/** Everything that a space holds from left to right, gaps cut short. */
export function overviewOf(space: Space): readonly Part[] {
  const stretches = merged(stretchesOf(space));
  if (stretches.length === 0) return [];
  const parts: { start: number; pages: number; weight: number; kind: Part["kind"] }[] = [];
  let end = 0;
  for (const { start, pages, kind } of stretches) {
    if (start > end) parts.push({ start: end, pages: start - end, weight: GAP_WEIGHT, kind: "gap" });
    parts.push({ start, pages, weight: 3 + Math.log2(pages), kind });
    end = start + pages;
  }
  const whole = parts.reduce((sum, { weight }) => sum + weight, 0);
  let at = 0;
  return parts.map(({ weight, ...part }) => {
    const width = weight / whole;
    at += width;
    return { ...part, at: at - width, width };
  });
}

interface Stretch {
  readonly start: number;
  readonly pages: number;
  readonly kind: "ram" | "mapped";
}

function stretchesOf({ regions, p2m, iommu }: Space): Stretch[] {
  const named = regions.flatMap(({ kind, start, pages }): Stretch[] =>
    kind === "ram"
      ? [{ start, pages, kind }]
      : kind === "bar" || kind === "iomem"
        ? [{ start, pages, kind: "mapped" }]
        : [],
  );
  if (named.length > 0) return named;
  const { runs } = p2m ?? iommu ?? {};
  if (!runs) return [];
  return Array.from({ length: Math.min(runs.count, 4096) }, (_, i) => ({
    start: runs.start[i]!,
    pages: runs.pages[i]!,
    kind: "mapped" as const,
  }));
}

/** Neighbours of a kind as one, until few enough are left: those with the smallest gaps first. */
function merged(list: readonly Stretch[]): readonly Stretch[] {
  let parts = [...list].sort((a, b) => a.start - b.start);
  for (let gap = 0; ; gap = gap === 0 ? 512 : gap * 8) {
    const joined: Stretch[] = [];
    for (const part of parts) {
      const last = joined.at(-1);
      const between = last ? part.start - (last.start + last.pages) : 0;
      if (last && between <= gap && (last.kind === part.kind || gap > 0)) {
        const end = Math.max(last.start + last.pages, part.start + part.pages);
        joined[joined.length - 1] = { ...last, pages: end - last.start };
      } else joined.push(part);
    }
    parts = joined;
    if (parts.length <= MOST_PARTS || gap > 2 ** 40) return parts;
  }
}

/** Where a frame lies in the overview, 0 to 1. */
export function placeIn(parts: readonly Part[], frame: number): number {
  const part = parts.findLast(({ start }) => start <= frame);
  if (!part) return 0;
  return part.at + part.width * Math.min(1, (frame - part.start) / part.pages);
}

/** The frame at a place of the overview. */
export function frameAtPlace(parts: readonly Part[], place: number): number {
  const part = parts.findLast(({ at }) => at <= place) ?? parts[0];
  return part ? part.start + ((place - part.at) / part.width) * part.pages : 0;
}

/** The part of the overview that a view shows, 0 to 1. */
export function windowIn(
  parts: readonly Part[],
  { from, pages }: View,
): { readonly at: number; readonly width: number } {
  const at = placeIn(parts, from);
  return { at, width: Math.max(0, placeIn(parts, from + pages) - at) };
}
