import type { Mfn } from "../../address.ts";
import { EMPTY, frameHi, frameLo, LEAF, TABLE } from "../../format/format.ts";
import { fillWithParts, freeTables } from "../../radix/edit.ts";
import { countRun, countSame, store, storeRun, storeSame } from "../../radix/entries.ts";
import { newPosition, type Position, pagesAt, type WritableTree, walk, widthOf } from "../../radix/tree.ts";
import type { Domain } from "../domain.ts";
import type { Rights } from "../rights.ts";
import { COMPLETE, type StoredKind, updateMarkers } from "./contiguity.ts";
import { driverOf, giveIommuTable, type IommuDriver, takeIommuTable } from "./driver.ts";
import { ADDED, ALL, flushIotlb, MODIFIED } from "./flush.ts";

/** What calls of the vendor routine did: for how many pages alike, and which flush they ask for. Reused between calls. */
export interface Outcome {
  /** Pages of the asked order done, at least 1 unless `rc` is negative. */
  count: number;
  /** Flush flags of each of them but the last. */
  flags: number;
  /** Flush flags of the last, whose store may have completed or emptied a table. */
  last: number;
  rc: number;
}

const outcome: Outcome = { count: 0, flags: 0, last: 0, rc: 0 };
const report = (count: number, flags: number, last: number, rc: number): Outcome => {
  outcome.count = count;
  outcome.flags = flags;
  outcome.last = last;
  outcome.rc = rc;
  return outcome;
};
const done = (count: number, flags: number, last = flags): Outcome => report(count, flags, last, 0);
const failed = (rc: number): Outcome => report(0, 0, 0, rc);

/** Store an entry (its marker becomes 0) and bring the markers up to date. Returns whether the table is complete. */
function put(
  domain: Domain,
  words: Uint32Array,
  index: number,
  lo: number,
  hi: number,
  level: number,
  kind: StoredKind,
): boolean {
  store(words, index, lo, hi);
  if (!domain.machine.release.iommuSuperpages) return false;
  const updated = updateMarkers(words, index, level, kind, driverOf(domain.machine).marker);
  domain.ledger.markerStores += updated & ~COMPLETE;
  return (updated & COMPLETE) !== 0;
}

/** A leaf found above the wanted level becomes a table of its 512 parts; false without memory (7.7, 7.10). */
function split(domain: Domain, at: Position): boolean {
  const { ledger, machine } = domain;
  const driver = driverOf(machine);
  const table = takeIommuTable(domain);
  if (table === null) return false;
  const words = machine.memory.words(table);
  const keepsRights = driver.kind === "vtd" || machine.release.amdSplitKeepsRights;
  const flags = driver.leaf(machine, keepsRights ? driver.rightsOf(at.lo, at.hi) : 3, 9 * (at.level - 2));
  const frame = domain.iommu!.tree.format.frameOf(at.lo, at.hi, at.level);
  const fresh = machine.release.iommuSuperpages ? words.slice() : null;
  fillWithParts(words, { lo: (flags.lo | frameLo(frame)) >>> 0, hi: (flags.hi | frameHi(frame)) >>> 0 }, at.level);
  // Markers as in a fresh table: all parts are one group.
  if (fresh) for (let i = driver.marker.word; i < 1024; i += 2) words[i] = (words[i]! | fresh[i]!) >>> 0;
  ledger.iommuSplitStores += 512;
  const to = driver.pointer(table, at.level - 1);
  put(domain, at.words, at.index, to.lo, to.hi, at.level, "table");
  ledger.iommuPointers++;
  if (!machine.release.iommuSuperpages) flushIotlb(domain, 0, 1, ALL | MODIFIED);
  return true;
}

const at = newPosition();

/**
 * Walk to the slot of `level`, making tables and splitting leaves on the way. Returns the flags that this alone asks
 * for, or a negative error.
 */
