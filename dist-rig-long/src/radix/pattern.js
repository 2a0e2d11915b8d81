import { frameField, frameHi, frameLo, LEAF, TABLE } from "../format/format.js";
import { WORDS } from "../memory/memory.js";
import { store } from "./entries.js";
/** A table that stands for a placed pattern until somebody looks. */
export class DescribedTable {
    placed;
    #patterns;
    constructor(patterns, placed) {
        this.#patterns = patterns;
        this.placed = placed;
    }
    fill(words) {
        this.#patterns.fill(words, this.placed);
    }
}
/** Whether `b` says `pages` further on what `a` says. */
export const isShifted = (a, b, pages) => a.pattern === b.pattern && (a.pattern.leafless || b.shift - a.shift === pages);
/** The patterns of one format in one memory. */
export class Patterns {
    #format;
    #memory;
    #known = new Map();
    constructor(format, memory) {
        this.#format = format;
        this.#memory = memory;
    }
    /** Turn a table and all below it into a description of themselves. */
    describe(table, level) {
        const standing = this.#memory.description(table);
        if (standing instanceof DescribedTable)
            return standing.placed;
        const placed = this.#read(this.#memory.words(table), level);
        this.#memory.describe(table, new DescribedTable(this, placed));
        return placed;
    }
    /** A new table that stands for a placed pattern. */
    make(placed) {
        return this.#memory.allocateDescribed(new DescribedTable(this, placed));
    }
    /** Let an existing table stand for another placed pattern; what was below it is given up. */
    replace(table, level, placed) {
        this.describe(table, level);
        this.#memory.describe(table, new DescribedTable(this, placed));
    }
    fill(words, { pattern, shift }) {
        words.set(pattern.words);
        const { level, children } = pattern;
        for (let i = 0; i < WORDS; i += 2) {
            const lo = words[i];
            const hi = words[i + 1];
            const kind = this.#format.kindOf(lo, hi, level);
            if (kind !== LEAF)
                continue;
            const frame = frameField(lo, hi) + shift;
            words[i] = ((lo & 0xfff) | frameLo(frame)) >>> 0;
            words[i + 1] = ((hi & 0xfff0_0000) | frameHi(frame)) >>> 0;
        }
        for (const [index, child] of children) {
            const table = this.make({ pattern: child.pattern, shift: child.shift + shift });
            store(words, index, ((words[2 * index] & 0xfff) | frameLo(table)) >>> 0, ((words[2 * index + 1] & 0xfff0_0000) | frameHi(table)) >>> 0);
        }
    }
    /** The content of a table, relative; the tables below are described and given up. */
    #read(source, level) {
        const words = source.slice();
        const children = new Map();
        let base = Number.POSITIVE_INFINITY;
        for (let i = 0; i < WORDS; i += 2) {
            const lo = words[i];
            const hi = words[i + 1];
            const kind = this.#format.kindOf(lo, hi, level);
            if (kind === LEAF)
                base = Math.min(base, frameField(lo, hi));
            else if (kind === TABLE) {
                const table = frameField(lo, hi);
                const child = this.describe(table, this.#format.nextLevelOf(lo, hi, level));
                this.#memory.free(table);
                children.set(i / 2, child);
                if (!child.pattern.leafless)
                    base = Math.min(base, child.shift);
                words[i] = lo & 0xfff;
                words[i + 1] = (hi & 0xfff0_0000) >>> 0;
            }
        }
        const leafless = base === Number.POSITIVE_INFINITY;
        const shift = leafless ? 0 : base;
        if (shift > 0)
            for (let i = 0; i < WORDS; i += 2) {
                const lo = words[i];
                const hi = words[i + 1];
                if (this.#format.kindOf(lo, hi, level) !== LEAF)
                    continue;
                const frame = frameField(lo, hi) - shift;
                words[i] = ((lo & 0xfff) | frameLo(frame)) >>> 0;
                words[i + 1] = ((hi & 0xfff0_0000) | frameHi(frame)) >>> 0;
            }
        const relative = new Map([...children].map(([index, { pattern, shift: at }]) => [
            index,
            { pattern, shift: pattern.leafless ? 0 : at - shift },
        ]));
        return { pattern: this.#intern(level, words, relative, leafless), shift };
    }
    #intern(level, words, children, leafless) {
        let hash = level;
        for (let i = 0; i < WORDS; i++)
            hash = Math.imul(hash ^ words[i], 0x01000193);
        const bucket = this.#known.get(hash) ?? [];
        const known = bucket.find((p) => p.level === level && sameWords(p.words, words) && sameChildren(p.children, children));
        if (known)
            return known;
        const pattern = { level, words, children, leafless };
        this.#known.set(hash, [...bucket, pattern]);
        return pattern;
    }
}
function sameWords(a, b) {
    for (let i = 0; i < WORDS; i++)
        if (a[i] !== b[i])
            return false;
    return true;
}
function sameChildren(a, b) {
    if (a.size !== b.size)
        return false;
    for (const [index, child] of a) {
        const other = b.get(index);
        if (!other || other.pattern !== child.pattern || other.shift !== child.shift)
            return false;
    }
    return true;
}
const stores = new WeakMap();
/** The patterns of a tree's format and memory. */
export function patternsOf({ format, memory }) {
    const byFormat = stores.get(memory) ?? new Map();
    stores.set(memory, byFormat);
    const patterns = byFormat.get(format) ?? new Patterns(format, memory);
    byFormat.set(format, patterns);
    return patterns;
}
