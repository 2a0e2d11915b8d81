import { EMPTY, frameField, frameHi, frameLo, LEAF, TABLE } from "../format/format.js";
import { store } from "../radix/entries.js";
import { isShifted, patternsOf } from "../radix/pattern.js";
import { newPosition, walk } from "../radix/tree.js";
import { logHasRoom } from "./domain.js";
import { driverOf } from "./iommu/driver.js";
import { mergeUpwards } from "./iommu/merging.js";
import { put } from "./iommu/slots.js";
import { LEDGER_KINDS } from "./ledger.js";
import { uniformFrames } from "./machine.js";
/*
 * A long request does the same thing again and again: one region of 2 MiB, 1 GiB or 512 GiB after the other. When two
 * regions in a row have cost exactly the same, and everything ahead is as it was before them, the next ones need not be
 * carried out: their cost is added and their tables are described. The rules themselves are never asked in another way;
 * what is skipped is what they would only repeat.
 */
/** Levels of the tables that are repeated: PT (2 MiB), PD (1 GiB), PDPT (512 GiB). */
const LEVELS = [3, 2, 1];
const NOTHING = { pages: 0, calls: 0 };
const KINDS = Object.keys(LEDGER_KINDS).filter((kind) => kind !== "markerStores");
/**
 * Watch a request. The returned function is asked at each hypercall boundary, with the pages and calls done so far, and
 * answers how many it has accounted for without carrying them out.
 */