function reach(domain: Domain, tree: WritableTree, dfn: number, level: number, driver: IommuDriver): number {
  let flags = 0;
  for (;;) {
    walk(tree, dfn, level, at);
    if (at.level === level) return flags;
    if (at.kind === LEAF) {
      if (!split(domain, at)) return driver.noMemory;
      flags |= MODIFIED;
      continue;
    }
    const table = takeIommuTable(domain);
    if (table === null) return driver.noMemory;
    const to = driver.pointer(table, at.level - 1);
    put(domain, at.words, at.index, to.lo, to.hi, at.level, "table");
    domain.ledger.iommuPointers++;
  }
}

/** AMD-Vi up to 4.12 without fixed depth: put a new root on top until the dfn fits (7.10). */
function grow(domain: Domain, dfn: number): number {
  const driver = driverOf(domain.machine);
  for (;;) {
    const { tree } = domain.iommu!;
    if (dfn < widthOf(tree.format, tree.levels)) return 0;
    const root = takeIommuTable(domain);
    if (root === null) return driver.noMemory;
    const to = driver.pointer(tree.root, tree.levels);
    store(tree.memory.words(root), 0, to.lo, to.hi);
    domain.ledger.iommuPointers++;
    domain.iommu!.tree = { ...tree, root, levels: tree.levels + 1 };
    flushIotlb(domain, 0, 1, ALL | MODIFIED);
  }
}

/** Same bits but for the marker. */
const sameButMarker = (domain: Domain, lo: number, hi: number, l: number, h: number): boolean => {
  const { marker } = driverOf(domain.machine);
  const mask = ~(15 << marker.shift);
  return marker.word === 0 ? ((lo ^ l) & mask) === 0 && hi === h : lo === l && ((hi ^ h) & mask) === 0;
};

/**
 * Map up to `limit` consecutive pages of 2^order frames that lie in one table and turn out alike: one call of the
 * vendor routine each. From 4.17 on a table that becomes complete is replaced by one larger leaf, repeatedly.
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
  const grown = grow(domain, dfn);
  if (grown < 0) return failed(grown);
  const { tree } = domain.iommu!;
  const reached = reach(domain, tree, dfn, level, driver);
  if (reached < 0) return failed(reached);
  const flags = driver.leaf(machine, rights, order);
  const lo = (flags.lo | frameLo(mfn)) >>> 0;
  const hi = (flags.hi | frameHi(mfn)) >>> 0;
  const step = pagesAt(level) * 4096;
  const room = Math.min(limit, 512 - at.index);
  const { words, index } = at;

  if (at.kind === TABLE) {
    // A larger page replaces a table and all below it.
    const { lo: oldLo, hi: oldHi } = at;
    const complete = put(domain, words, index, lo, hi, level, leafKind(domain, level));
    ledger.iommuEntries++;
    freeTables(tree, oldLo, oldHi, level, (table) => giveIommuTable(domain, table));
    if (complete) coalesce(domain, dfn, level);
    return done(1, ADDED | MODIFIED | ALL);
  }
  if (at.kind === LEAF && sameButMarker(domain, at.lo, at.hi, lo, hi)) {
    const same = machine.release.iommuSuperpages || reached ? 1 : countRun(words, index, room, at.lo, at.hi, step);
    return done(same, reached | driver.unchangedFlags);
  }
  const wasPresent = at.kind === LEAF;
  const each = ADDED | (wasPresent ? MODIFIED : 0) | reached;
  if (!machine.release.iommuSuperpages) {
    const n = reached || wasPresent ? 1 : countSame(words, index, room, at.lo, at.hi);
    storeRun(words, index, n, lo, hi, step);
    ledger.iommuEntries += n;
    return done(n, each);
  }
  const kind = leafKind(domain, level);
  let nextLo = lo;
  let nextHi = hi;
  for (let n = 1; ; n++) {
    const complete = put(domain, words, index + n - 1, nextLo, nextHi, level, kind);
    ledger.iommuEntries++;
    if (complete && driver.coalesces(machine, level, tree.levels))
      return done(n, each, each | coalesce(domain, dfn, level));
    const to = index + n;
    if (n === room || reached || wasPresent) return done(n, each);
    if (tree.format.kindOf(words[2 * to]!, words[2 * to + 1]!, level) !== EMPTY) return done(n, each);
    nextLo = (nextLo + step) >>> 0;
    if (nextLo < step) nextHi = (nextHi + 1) >>> 0;
  }
}

/** VT-d spares itself the growing of groups that can never be coalesced: it updates markers as for a table (7.8). */
function leafKind(domain: Domain, level: number): StoredKind {
  const driver = driverOf(domain.machine);
  return driver.kind === "vtd" && !driver.coalesces(domain.machine, level, 4) ? "table" : "leaf";
}

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
    const flags = driver.leaf(machine, driver.rightsOf(words[0]!, words[1]!), 9 * (above - 1));
    const lo = (flags.lo | frameLo(frame)) >>> 0;
    const hi = (flags.hi | frameHi(frame)) >>> 0;
    const complete = put(domain, at.words, at.index, lo, hi, above, leafKind(domain, above));
    ledger.iommuEntries++;
    ledger.iommuMerges++;
    giveIommuTable(domain, table);
    if (!complete || !driver.coalesces(machine, above, tree.levels)) return MODIFIED | ALL;
  }
}

