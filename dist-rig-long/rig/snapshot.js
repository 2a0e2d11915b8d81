import { hex } from "../src/address.js";
import { TABLE } from "../src/format/format.js";
import { FORMATS } from "../src/format/index.js";
/** A broken table can lead anywhere: no more tables than this are taken from one root. */
const MAX_TABLES = 1 << 20;
/** Shorter arithmetic runs are written entry by entry. */
const SHORTEST_RUN = 3;
const word64 = (entry) => `0x${entry.toString(16).padStart(16, "0")}`;
const signed = (step) => (step < 0n ? `-${hex(-step)}` : hex(step));
/** How many entries from `start` on form an arithmetic run of entries that are not zero. */
function runLength(entries, start) {
    if (start + 1 >= entries.length)
        return 1;
    const step = entries[start + 1] - entries[start];
    let end = start + 1;
    while (end < entries.length && entries[end] !== 0n && entries[end] - entries[end - 1] === step)
        end++;
    return end - start;
}
/** A table in the contract's form: zero entries left out, arithmetic runs of three or more as one. */
export function compressFrame(words) {
    const entries = new BigUint64Array(words.buffer, words.byteOffset, words.length / 2);
    const frame = {};
    for (let i = 0; i < entries.length;) {
        if (entries[i] === 0n) {
            i++;
            continue;
        }
        const length = runLength(entries, i);
        if (length < SHORTEST_RUN) {
            frame[String(i)] = word64(entries[i]);
            i++;
            continue;
        }
        frame[`${i}-${i + length - 1}`] = [word64(entries[i]), signed(entries[i + 1] - entries[i])];
        i += length;
    }
    return frame;
}
/**
 * Adds every table that can be reached from a root to `frames`, by frame number. Returns the tables that the source
 * lacks; each table is read once, so a circle ends.
 */
export function collectTables(reader, root, frames) {
    const format = FORMATS[root.format];
    const seen = new Set();
    const missing = [];
    const todo = [{ mfn: root.mfn, level: root.levels }];
    for (let table = todo.pop(); table !== undefined && seen.size < MAX_TABLES; table = todo.pop()) {
        if (seen.has(table.mfn))
            continue;
        seen.add(table.mfn);
        const words = frames.get(table.mfn) ?? reader.frame(table.mfn);
        if (words === undefined) {
            missing.push(table.mfn);
            continue;
        }
        frames.set(table.mfn, words);
        if (table.level <= 1)
            continue;
        for (let i = 0; i < words.length; i += 2) {
            const lo = words[i];
            const hi = words[i + 1];
            if ((lo | hi) === 0 || format.kindOf(lo, hi, table.level) !== TABLE)
                continue;
            todo.push({
                mfn: format.frameOf(lo, hi, table.level),
                level: format.nextLevelOf(lo, hi, table.level),
            });
        }
    }
    return missing;
}
/** A snapshot of all tables below these roots. Tables that memory lacks are named in `source.missing`. */
export function takeSnapshot(reader, roots, source) {
    const frames = new Map();
    const missing = roots.flatMap((root) => collectTables(reader, root, frames));
    const named = {};
    for (const [mfn, words] of frames)
        named[hex(mfn)] = compressFrame(words);
    return {
        physmap: 1,
        kind: "snapshot",
        source: missing.length === 0 ? source : { ...source, missing: missing.map(hex) },
        roots: roots.map(({ mfn, ...root }) => ({ ...root, root: hex(mfn * 4096) })),
        frames: named,
    };
}
