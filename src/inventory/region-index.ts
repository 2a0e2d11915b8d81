import type { Region } from "./lspci-region.ts";
import type { Bar } from "./types.ts";

export interface Numbered<T> {
  readonly bars: readonly (T & { readonly index: number })[];
  /** Regions that got no number, because their place is taken or beyond the last. */
  readonly left: readonly T[];
  /** Numbers were given by order, and other numbers were possible. */
  readonly assumed: boolean;
}

/**
 * Numbers the regions of `lspci -v`, which prints none (host-inputs.md 1.1): like the hex dump's BARs when there are as
 * many of the same kinds, else one after the other, a 64-bit region taking two. Printed numbers stand; of two regions
 * with one number, the first stands. `limit` is 6, or 2 for a bridge.
 */
export function numberRegions<T extends { readonly region: Region }>(
  regions: readonly T[],
  hexBars: readonly Bar[],
  limit: number,
): Numbered<T> {
  const unnumbered = regions.filter(({ region }) => region.index === null);
  const registers = hexBars.filter(({ kind }) => kind !== "rom");
  const alike =
    registers.length === unnumbered.length &&
    registers.every((bar, i) => {
      const other = unnumbered[i]?.region.bar;
      return other?.kind === bar.kind && other.width === bar.width;
    });
  const bars: (T & { index: number })[] = [];
  const left: T[] = [];
  const taken = new Set<number>();
  let next = 0;
  let seen = 0;
  for (const entry of regions) {
    const { index: printed, bar } = entry.region;
    const index = printed ?? (alike ? (registers[seen++]?.index ?? next) : next);
    const last = index + (bar.width === 64 ? 1 : 0);
    if (taken.has(index) || (printed === null && last >= limit)) {
      left.push(entry);
      continue;
    }
    taken.add(index);
    if (printed === null) next = last + 1;
    bars.push({ ...entry, index });
  }
  return { bars, left, assumed: unnumbered.length > 0 && !alike && next !== limit };
}
