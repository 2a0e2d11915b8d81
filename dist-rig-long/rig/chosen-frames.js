import { hex, pagesOf } from "../src/address.js";
import { LEAF, TABLE } from "../src/format/format.js";
import { FORMATS } from "../src/format/index.js";
/** A reader that keeps what it has read. Good for as long as the tables stand still. */
export function keeping(reader) {
    const kept = new Map();
    return {
        frame(mfn) {
            if (!kept.has(mfn))
                kept.set(mfn, reader.frame(mfn));
            return kept.get(mfn);
        },
    };
}
/** The machine frame that a table maps a guest frame to; undefined where no leaf does. */
export function translate(reader, formatName, root, levels, gfn) {
    const format = FORMATS[formatName];
    let table = root;
    for (let level = levels; level >= 1;) {
        const span = pagesOf(9 * (level - 1));
        const words = reader.frame(table);
        const index = Math.floor(gfn / span) % 2 ** format.indexBits(level);
        if (words === undefined)
            return undefined;
        const lo = words[2 * index];
        const hi = words[2 * index + 1];
        const kind = format.kindOf(lo, hi, level);
        if (kind === LEAF)
            return format.frameOf(lo, hi, level) + (gfn % pagesOf(format.orderOf(lo, hi, level)));
        if (kind !== TABLE)
            return undefined;
        table = format.frameOf(lo, hi, level);
        level = format.nextLevelOf(lo, hi, level);
    }
    return undefined;
}
/**
 * The frames that the hypervisor chose for `extents` blocks of RAM from `gfn` on: each run is a stretch of blocks that
 * follow each other in the machine too. Blocks that are not mapped are left out, and end a run.
 */
export function chosenFrames(frameOf, gfn, order, extents) {
    const size = pagesOf(order);
    const runs = [];
    let expected;
    for (let i = 0; i < extents; i++) {
        const mfn = frameOf(gfn + i * size);
        const run = runs.at(-1);
        if (mfn !== undefined && mfn === expected && run)
            run.extents++;
        else if (mfn !== undefined)
            runs.push({ first: i, mfn, extents: 1 });
        expected = mfn === undefined ? undefined : mfn + size;
    }
    return runs.map((run) => ({ ...run, mfn: hex(run.mfn) }));
}
