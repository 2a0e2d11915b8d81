import { hex, hex64 } from "../address.ts";
import type { MappedRun } from "./mapped-run.ts";

/** A run in a document, as far as its source tells. Addresses are bytes; null is "not told", but `maps` where `present` is false. */
export interface ToldRun {
  readonly present: boolean;
  readonly maps: string | null;
  readonly order: number | null;
  readonly entries: number;
  readonly access: string | null;
  readonly memoryType: string | null;
  readonly type: string | null;
  readonly flags: string | null;
}

/** A run as documents show it. */
export const toldRun = ({ present, maps, order, entries, access, memoryType, type, flags }: MappedRun): ToldRun => ({
  present,
  maps: maps === null ? null : hex(maps * 4096),
  order,
  entries,
  access,
  memoryType,
  type,
  flags: flags === null ? null : hex64(flags.lo, flags.hi),
});
