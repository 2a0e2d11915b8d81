import type { Mfn } from "../address.ts";
import { type Format, frameField, frameHi, frameLo, LEAF, TABLE } from "../format/format.ts";
import { WORDS } from "../memory/memory.ts";
import type { Description, SimulatedMemory } from "../memory/simulated.ts";
import { store } from "./entries.ts";
import type { WritableTree } from "./tree.ts";

/**
 * Tables as descriptions. A pattern is the content of a table, and of everything below it, with the output frames
 * counted from the first one; a placed pattern is one with that first frame. Equal contents are one pattern, so that
 * whether two subtrees are alike is one comparison however many entries they have.
 */
export interface Pattern {
  readonly level: number;
  /** Entries with leaves' frames relative and table pointers' frames zero. Never written. */
  readonly words: Uint32Array;
  /** What pointers lead to, by index. */
  readonly children: ReadonlyMap<number, Placed>;
  /** Nothing in it maps anything, so that its place does not matter. */
  readonly leafless: boolean;
}

export interface Placed {
  readonly pattern: Pattern;
  /** Pages that are added to every output frame. */
  readonly shift: number;
}

/** A table that stands for a placed pattern until somebody looks. */
export class DescribedTable implements Description {
  readonly placed: Placed;
  readonly #patterns: Patterns;

  constructor(patterns: Patterns, placed: Placed) {
    this.#patterns = patterns;
    this.placed = placed;
  }

  fill(words: Uint32Array): void {
    this.#patterns.fill(words, this.placed);
  }
}

/** Whether `b` says `pages` further on what `a` says. */
export const isShifted = (a: Placed, b: Placed, pages: number): boolean =>
  a.pattern === b.pattern && (a.pattern.leafless || b.shift - a.shift === pages);

/** The patterns of one format in one memory. */
export class Patterns {
  readonly #format: Format;
  readonly #memory: SimulatedMemory;
  readonly #known = new Map<number, Pattern[]>();

  constructor(format: Format, memory: SimulatedMemory) {
    this.#format = format;
    this.#memory = memory;
  }

  /** Turn a table and all below it into a description of themselves. */
  describe(table: Mfn, level: number): Placed {
    const standing = this.#memory.description(table);
    if (standing instanceof DescribedTable) return standing.placed;
    const placed = this.#read(this.#memory.words(table), level);
    this.#memory.describe(table, new DescribedTable(this, placed));
    return placed;
  }

  /** A new table that stands for a placed pattern. */
  make(placed: Placed): Mfn {
    return this.#memory.allocateDescribed(new DescribedTable(this, placed));
  }

  /** Let an existing table stand for another placed pattern; what was below it is given up. */
  replace(table: Mfn, level: number, placed: Placed): void {
    this.describe(table, level);
    this.#memory.describe(table, new DescribedTable(this, placed));
  }

  fill(words: Uint32Array, { pattern, shift }: Placed): void {
    words.set(pattern.words);
    const { level, children } = pattern;
    for (let i = 0; i < WORDS; i += 2) {
      const lo = words[i]!;
      const hi = words[i + 1]!;
      const kind = this.#format.kindOf(lo, hi, level);
      if (kind !== LEAF) continue;
      const frame = frameField(lo, hi) + shift;
      words[i] = ((lo & 0xfff) | frameLo(frame)) >>> 0;
      words[i + 1] = ((hi & 0xfff0_0000) | frameHi(frame)) >>> 0;
    }
    for (const [index, child] of children) {
      const table = this.make({ pattern: child.pattern, shift: child.shift + shift });
      store(
        words,
        index,
        ((words[2 * index]! & 0xfff) | frameLo(table)) >>> 0,
        ((words[2 * index + 1]! & 0xfff0_0000) | frameHi(table)) >>> 0,
      );
    }
  }

  /** The content of a table, relative; the tables below are described and given up. */
  #read(source: Uint32Array, level: number): Placed {
    const words = source.slice();
    const children = new Map<number, Placed>();
    let base = Number.POSITIVE_INFINITY;
    for (let i = 0; i < WORDS; i += 2) {
      const lo = words[i]!;
      const hi = words[i + 1]!;
      const kind = this.#format.kindOf(lo, hi, level);
      if (kind === LEAF) base = Math.min(base, frameField(lo, hi));
      else if (kind === TABLE) {
        const table = frameField(lo, hi) as Mfn;
        const child = this.describe(table, this.#format.nextLevelOf(lo, hi, level));
        this.#memory.free(table);
        children.set(i / 2, child);
        if (!child.pattern.leafless) base = Math.min(base, child.shift);
        words[i] = lo & 0xfff;
        words[i + 1] = (hi & 0xfff0_0000) >>> 0;
      }
    }
    const leafless = base === Number.POSITIVE_INFINITY;
    const shift = leafless ? 0 : base;
    if (shift > 0)
      for (let i = 0; i < WORDS; i += 2) {
        const lo = words[i]!;
        const hi = words[i + 1]!;
        if (this.#format.kindOf(lo, hi, level) !== LEAF) continue;
        const frame = frameField(lo, hi) - shift;
        words[i] = ((lo & 0xfff) | frameLo(frame)) >>> 0;
        words[i + 1] = ((hi & 0xfff0_0000) | frameHi(frame)) >>> 0;
      }
    const relative = new Map(
      [...children].map(([index, { pattern, shift: at }]) => [
        index,
        { pattern, shift: pattern.leafless ? 0 : at - shift },
      ]),
    );
    return { pattern: this.#intern(level, words, relative, leafless), shift };
  }

  #intern(level: number, words: Uint32Array, children: ReadonlyMap<number, Placed>, leafless: boolean): Pattern {
    let hash = level;
    for (let i = 0; i < WORDS; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193);
    const bucket = this.#known.get(hash) ?? [];
    const known = bucket.find(
      (p) => p.level === level && sameWords(p.words, words) && sameChildren(p.children, children),
    );
    if (known) return known;
    const pattern: Pattern = { level, words, children, leafless };
    this.#known.set(hash, [...bucket, pattern]);
    return pattern;
  }
}

function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < WORDS; i++) if (a[i] !== b[i]) return false;
  return true;
}

function sameChildren(a: ReadonlyMap<number, Placed>, b: ReadonlyMap<number, Placed>): boolean {
  if (a.size !== b.size) return false;
  for (const [index, child] of a) {
    const other = b.get(index);
    if (!other || other.pattern !== child.pattern || other.shift !== child.shift) return false;
  }
  return true;
}

const stores = new WeakMap<SimulatedMemory, Map<Format, Patterns>>();

/** The patterns of a tree's format and memory. */
export function patternsOf({ format, memory }: Pick<WritableTree, "format" | "memory">): Patterns {
  const byFormat = stores.get(memory) ?? new Map<Format, Patterns>();
  stores.set(memory, byFormat);
  const patterns = byFormat.get(format) ?? new Patterns(format, memory);
  byFormat.set(format, patterns);
  return patterns;
}
