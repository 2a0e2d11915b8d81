import type { Raw } from "../../format/format.ts";
import type { Access, P2mType } from "../constants.ts";
import type { Domain } from "../domain.ts";

/** "No machine frame": what removing installs. */
export const NONE = -1;

/** What EPT and NPT (and shadow's P2M, which has NPT's format) do differently. */
export interface P2mBackend {
  /** P2M type in an entry's software bits; meaningful for leaves and entries that software keeps. */
  typeOf(lo: number, hi: number): P2mType;
  /** Access right of an entry; NPT stores none and reports rwx. */
  accessOf(domain: Domain, lo: number, hi: number): Access;
  /** Pointer to a lower table of level `level`. */
  pointer(domain: Domain, table: number, level: number): Raw;
  /** Whether an entry on the way to a gfn awaits recalculation, so that blocks must be taken one at a time. */
  isMarkedOnWay(domain: Domain, gfn: number): boolean;
  /**
   * Write `n` consecutive blocks of 2^order frames that lie in one table and are alike (`alikeBlocks`). `mfn` NONE
   * with type "invalid" removes. Returns 0 or a negative error of the first block.
   */
  write(domain: Domain, gfn: number, mfn: number, order: number, n: number, type: P2mType, access: Access): number;
}
