import type { Format, Raw } from "../../format/format.ts";
import { pagesAt } from "../../radix/tree.ts";
import { type MappedRun, wordsReader } from "../mapped-run.ts";

/**
 * A leaf, or what software keeps in an entry, as a run of one entry that covers input frame `frame`. `raw` keeps bookkeeping
 * bits in the flags.
 */
export function rawRun(
  format: Format,
  frame: number,
  { lo, hi }: Raw,
  level: number,
  raw: boolean,
  maps = true,
): MappedRun {
  const span = pagesAt(level);
  const start = frame - (frame % span);
  const mask = maps ? format.addressMask(lo, hi, level) : { lo: 0, hi: 0 };
  const ignore = raw ? { lo: 0, hi: 0 } : format.bookkeepingMask(level);
  const order = maps ? format.orderOf(lo, hi, level) : 9 * (level - 1);
  const flags = { lo: (lo & ~mask.lo & ~ignore.lo) >>> 0, hi: (hi & ~mask.hi & ~ignore.hi) >>> 0 };
  const place = {
    start,
    pages: span,
    maps: maps ? format.frameOf(lo, hi, level) + (start % 2 ** order) : null,
    entries: 1,
    order,
  };
  // Who prints raw entries is Linux: the type that Xen keeps there is none of its.
  return { ...place, ...wordsReader({ format })({ ...place, ...flags, level }), type: null, flags };
}
