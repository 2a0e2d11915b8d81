import { type Mfn, offsetIn, pagesOf } from "../../address.ts";
import { EMPTY, LEAF, TABLE } from "../../format/format.ts";
import { freeTables } from "../../radix/edit.ts";
import { countRun, countSame, storeSame } from "../../radix/entries.ts";
import { newPosition, pagesAt, slotOfIndex, walk } from "../../radix/tree.ts";
import type { Domain } from "../domain.ts";
import { driverOf, giveIommuTable } from "./driver.ts";
import { ALL, MODIFIED } from "./flush.ts";
import { done, failed, type Outcome } from "./outcome.ts";
import { deepen, isBeyond, put, reach } from "./slots.ts";

const at = newPosition();

/**
 * Unmap up to `limit` consecutive pages of 2^order frames that lie in one table and turn out alike (xen-mapping.md 7.7,
 * 7.10). From 4.17 on, a table that becomes empty is freed, repeatedly, but no entry of the root is ever cleared.
 */
export function unmapRun(domain: Domain, dfn: number, order: number, limit: number): Outcome {
  const { machine, ledger } = domain;
  const { release } = machine;
  const level = order / 9 + 1;
  // Early AMD-Vi routines grow the tree and make tables just to look for the entry (10.4).
  const looksOnly = driverOf(machine).kind === "vtd" || release.amdUnmapOnlyLooks;
  const deep = looksOnly ? 0 : deepen(domain, dfn);
  if (deep < 0) return failed(deep);
  const { tree } = domain.iommu!;
  if (isBeyond(tree, dfn)) return done(limit, 0);
  walk(tree, dfn, level, at);
  let flags = 0;
  if (at.level > level) {
    if (at.kind !== LEAF && looksOnly) {
      const span = pagesAt(at.level);
      return done(Math.min(limit, (span - offsetIn(dfn, 9 * (at.level - 1))) / pagesOf(order)), 0);
    }
    flags = reach(domain, dfn, level, at);
    if (flags < 0) return failed(flags);
  }
  const { index, lo, hi, kind } = at;
  const { arena } = tree.memory;
  const room = Math.min(limit, 512 - slotOfIndex(index));
  if (release.iommuSuperpages) return clear(domain, dfn, level, room, flags);
  if (kind !== LEAF) return done(countSame(arena, index, room, lo, hi), 0);
  const n = countRun(arena, index, room, lo, hi, pagesAt(level) * 4096);
  storeSame(arena, index, n, 0, 0);
  ledger.iommuEntries += n;
  return done(n, MODIFIED);
}

/** Clear what is at `at` and, as long as they are leaves, up to `room` entries; stop when the table has become empty. */
function clear(domain: Domain, dfn: number, level: number, room: number, flags: number): Outcome {
  const { index, lo, hi, kind } = at;
  const { tree } = domain.iommu!;
  const { ledger, machine } = domain;
  if (kind === EMPTY) {
    // AMD-Vi stores the empty entry again, which leaves its markers as they were (7.10).
    if (driverOf(machine).kind === "amdvi") put(domain, index, 0, 0, level, "empty");
    return done(1, flags);
  }
  if (kind === TABLE) {
    freeTables(tree, lo, hi, level, (table) => giveIommuTable(domain, table));
    flags |= ALL;
  }
  const { arena } = tree.memory;
  for (let n = 1; ; n++) {
    const empty = put(domain, index + n - 1, 0, 0, level, "empty");
    ledger.iommuEntries++;
    if (empty) return done(n, MODIFIED, MODIFIED | flags | freeEmpty(domain, dfn, level));
    if (n === room || flags !== 0) return done(n, MODIFIED | flags);
    const next = 2 * (index + n);
    if (tree.format.kindOf(arena[next]!, arena[next + 1]!, level) !== LEAF) return done(n, MODIFIED);
  }
}

/** The table of `level` around a dfn is empty: clear the entry above and free it, repeatedly. Returns flush flags. */
function freeEmpty(domain: Domain, dfn: number, level: number): number {
  const { tree } = domain.iommu!;
  let flags = 0;
  for (let above = level + 1; above < tree.levels; above++) {
    walk(tree, dfn, above, at);
    const table = tree.format.frameOf(at.lo, at.hi, above) as Mfn;
    const empty = put(domain, at.index, 0, 0, above, "empty");
    giveIommuTable(domain, table);
    flags = ALL;
    if (!empty) break;
  }
  return flags;
}
