import type { Mfn } from "../../address.ts";
import { EMPTY, frameHi, frameLo, LEAF, type Raw, TABLE } from "../../format/format.ts";
import { freeTables } from "../../radix/edit.ts";
import { countRun, countSame, storeRun } from "../../radix/entries.ts";
import { newPosition, pagesAt, slotOfIndex, walk } from "../../radix/tree.ts";
import type { Domain } from "../domain.ts";
import type { Rights } from "../rights.ts";
import type { StoredKind } from "./contiguity.ts";
import { driverOf, giveIommuTable } from "./driver.ts";
import { ADDED, ALL, MODIFIED } from "./flush.ts";
import { done, failed, type Outcome } from "./outcome.ts";
import { deepen, put, reach } from "./slots.ts";

const at = newPosition();

/**
 * Map up to `limit` consecutive pages of 2^order frames that lie in one table and turn out alike: one call of the
 * vendor routine each (xen-mapping.md 7.7, 7.10). From 4.17 on a table that becomes complete is replaced by one larger
 * leaf, repeatedly.
 */
export function mapRun(
  domain: Domain,
  dfn: number,
  mfn: number,
  order: number,
  limit: number,
  rights: Rights,
): Outcome {
  const { machine, ledger } = domain;
  const driver = driverOf(machine);
  const level = order / 9 + 1;
  const deep = deepen(domain, dfn);
  if (deep < 0) return failed(deep);
  const leaf = driver.leaf(machine, rights, order);
  const lo = (leaf.lo | frameLo(mfn)) >>> 0;
  const hi = (leaf.hi | frameHi(mfn)) >>> 0;
  const reached = reach(domain, dfn, level, at);
  if (reached < 0) return failed(reached);
  const step = pagesAt(level) * 4096;
  const room = Math.min(limit, 512 - slotOfIndex(at.index));

  if (machine.release.iommuSuperpages) {
    const isThere = at.kind === LEAF && sameButMarker(domain, at.lo, at.hi, lo, hi);
    if (isThere) return done(1, reached | driver.unchangedFlags);
    return at.kind === EMPTY && reached === 0
      ? fillEmpty(domain, dfn, level, room, { lo, hi }, step)
      : overwrite(domain, dfn, level, { lo, hi });
  }
  const { arena } = machine.memory;
  const { index } = at;
  if (at.kind !== LEAF) {
    const n = countSame(arena, index, room, at.lo, at.hi);
    storeRun(arena, index, n, lo, hi, step);
    ledger.iommuEntries += n;
    return done(n, ADDED);
  }
  if (at.lo === lo && at.hi === hi) return done(countRun(arena, index, room, lo, hi, step), driver.unchangedFlags);
  storeRun(arena, index, 1, lo, hi, step);
  ledger.iommuEntries++;
  return done(1, ADDED | MODIFIED);
}

/** Store leaves over empty slots from `at` on, until something else comes or the table becomes one larger leaf. */
function fillEmpty(domain: Domain, dfn: number, level: number, room: number, first: Raw, step: number): Outcome {
  const { index } = at;
  const { tree } = domain.iommu!;
  const { arena } = tree.memory;
  const kind = leafKind(domain, level);
  let { lo, hi } = first;
  for (let n = 1; ; n++) {
    const complete = put(domain, index + n - 1, lo, hi, level, kind);
    domain.ledger.iommuEntries++;
    if (complete && coalesces(domain, level)) return done(n, ADDED, ADDED | coalesce(domain, dfn, level));
    if (n === room) return done(n, ADDED);
    const next = 2 * (index + n);
    if (tree.format.kindOf(arena[next]!, arena[next + 1]!, level) !== EMPTY) return done(n, ADDED);
    lo = (lo + step) >>> 0;
    if (lo < step) hi = (hi + 1) >>> 0;
  }
}

/** Store one leaf over a leaf that differs, or over a table, which goes with all that is below it. */
function overwrite(domain: Domain, dfn: number, level: number, { lo, hi }: Raw): Outcome {
  const { kind, lo: oldLo, hi: oldHi } = at;
  const complete = put(domain, at.index, lo, hi, level, leafKind(domain, level));
  domain.ledger.iommuEntries++;
  let flags = ADDED | MODIFIED;
  if (kind === TABLE) {
    freeTables(domain.iommu!.tree, oldLo, oldHi, level, (table) => giveIommuTable(domain, table));
    flags |= ALL;
  }
  if (complete && coalesces(domain, level)) flags |= coalesce(domain, dfn, level);
  return done(1, flags);
}

/** Same bits but for the marker. */
function sameButMarker(domain: Domain, lo: number, hi: number, l: number, h: number): boolean {
  const { marker } = driverOf(domain.machine);
  const mask = ~(15 << marker.shift);
  return marker.word === 0 ? ((lo ^ l) & mask) === 0 && hi === h : lo === l && ((hi ^ h) & mask) === 0;
}

const coalesces = (domain: Domain, level: number): boolean =>
  driverOf(domain.machine).coalesces(domain.machine, level, domain.iommu!.tree.levels);

/** VT-d spares itself the growing of groups that can never be coalesced: it updates markers as for a table (7.8). */
const leafKind = (domain: Domain, level: number): StoredKind =>
  driverOf(domain.machine).kind === "vtd" && !coalesces(domain, level) ? "table" : "leaf";

/**
 * The table of `level` around a dfn is one group: write the larger leaf above it, free the table, and go on upwards
 * while the next table completes too. Returns the flush flags.
 */
function coalesce(domain: Domain, dfn: number, level: number): number {
  const { ledger, machine } = domain;
  const { tree } = domain.iommu!;
  const driver = driverOf(machine);
  for (let above = level + 1; ; above++) {
    walk(tree, dfn, above, at);
    const table = tree.format.frameOf(at.lo, at.hi, above) as Mfn;
    const words = machine.memory.words(table);
    const frame = tree.format.frameOf(words[0]!, words[1]!, above - 1);
    const leaf = driver.leaf(machine, driver.rightsOf(words[0]!, words[1]!), 9 * (above - 1));
    const lo = (leaf.lo | frameLo(frame)) >>> 0;
    const hi = (leaf.hi | frameHi(frame)) >>> 0;
    const complete = put(domain, at.index, lo, hi, above, leafKind(domain, above));
    ledger.iommuEntries++;
    ledger.iommuMerges++;
    giveIommuTable(domain, table);
    if (!complete || !coalesces(domain, above)) return MODIFIED | ALL;
  }
}