/**
 * Unmap up to `limit` consecutive pages of 2^order frames that lie in one table and turn out alike. From 4.17 on, a
 * table that becomes empty is freed, repeatedly, but no entry of the root is ever cleared.
 */
export function unmapRun(domain: Domain, dfn: number, order: number, limit: number): Outcome {
  const { machine, ledger } = domain;
  const driver = driverOf(machine);
  const level = order / 9 + 1;
  const looksOnly = driver.kind === "vtd" || machine.release.amdUnmapOnlyLooks;
  if (!looksOnly) {
    const grown = grow(domain, dfn);
    if (grown < 0) return failed(grown);
  }
  const { tree } = domain.iommu!;
  if (dfn >= widthOf(tree.format, tree.levels)) return done(limit, 0);
  walk(tree, dfn, level, at);
  let flags = 0;
  if (at.level > level) {
    if (at.kind !== LEAF && looksOnly) {
      const span = pagesAt(at.level);
      return done(Math.min(limit, (span - (dfn % span)) / 2 ** order), 0);
    }
    flags = reach(domain, tree, dfn, level, driver);
    if (flags < 0) return failed(flags);
  }
  const { words, index, lo, hi, kind } = at;
  const room = Math.min(limit, 512 - index);
  if (!machine.release.iommuSuperpages) {
    if (kind !== LEAF) return done(flags ? 1 : countSame(words, index, room, lo, hi), flags);
    const n = flags ? 1 : countRun(words, index, room, lo, hi, pagesAt(level) * 4096);
    storeSame(words, index, n, 0, 0);
    ledger.iommuEntries += n;
    return done(n, flags | MODIFIED);
  }
  if (kind === EMPTY) return done(1, flags);
  ledger.iommuEntries++;
  if (kind === TABLE) {
    freeTables(tree, lo, hi, level, (table) => giveIommuTable(domain, table));
    flags |= ALL;
  }
  const empty = put(domain, words, index, 0, 0, level, "empty");
  return done(1, flags | MODIFIED | (empty ? freeEmpty(domain, dfn, level) : 0));
}

/** The table of `level` around a dfn is empty: clear the entry above and free it, repeatedly. Returns flush flags. */
function freeEmpty(domain: Domain, dfn: number, level: number): number {
  const { tree } = domain.iommu!;
  let flags = 0;
  for (let above = level + 1; above < tree.levels; above++) {
    walk(tree, dfn, above, at);
    const table = tree.format.frameOf(at.lo, at.hi, above) as Mfn;
    const empty = put(domain, at.words, at.index, 0, 0, above, "empty");
    giveIommuTable(domain, table);
    flags = ALL;
    if (!empty) break;
  }
  return flags;
}
