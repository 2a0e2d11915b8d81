import { alignDown } from "../address.js";
import { EMPTY, LEAF, TABLE } from "../format/format.js";
const LOW_BITS = 2 ** 27;
/**
 * Index of a frame's entry in the table of a level. Frame numbers exceed 32 bits, so the three lower levels are taken
 * from the low 27 bits and the upper ones from the rest.
 */
export function indexAt(frame, level) {
    return level <= 3
        ? ((frame % LOW_BITS) >>> (9 * (level - 1))) & 511
        : (Math.floor(frame / LOW_BITS) >>> (9 * (level - 4))) & 511;
}
/** Pages that one entry of a level covers. */
export const pagesAt = (level) => 2 ** (9 * (level - 1));
/** Frames that a tree of this many levels can translate. AMD-Vi's level 6 has 7 index bits. */
export const widthOf = (format, levels) => 2 ** (9 * (levels - 1) + format.indexBits(levels));
const NO_WORDS = new Uint32Array(0);
export const newPosition = () => ({
    level: 0,
    table: 0,
    words: NO_WORDS,
    index: 0,
    lo: 0,
    hi: 0,
    kind: EMPTY,
});
/**
 * Walk towards a frame and stop at level `stop`, or above it at the first entry that is no table. Follows the next
 * level that the entry names (AMD-Vi may skip levels). Returns false when a table on the way is not in memory, or the
 * frame's bits of skipped levels are not zero (page-table-formats.md 4.4); `position` then holds the last entry that was
 * read, and level 0 where there was none. `onPointer` sees the table pointers that are followed. `frame` must be below
 * `widthOf`.
 */
export function walk(tree, frame, stop, position, onPointer) {
    const { format, memory } = tree;
    let level = tree.levels;
    let table = tree.root;
    for (;;) {
        const words = memory.frame(table);
        if (!words) {
            if (level === tree.levels)
                position.level = 0;
            return false;
        }
        const index = indexAt(frame, level);
        const lo = words[2 * index];
        const hi = words[2 * index + 1];
        const kind = format.kindOf(lo, hi, level);
        position.level = level;
        position.table = table;
        position.words = words;
        position.index = index;
        position.lo = lo;
        position.hi = hi;
        position.kind = kind;
        if (kind !== TABLE || level <= stop)
            return true;
        const next = format.nextLevelOf(lo, hi, level);
        if (next < level - 1 && alignDown(frame, 9 * next) !== alignDown(frame, 9 * (level - 1)))
            return false;
        onPointer?.(lo, hi);
        const to = format.frameOf(lo, hi, level);
        level = next;
        table = to;
    }
}
const scratch = newPosition();
/** Translate one frame. `frame` of the answer is the output frame that this very input frame is mapped to. */
export function translate(tree, frame) {
    if (frame >= widthOf(tree.format, tree.levels) || !walk(tree, frame, 1, scratch) || scratch.kind !== LEAF)
        return null;
    const { level, lo, hi } = scratch;
    const order = tree.format.orderOf(lo, hi, level);
    return { frame: tree.format.frameOf(lo, hi, level) + (frame % 2 ** order), order, level, lo, hi };
}
