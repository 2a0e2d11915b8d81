import type { Mfn } from "../../address.ts";
import { frameField, LEAF, TABLE } from "../../format/format.ts";
import { WORDS } from "../../memory/memory.ts";
import { countRun, store, storeRun } from "../../radix/entries.ts";
import { indexAt, pagesAt } from "../../radix/tree.ts";
import { ERRNO, TYPE } from "../constants.ts";
import type { Domain } from "../domain.ts";
import { uniformFrames } from "../machine.ts";
import { splitAt, syncCpus, typeOf } from "./ept-entry.ts";
import { effectiveMemoryType, IPAT, NOT_UNIFORM } from "./ept-memory-type.ts";

/** EMT 7: "recompute this memory type", in leaves and in table pointers alike (5.7). */
const MARK = 7 << 3;
const RECALC = 1 << 10;
const INVALID = TYPE.invalid;
const EMT_AND_IPAT = (7 << 3) | (1 << 6);

const isMarked = (lo: number): boolean => (lo & MARK) === MARK && (lo & 7) !== 0;

/** Valid and present, so that a mark may be put on it. */
const markable = (lo: number, hi: number): boolean => (lo & 7) !== 0 && ((hi >>> 20) & 0x3f) !== INVALID;

/** Entries that are looked at together: a table is scanned several times a hypercall, and mostly nothing is to be done. */
const GROUP = 4;

/** Whether none of the GROUP entries whose words begin at `i` can be marked: all marked already, or all absent. */
function nothingToMark(arena: Uint32Array, i: number): boolean {
  const a = arena[i]!;
  const b = arena[i + 2]!;
  const c = arena[i + 4]!;
  const d = arena[i + 6]!;
  return (a & b & c & d & MARK) === MARK || ((a | b | c | d) & 7) === 0;
}

/**
 * Mark every valid, present entry that is not marked yet of the table that begins at a place; books the 512 reads and the
 * stores. Returns how many were marked.
 */
function markTable(domain: Domain, first: number, level: number, recalc: number): number {
  const { ledger } = domain;
  const { format, memory } = domain.p2m;
  const { arena } = memory;
  let leaves = 0;
  let pointers = 0;
  for (let group = 2 * first, end = group + WORDS; group < end; group += 2 * GROUP) {
    if (nothingToMark(arena, group)) continue;
    for (let i = group; i < group + 2 * GROUP; i += 2) {
      const lo = arena[i]!;
      const hi = arena[i + 1]!;
      if ((lo & MARK) === MARK || !markable(lo, hi)) continue;
      arena[i] = (lo | MARK | recalc) >>> 0;
      if (level === 1 || format.kindOf(lo, hi, level) === LEAF) leaves++;
      else pointers++;
    }
  }
  ledger.markReads += 512;
  ledger.markLeafStores += leaves;
  ledger.markPointerStores += pointers;
  return leaves + pointers;
}

/** The memory-type change of 2.4: mark the root's entries, and sync the CPUs if anything changed. */
export function markAll(domain: Domain): void {
  const { p2m, ledger } = domain;
  ledger.memoryTypeMarks++;
  if (markTable(domain, p2m.memory.locate(p2m.root), p2m.levels, 0) > 0) syncCpus(domain, 1);
}

/** Recompute the memory type of `n` like leaves in place; false when a leaf's frames have no common type. */
function recompute(domain: Domain, index: number, level: number, n: number): boolean {
  const { arena } = domain.p2m.memory;
  const lo = arena[2 * index]!;
  const hi = arena[2 * index + 1]!;
  const found = effectiveMemoryType(domain, frameField(lo, hi), 9 * (level - 1), n, typeOf(lo, hi));
  if (found === NOT_UNIFORM) return false;
  const memory = ((found & 7) << 3) | (found & IPAT ? 1 << 6 : 0);
  storeRun(arena, index, n, ((lo & ~EMT_AND_IPAT & ~RECALC) | memory) >>> 0, hi, pagesAt(level) * 4096);
  domain.ledger.recalcLeafStores += n;
  return true;
}

/** All valid, present entries of the last-level table that begins at a place, like ones at once. */
function recomputeTable(domain: Domain, first: number): void {
  const { machine } = domain;
  const { arena } = domain.p2m.memory;
  for (let i = first, end = first + 512; i < end; ) {
    const lo = arena[2 * i]!;
    const hi = arena[2 * i + 1]!;
    if (!markable(lo, hi)) {
      i++;
      continue;
    }
    const limit = machine.stepwise ? 1 : Math.min(end - i, uniformFrames(machine, frameField(lo, hi)));
    const n = countRun(arena, i, limit, lo, hi, 4096);
    recompute(domain, i, 1, n);
    i += n;
  }
}

/**
 * Resolve the marks on the way to a gfn, top down (5.7): pass a table pointer's mark to the table below, recompute a
 * marked superpage (splitting it where its frames have no common type), and at the last level all 512 entries. Returns
 * 0, or -ENOMEM when a split finds the pool dry.
 */
export function recalculate(domain: Domain, gfn: number): number {
  const { p2m, ledger } = domain;
  const { memory } = p2m;
  let first = memory.locate(p2m.root);
  for (let level = p2m.levels; ; ) {
    const index = first + indexAt(gfn, level);
    const lo = memory.arena[2 * index]!;
    const hi = memory.arena[2 * index + 1]!;
    if ((lo & 7) === 0) return 0;
    const marked = (lo & MARK) === MARK;
    if (level === 1) {
      if (marked) recomputeTable(domain, first);
      return 0;
    }
    const leaf = p2m.format.kindOf(lo, hi, level) === LEAF;
    if (leaf) {
      if (!marked || recompute(domain, index, level, 1)) return 0;
      if (!splitAt(domain, { level, index, lo, hi, kind: LEAF }, level - 1)) return ERRNO.ENOMEM;
    }
    const pointer = memory.arena[2 * index]!;
    const below = memory.locate(frameField(pointer, memory.arena[2 * index + 1]!) as Mfn);
    if (!leaf && marked) {
      markTable(domain, below, level - 1, lo & RECALC);
      store(memory.arena, index, (pointer & ~MARK & ~RECALC) >>> 0, hi);
      ledger.markPointerStores++;
    }
    first = below;
    level--;
  }
}

/** Whether an entry on the way to a gfn, the last one included, awaits recalculation. */
export function isMarkedOnWay({ p2m }: Domain, gfn: number): boolean {
  const { format, memory } = p2m;
  let first = memory.locate(p2m.root);
  for (let level = p2m.levels; ; level--) {
    const index = first + indexAt(gfn, level);
    const lo = memory.arena[2 * index]!;
    const hi = memory.arena[2 * index + 1]!;
    if (isMarked(lo)) return true;
    if (level === 1 || format.kindOf(lo, hi, level) !== TABLE) return false;
    first = memory.locate(frameField(lo, hi) as Mfn);
  }
}
