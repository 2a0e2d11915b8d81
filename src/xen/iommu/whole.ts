import type { Mfn } from "../../address.ts";
import { EMPTY, frameField, TABLE } from "../../format/format.ts";
import { patternsOf } from "../../radix/pattern.ts";
import { newPosition, walk } from "../../radix/tree.ts";
import type { Domain } from "../domain.ts";
import { driverOf, takeIommuTable } from "./driver.ts";
import { isBeyond, put } from "./slots.ts";

/*
 * Up to 4.16 a 2 MiB request fills or empties a whole table of 4 KiB entries. Where nothing else is in that table, it is
 * described instead of written; what is booked is the same.
 */

const PAGES = 512;
const at = newPosition();

/** The slot above the table of 4 KiB entries for `dfn`, where a request of `limit` pages covers the whole table. */
function slotAbove(domain: Domain, dfn: number, limit: number): boolean {
  const { release, stepwise } = domain.machine;
  if (release.iommuSuperpages || stepwise || limit < PAGES || dfn % PAGES !== 0) return false;
  const { tree } = domain.iommu!;
  if (isBeyond(tree, dfn)) return false;
  walk(tree, dfn, 2, at);
  return at.level === 2;
}

/** Fill a whole table that holds nothing with leaves from (lo, hi) on. False where that cannot be told so. */
export function fillWhole(domain: Domain, dfn: number, limit: number, lo: number, hi: number): boolean {
  if (!slotAbove(domain, dfn, limit)) return false;
  const { tree } = domain.iommu!;
  const patterns = patternsOf(tree);
  const full = patterns.uniform(1, lo, hi);
  if (at.kind === TABLE) {
    const table = frameField(at.lo, at.hi) as Mfn;
    const standing = patterns.standing(table);
    if (!standing?.pattern.leafless || standing.pattern.step === null) return false;
    patterns.restate(table, full);
  } else {
    if (at.kind !== EMPTY) return false;
    const table = takeIommuTable(domain, () => patterns.make(full));
    if (table === null) return false;
    const to = driverOf(domain.machine).pointer(table, 1);
    put(domain, at.words, at.index, to.lo, to.hi, 2, "table");
    domain.ledger.iommuPointers++;
  }
  domain.ledger.iommuEntries += PAGES;
  return true;
}

/** Empty a whole table that is known to hold one run of leaves. False where that cannot be told so. */
export function clearWhole(domain: Domain, dfn: number, limit: number): boolean {
  if (!slotAbove(domain, dfn, limit) || at.kind !== TABLE) return false;
  const patterns = patternsOf(domain.iommu!.tree);
  const table = frameField(at.lo, at.hi) as Mfn;
  const standing = patterns.standing(table);
  if (!standing || standing.pattern.leafless || standing.pattern.step === null) return false;
  patterns.restate(table, patterns.uniform(1, 0, 0));
  domain.ledger.iommuEntries += PAGES;
  return true;
}