export function watch(request) {
    const { domain } = request;
    if (domain.machine.stepwise || Number.isFinite(domain.machine.iommuPages))
        return () => NOTHING;
    const sizes = LEVELS.map((level) => ({ level, checkpoints: [], stores: [] }));
    domain.upperStores = [];
    return (done, calls) => {
        const stores = domain.upperStores ?? [];
        for (const seen of sizes)
            seen.stores.push(...stores.filter(({ level }) => level > seen.level));
        domain.upperStores = [];
        for (const seen of sizes) {
            const region = Math.floor((request.gfn + done) / 2 ** (9 * seen.level));
            if (seen.checkpoints.at(-1)?.region === region)
                continue;
            seen.checkpoints = [...seen.checkpoints.slice(-2), takeCheckpoint(request, seen, region, done, calls)];
            seen.stores = [];
            const skip = skipAhead(request, seen);
            if (skip === NOTHING)
                continue;
            for (const other of sizes)
                if (other.level <= seen.level)
                    other.checkpoints = [];
            domain.upperStores = [];
            return skip;
        }
        return NOTHING;
    };
}
/** Stop recording what a watched request stores above the leaf tables. */
export const unwatch = ({ domain }) => {
    domain.upperStores = null;
};
function takeCheckpoint(request, seen, region, done, calls) {
    const { domain } = request;
    return {
        region,
        offset: (request.gfn + done) % 2 ** (9 * seen.level),
        done,
        calls,
        ledger: { ...domain.ledger },
        markers: [...domain.markerStores],
        pool: domain.pool.used,
        iommuRoot: domain.iommu?.tree.root ?? null,
        stores: seen.stores,
        aheadAlike: trees(domain).every((tree) => alike(tree, seen.level, region + 1, region + 2)),
    };
}
const trees = (domain) => domain.iommu ? [domain.p2m, domain.iommu.tree] : [domain.p2m];
const scratch = newPosition();
/** The slot of a region in the table above it; null where there is no such table yet. */
function slotOf(tree, level, region) {
    if (level + 1 > tree.levels)
        return null;
    walk(tree, region * 2 ** (9 * level), level + 1, scratch);
    return scratch.level === level + 1 ? scratch : null;
}
/** Whether two neighbouring regions hold the same, one region further on. Markers do not count. */
function alike(tree, level, a, b) {
    if (Math.floor(a / 512) !== Math.floor(b / 512))
        return false;
    const at = slotOf(tree, level, a);
    // No table yet: nothing in either, unless a larger leaf covers both.
    if (!at)
        return level + 1 <= tree.levels ? scratch.kind === EMPTY : true;
    const i = 2 * (a % 512);
    const j = 2 * (b % 512);
    const [lo, hi, l, h] = [at.words[i], at.words[i + 1], at.words[j], at.words[j + 1]];
    const { format } = tree;
    const kind = format.kindOf(lo, hi, level + 1);
    if (kind !== format.kindOf(l, h, level + 1))
        return false;
    const mask = format.bookkeepingMask(level + 1);
    const flagsDiffer = ((lo ^ l) & 0xfff & ~mask.lo) !== 0 || ((hi ^ h) & 0xfff0_0000 & ~mask.hi) !== 0;
    if (flagsDiffer)
        return false;
    if (kind === TABLE) {
        const patterns = patternsOf(tree);
        const first = patterns.describe(frameField(lo, hi), level);
        return isShifted(first, patterns.describe(frameField(l, h), level), 2 ** (9 * level));
    }
    return frameField(l, h) - frameField(lo, hi) === (kind === LEAF ? 2 ** (9 * level) : 0);
}
/** Account for as many regions as will certainly go like the last one, and say how much that was. */
function skipAhead(request, { level, checkpoints }) {
    const [c0, c1, c2] = checkpoints;
    if (!c0 || !c1 || !c2)
        return NOTHING;
    const count = repetitions(request, level, c0, c1, c2);
    if (count <= 0)
        return NOTHING;
    repeat(request, level, c1, c2, count);
    return { pages: count * 2 ** (9 * level), calls: count * (c2.calls - c1.calls) };
}
/** How many regions after the present one will go like the last two; 0 when that is not certain. */
function repetitions(request, level, c0, c1, c2) {
    const { domain, add } = request;
    const size = 2 ** (9 * level);
    const steady = c1.region === c0.region + 1 &&
        c2.region === c1.region + 1 &&
        c0.offset === c2.offset &&
        c1.offset === c2.offset &&
        // The oldest of them must have been gone through from its start.
        c0.done >= c0.offset &&
        c0.aheadAlike &&
        c1.aheadAlike &&
        c2.aheadAlike &&
        c0.iommuRoot === c2.iommuRoot &&
        c1.pool - c0.pool === c2.pool - c1.pool &&
        KINDS.every((kind) => c1.ledger[kind] - c0.ledger[kind] === c2.ledger[kind] - c1.ledger[kind]) &&
        c2.markers.every((n, l) => l > level || n - c1.markers[l] === c1.markers[l] - c0.markers[l]) &&
        // RAM that goes is remembered elsewhere, and above the parent nothing may have happened.
        c2.ledger.m2pUpdates === c1.ledger.m2pUpdates &&
        c2.stores.every((s) => s.level === level + 1);
    // A log that is still being written must not miss lines.
    if (!steady || logHasRoom(domain) || !decisionsContinue(request, c0, c2))
        return 0;
    const present = c2.region;
    // The table above must hold the last two regions and all that follow.
    let most = Math.min(511 - (present % 512), present % 512 < 2 ? 0 : Number.POSITIVE_INFINITY);
    // Enough must be left for the rules that look at what is left.
    most = Math.min(most, Math.floor((request.pages - c2.done) / size) - 1);
    if (add)
        most = Math.min(most, Math.floor((uniformFrames(domain.machine, request.mfn + c0.done) - (c2.done - c0.done)) / size) - 1);
    const perRegion = c2.pool - c1.pool;
    if (perRegion > 0)
        most = Math.min(most, Math.floor((domain.pool.pages - domain.pool.used) / perRegion));
    let count = 0;
    const both = trees(domain);
    // Where leaves stand ahead of a mapping, a table may complete in another order than the recorded one.
    const open = (tree, region) => {
        const at = slotOf(tree, level, region);
        return (!add ||
            !at ||
            tree.format.kindOf(at.words[2 * (region % 512)], at.words[2 * (region % 512) + 1], level + 1) !== LEAF);
    };
    while (count < most &&
        both.every((tree) => open(tree, present + count + 1) && (count === 0 || alike(tree, level, present + count, present + count + 1))))
        count++;
    return both.every((tree) => slotOf(tree, level, present) !== null) ? count : 0;
}
/** Mapping notes one decision that covers everything since the first checkpoint. */
function decisionsContinue({ domain, gfn, add }, c0, c2) {
    if (!add)
        return true;
    const last = domain.decisions.at(-1);
    return last !== undefined && last.gfn <= gfn + c0.done && last.gfn + last.pages === gfn + c2.done;
}
/** Book `count` regions like the last, and describe their tables. */
function repeat(request, level, c1, c2, count) {
    const { domain, add } = request;
    const { ledger } = domain;
    const size = 2 ** (9 * level);
    for (const kind of KINDS)
        ledger[kind] += count * (c2.ledger[kind] - c1.ledger[kind]);
    for (let l = 1; l <= level; l++) {
        const each = (c2.markers[l] ?? 0) - (c1.markers[l] ?? 0);
        domain.markerStores[l] = (domain.markerStores[l] ?? 0) + count * each;
        ledger.markerStores += count * each;
    }
    domain.pool.used += count * (c2.pool - c1.pool);
    if (add) {
        domain.highestGfn = Math.max(domain.highestGfn, request.gfn + c2.done + count * size - 1);
        domain.decisions.at(-1).pages += count * size;
    }
    const present = c2.region;
    if (domain.iommu) {
        const { tree } = domain.iommu;
        const samples = lift(tree, level, present, count);
        const { words } = slotOf(tree, level, present);
        // Markers and merge counts above depend on the place, so those stores are made one by one.
        for (let j = 1; j <= count; j++)
            for (const stored of c2.stores)
                storeAgain(domain, words, stored, j, size);
        lay(tree, level, present, count, samples, markerMask(domain));
    }
    lay(domain.p2m, level, present, count, lift(domain.p2m, level, present, count), NO_MARKER);
}
function storeAgain(domain, words, stored, regions, size) {
    const pages = regions * size;
    if (stored.op === "merge") {
        mergeUpwards(domain, stored.dfn + pages, stored.mfn + pages, 1, stored.level);
        return;
    }
    const { lo, hi, kind } = stored;
    const frame = frameField(lo, hi) + (kind === "leaf" ? pages : 0);
    const to = { lo: ((lo & 0xfff) | frameLo(frame)) >>> 0, hi: ((hi & 0xfff0_0000) | frameHi(frame)) >>> 0 };
    put(domain, words, stored.index + regions, to.lo, to.hi, stored.level, kind);
}
const NO_MARKER = { lo: 0, hi: 0 };
function markerMask(domain) {
    if (!domain.machine.release.iommuSuperpages)
        return NO_MARKER;
    const { word, shift } = driverOf(domain.machine).marker;
    const bits = (15 << shift) >>> 0;
    return word === 0 ? { lo: bits, hi: 0 } : { lo: 0, hi: bits };
}
/**
 * Take samples of the last three regions, and give up the tables of all that will be written anew: from the last region
 * to `count` regions ahead.
 */
