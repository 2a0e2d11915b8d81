import type { Region } from "./lspci-region.ts";
import type { Bar } from "./types.ts";

export interface Numbers {
  /** One for each region; null where it got none, because its place is taken or beyond the last. */
  readonly indexes: readonly (number | null)[];
  /** Numbers were given by order, and other numbers were possible. */
  readonly assumed: boolean;
}

/**
 * Numbers the regions of `lspci -v`, which prints none (host-inputs.md 1.1): like the hex dump's BARs when there are as
 * many of the same kinds, else one after the other, a 64-bit region taking two. Printed numbers stand; of two regions
 * with one number, the first stands. `limit` is 6, or 2 for a bridge.
 */
export function numberRegions(regions: readonly Region[], hexBars: readonly Bar[], limit: number): Numbers {
  const unnumbered = regions.filter(({ index }) => index === null);
  const registers = hexBars.filter(({ kind }) => kind !== "rom");
  const alike =
    registers.length === unnumbered.length &&
    registers.every(({ kind, width }, i) => kind === unnumbered[i]?.kind && width === unnumbered[i]?.width);
  const indexes: (number | null)[] = [];
  const taken = new Set<number>();
  let next = 0;
  let seen = 0;
  for (let i = 0; i < regions.length; i++) {
    const { index: printed, width } = regions[i]!;
    const index = printed ?? (alike ? (registers[seen++]?.index ?? next) : next);
    const last = index + (width === 64 ? 1 : 0);
    if (taken.has(index) || (printed === null && last >= limit)) {
      indexes.push(null);
      continue;
    }
    taken.add(index);
    if (printed === null) next = last + 1;
    indexes.push(index);
  }
  return { indexes, assumed: unnumbered.length > 0 && !alike && next !== limit };
}
