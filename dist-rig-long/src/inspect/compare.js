import { hex, hex64 } from "../address.js";
import { frameHi, frameLo, LEAF, TABLE } from "../format/format.js";
import { pagesAt, translate } from "../radix/tree.js";
import { newRenaming } from "./renaming.js";
const NAMES = [
    "empty",
    "a leaf",
    "a table",
    "a software entry",
    "a faulting entry",
];
/** Whether two entries hold the same beside the frames a and b that they name: rights, sizes, markers, bits that are reserved below an address. */
const alikeButFrame = (l, a, r, b) => (l.lo ^ frameLo(a)) === (r.lo ^ frameLo(b)) && (l.hi ^ frameHi(a)) === (r.hi ^ frameHi(b));
/**
 * Entry by entry and bit by bit: absent entries and markers included, only table frames and freely chosen RAM frames
 * renamed, each consistently (contract, "Snapshots"). Inconsistent renamings come last. Never throws.
 */
export function compareTrees(left, right, options = {}) {
    const { ranges, limit = 1000, maxTables = 2 ** 22 } = options;
    const differences = [];
    const tables = newRenaming();
    const chosen = newRenaming();
    let compared = 0;
    let visited = 0;
    const add = (frame, level, l, r, says) => {
        if (differences.length >= limit)
            return;
        const shown = (raw) => (raw ? hex64(raw.lo, raw.hi) : "absent");
        differences.push({ frame, pages: pagesAt(level), level, left: shown(l), right: shown(r), says });
    };
    /** Whether an entry that is the same on both sides is done with: it takes part in no renaming. */
    const isSettled = (lo, hi, level) => {
        const kind = left.format.kindOf(lo, hi, level);
        return kind === LEAF ? !options.chosenLeft?.(left.format.frameOf(lo, hi, level)) : kind !== TABLE;
    };
    const leaves = (a, b, order, frame) => {
        if (!options.chosenLeft?.(a) || !options.chosenRight?.(b))
            return a === b;
        chosen.add(a, b, 2 ** order, frame);
        return true;
    };
    const entries = (l, r, level, frame) => {
        const kind = left.format.kindOf(l.lo, l.hi, level);
        const other = right.format.kindOf(r.lo, r.hi, level);
        if (kind !== other) {
            add(frame, level, l, r, `${NAMES[kind]} against ${NAMES[other]}`);
            return;
        }
        if (kind !== LEAF && kind !== TABLE) {
            if (l.lo !== r.lo || l.hi !== r.hi)
                add(frame, level, l, r, `another value of ${NAMES[kind]}`);
            return;
        }
        const a = left.format.frameOf(l.lo, l.hi, level);
        const b = right.format.frameOf(r.lo, r.hi, level);
        const alike = alikeButFrame(l, a, r, b);
        if (!alike)
            add(frame, level, l, r, kind === TABLE ? "the table pointers' flags differ" : "flags or size differ");
        if (kind === LEAF) {
            if (!leaves(a, b, left.format.orderOf(l.lo, l.hi, level), frame) && alike)
                add(frame, level, l, r, "another frame");
            return;
        }
        const below = left.format.nextLevelOf(l.lo, l.hi, level);
        if (below !== right.format.nextLevelOf(r.lo, r.hi, level))
            return;
        tables.add(a, b, 1, frame);
        visit(a, b, below, frame, l, r);
    };
    const visit = (a, b, level, base, l, r) => {
        if (differences.length >= limit)
            return;
        if (visited >= maxTables) {
            if (visited++ === maxTables)
                add(base, level + 1, l, r, `not compared further: more than ${maxTables} tables`);
            return;
        }
        visited++;
        const wordsA = left.memory.frame(a);
        const wordsB = right.memory.frame(b);
        if (!wordsA || !wordsB) {
            const side = wordsA ? "right" : wordsB ? "left" : "left and right";
            add(base, level + 1, l, r, `${side}: the table of level ${level} is not in memory`);
            return;
        }
        const span = pagesAt(level);
        for (let i = 0; i < 2 ** left.format.indexBits(level); i++) {
            const start = base + i * span;
            if (ranges && !ranges.some((range) => range.start < start + span && range.end > start))
                continue;
            compared++;
            const lo = wordsA[2 * i];
            const hi = wordsA[2 * i + 1];
            if (lo === wordsB[2 * i] && hi === wordsB[2 * i + 1] && isSettled(lo, hi, level))
                continue;
            entries({ lo, hi }, { lo: wordsB[2 * i], hi: wordsB[2 * i + 1] }, level, start);
        }
    };
    if (left.format.name !== right.format.name || left.levels !== right.levels) {
        const of = ({ format, levels }) => `${format.name} with ${levels} levels`;
        add(0, Math.max(left.levels, right.levels), null, null, `${of(left)} against ${of(right)}`);
    }
    else {
        tables.add(left.root, right.root, 1, 0);
        visit(left.root, right.root, left.levels, 0, null, null);
    }
    for (const { frame, a, b } of tables.conflicts()) {
        const says = `tables are shared in another way: ${hex(a)} on the left is not always ${hex(b)} on the right`;
        add(frame, 1, null, null, says);
    }
    for (const { frame, a, b } of chosen.conflicts()) {
        const l = translate(left, frame);
        const says = `chosen frames are not renamed one to one: ${hex(a)} on the left is not always ${hex(b)} on the right`;
        add(frame, l?.level ?? 1, l, translate(right, frame), says);
    }
    return { differences, compared };
}