function lift(tree, level, present, count) {
    const { words } = slotOf(tree, level, present);
    const { format, memory } = tree;
    const patterns = patternsOf(tree);
    const sample = (region) => {
        const lo = words[2 * (region % 512)];
        const hi = words[2 * (region % 512) + 1];
        const kind = format.kindOf(lo, hi, level + 1);
        return { lo, hi, kind, placed: kind === TABLE ? patterns.describe(frameField(lo, hi), level) : null };
    };
    const samples = [sample(present), sample(present - 1), sample(present - 2)];
    for (let region = present - 1; region <= present + count; region++) {
        const { lo, hi, placed } = sample(region);
        if (placed)
            memory.free(frameField(lo, hi));
    }
    return samples;
}
/**
 * Give regions the content that they would have: those long past are like the one before the last, then comes one like
 * the last, and the present one moves on as it is. `keep` are bits of the table above that are right already.
 */
function lay(tree, level, present, count, samples, keep) {
    const { words } = slotOf(tree, level, present);
    const patterns = patternsOf(tree);
    const size = 2 ** (9 * level);
    for (let region = present - 1; region <= present + count; region++) {
        const age = Math.min(2, present + count - region);
        const { lo, hi, kind, placed } = samples[age];
        const shift = (region - (present - age)) * size;
        const i = 2 * (region % 512);
        const frame = placed
            ? patterns.make({ pattern: placed.pattern, shift: placed.shift + shift })
            : frameField(lo, hi) + (kind === LEAF ? shift : 0);
        store(words, i / 2, ((lo & 0xfff & ~keep.lo) | (words[i] & keep.lo) | frameLo(frame)) >>> 0, ((hi & 0xfff0_0000 & ~keep.hi) | (words[i + 1] & keep.hi) | frameHi(frame)) >>> 0);
    }
}
