import { frameField, LEAF } from "../../format/format.js";
import { countRun, store, storeRun } from "../../radix/entries.js";
import { indexAt, newPosition, pagesAt } from "../../radix/tree.js";
import { ERRNO, TYPE } from "../constants.js";
import { uniformFrames } from "../machine.js";
import { splitAt, syncCpus, typeOf } from "./ept-entry.js";
import { effectiveMemoryType, IPAT, NOT_UNIFORM } from "./ept-memory-type.js";
/** EMT 7: "recompute this memory type", in leaves and in table pointers alike (5.7). */
const MARK = 7 << 3;
const RECALC = 1 << 10;
const INVALID = TYPE.invalid;
const EMT_AND_IPAT = (7 << 3) | (1 << 6);
export const isMarked = (lo, _hi) => (lo & MARK) === MARK && (lo & 7) !== 0;
/** Valid and present, so that a mark may be put on it. */
const markable = (lo, hi) => (lo & 7) !== 0 && ((hi >>> 20) & 0x3f) !== INVALID;
/** Entries that are looked at together: a table is scanned several times a hypercall, and mostly nothing is to be done. */
const GROUP = 4;
/** Whether none of the GROUP entries whose words begin at `i` can be marked: all marked already, or all absent. */
function nothingToMark(words, i) {
    const a = words[i];
    const b = words[i + 2];
    const c = words[i + 4];
    const d = words[i + 6];
    return (a & b & c & d & MARK) === MARK || ((a | b | c | d) & 7) === 0;
}
/**
 * Mark every valid, present entry of a table that is not marked yet; books the 512 reads and the stores. Returns how
 * many were marked.
 */
function markTable(domain, words, level, recalc) {
    const { ledger } = domain;
    const { format } = domain.p2m;
    let leaves = 0;
    let pointers = 0;
    for (let group = 0, end = words.length; group < end; group += 2 * GROUP) {
        if (nothingToMark(words, group))
            continue;
        for (let i = group; i < group + 2 * GROUP; i += 2) {
            const lo = words[i];
            const hi = words[i + 1];
            if ((lo & MARK) === MARK || !markable(lo, hi))
                continue;
            words[i] = (lo | MARK | recalc) >>> 0;
            if (level === 1 || format.kindOf(lo, hi, level) === LEAF)
                leaves++;
            else
                pointers++;
        }
    }
    ledger.markReads += 512;
    ledger.markLeafStores += leaves;
    ledger.markPointerStores += pointers;
    return leaves + pointers;
}
/** The memory-type change of 2.4: mark the root's entries, and sync the CPUs if anything changed. */
export function markAll(domain) {
    const { p2m, ledger } = domain;
    ledger.memoryTypeMarks++;
    if (markTable(domain, p2m.memory.words(p2m.root), p2m.levels, 0) > 0)
        syncCpus(domain, 1);
}
/** Recompute the memory type of `n` like leaves in place; false when a leaf's frames have no common type. */
function recompute(domain, words, index, level, n) {
    const lo = words[2 * index];
    const hi = words[2 * index + 1];
    const found = effectiveMemoryType(domain, frameField(lo, hi), 9 * (level - 1), n, typeOf(lo, hi));
    if (found === NOT_UNIFORM)
        return false;
    const memory = ((found & 7) << 3) | (found & IPAT ? 1 << 6 : 0);
    storeRun(words, index, n, ((lo & ~EMT_AND_IPAT & ~RECALC) | memory) >>> 0, hi, pagesAt(level) * 4096);
    domain.ledger.recalcLeafStores += n;
    return true;
}
/** All valid, present entries of a last-level table, like ones at once. */
function recomputeTable(domain, words) {
    const { machine } = domain;
    for (let i = 0; i < 512;) {
        const lo = words[2 * i];
        const hi = words[2 * i + 1];
        if (!markable(lo, hi)) {
            i++;
            continue;
        }
        const limit = machine.stepwise ? 1 : Math.min(512 - i, uniformFrames(machine, frameField(lo, hi)));
        const n = countRun(words, i, limit, lo, hi, 4096);
        recompute(domain, words, i, 1, n);
        i += n;
    }
}
/**
 * Resolve the marks on the way to a gfn, top down (5.7): pass a table pointer's mark to the table below, recompute a
 * marked superpage (splitting it where its frames have no common type), and at the last level all 512 entries. Returns
 * 0, or -ENOMEM when a split finds the pool dry.
 */
export function recalculate(domain, gfn) {
    const { p2m, ledger } = domain;
    let words = p2m.memory.words(p2m.root);
    for (let level = p2m.levels;;) {
        const index = indexAt(gfn, level);
        const lo = words[2 * index];
        const hi = words[2 * index + 1];
        if ((lo & 7) === 0)
            return 0;
        const marked = (lo & MARK) === MARK;
        if (level === 1) {
            if (marked)
                recomputeTable(domain, words);
            return 0;
        }
        const leaf = p2m.format.kindOf(lo, hi, level) === LEAF;
        if (leaf) {
            if (!marked || recompute(domain, words, index, level, 1))
                return 0;
            const at = { ...newPosition(), level, words, index, lo, hi, kind: LEAF };
            if (!splitAt(domain, at, level - 1))
                return ERRNO.ENOMEM;
        }
        const pointer = words[2 * index];
        const below = p2m.memory.words(frameField(pointer, words[2 * index + 1]));
        if (!leaf && marked) {
            markTable(domain, below, level - 1, lo & RECALC);
            store(words, index, (pointer & ~MARK & ~RECALC) >>> 0, hi);
            ledger.markPointerStores++;
        }
        words = below;
        level--;
    }
}
