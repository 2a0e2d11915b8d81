import type { Mfn } from "../address.ts";
import { type Format, frameField, frameHi, frameLo, LEAF, TABLE } from "../format/format.ts";
import { WORDS } from "../memory/memory.ts";
import type { Description, SimulatedMemory } from "../memory/simulated.ts";
import { countRun, storeRun, storeSame } from "./entries.ts";
import { type Children, joined, type Pattern, PatternStore, type Placed } from "./pattern-store.ts";
import { pagesAt, type WritableTree } from "./tree.ts";

export type { Children, Pattern, Placed };

export interface PatternCounts {
  readonly leaves: ReadonlyMap<number, number>;
  readonly tables: ReadonlyMap<number, number>;
}

/** A table that stands for a placed pattern until somebody looks. */
export class DescribedTable implements Description {
  readonly placed: Placed;
  readonly #patterns: Patterns;

  constructor(patterns: Patterns, placed: Placed) {
    this.#patterns = patterns;
    this.placed = placed;
  }

  get allocates(): number {
    return this.placed.pattern.children.length;
  }

  fill(arena: Uint32Array, first: number): void {
    this.#patterns.fill(arena, first, this.placed);
  }
}

/** Whether `b` says `pages` further on what `a` says. */
export const isShifted = (a: Placed, b: Placed, pages: number): boolean =>
  a.pattern === b.pattern && (a.pattern.leafless || b.shift - a.shift === pages);

const withFrameLo = (lo: number, frame: number): number => ((lo & 0xfff) | frameLo(frame)) >>> 0;
const withFrameHi = (hi: number, frame: number): number => ((hi & 0xfff0_0000) | frameHi(frame)) >>> 0;

/** What a run of described tables stands for; found again by its maker function. */
interface RunPlace extends Placed {
  readonly step: number;
}

/** The patterns of one format in one memory. */
export class Patterns {
  readonly #format: Format;
  readonly #memory: SimulatedMemory;
  readonly #known = new PatternStore();
  readonly #uniform = new Map<string, Pattern>();
  readonly #counts = new WeakMap<Pattern, PatternCounts>();
  readonly #runs = new WeakMap<(i: number) => Description, RunPlace>();

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

  /** What a table stands for, if nobody has looked at it. */
  standing(table: Mfn): Placed | undefined {
    const description = this.#memory.description(table);
    return description instanceof DescribedTable ? description.placed : undefined;
  }

  /** Whether table `b` says `pages` further on what table `a` says. Describes both. */
  alike(a: Mfn, b: Mfn, level: number, pages: number): boolean {
    const run = this.#memory.describedRun(a);
    if (run && run === this.#memory.describedRun(b)) {
      const place = this.#runs.get(run.at);
      if (place) return place.pattern.leafless || (b - a) * place.step === pages;
    }
    return isShifted(this.describe(a, level), this.describe(b, level), pages);
  }

  /** Leaves by order and tables by level of a pattern and all below it. */
  counts(pattern: Pattern): PatternCounts {
    const known = this.#counts.get(pattern);
    if (known) return known;
    const leaves = new Map<number, number>();
    const tables = new Map<number, number>([[pattern.level, 1]]);
    const add = (map: Map<number, number>, key: number, n: number): void => void map.set(key, (map.get(key) ?? 0) + n);
    for (let w = 0; w < WORDS; w += 2) {
      const lo = pattern.words[w]!;
      const hi = pattern.words[w + 1]!;
      if (this.#format.kindOf(lo, hi, pattern.level) === LEAF)
        add(leaves, this.#format.orderOf(lo, hi, pattern.level), 1);
    }
    for (const { pattern: child, count } of pattern.children) {
      const below = this.counts(child);
      for (const [order, n] of below.leaves) add(leaves, order, count * n);
      for (const [level, n] of below.tables) add(tables, level, count * n);
    }
    const counts = { leaves, tables };
    this.#counts.set(pattern, counts);
    return counts;
  }

  /** Let a table that stands for one pattern stand for another. */
  restate(table: Mfn, placed: Placed): void {
    this.#memory.describe(table, new DescribedTable(this, placed));
  }

  /** A new table that stands for a placed pattern. */
  make(placed: Placed): Mfn {
    return this.#memory.allocateDescribed(new DescribedTable(this, placed));
  }

  /** `count` new tables with neighbouring frames, each `step` pages further on. Returns the first. */
  makeRun({ pattern, shift }: Placed, count: number, step: number): Mfn {
    const at = (i: number): Description => new DescribedTable(this, { pattern, shift: shift + i * step });
    this.#runs.set(at, { pattern, shift, step });
    return this.#memory.allocateDescribedRun(count, at);
  }

  fill(arena: Uint32Array, place: number, { pattern, shift }: Placed): void {
    if (pattern.step !== null) {
      const lo = pattern.words[0]!;
      const hi = pattern.words[1]!;
      if (pattern.leafless) storeSame(arena, place, WORDS / 2, lo, hi);
      else storeRun(arena, place, WORDS / 2, withFrameLo(lo, shift), withFrameHi(hi, shift), pattern.step);
      return;
    }
    arena.set(pattern.words, 2 * place);
    if (pattern.leafless && pattern.children.length === 0) return;
    const { level, children } = pattern;
    const words = arena.subarray(2 * place, 2 * place + WORDS);
    if (shift > 0) this.#move(words, level, shift);
    for (const { index, count, step, pattern: child, shift: at } of children) {
      const first =
        count === 1
          ? this.make({ pattern: child, shift: at + shift })
          : this.makeRun({ pattern: child, shift: at + shift }, count, step);
      for (let i = 0; i < count; i++) {
        const w = 2 * (index + i);
        words[w] = withFrameLo(words[w]!, first + i);
        words[w + 1] = withFrameHi(words[w + 1]!, first + i);
      }
    }
  }

  /** Add pages to the frame of every leaf. */
  #move(words: Uint32Array, level: number, pages: number): void {
    for (let w = 0; w < WORDS; w += 2) {
      const lo = words[w]!;
      const hi = words[w + 1]!;
      if (this.#format.kindOf(lo, hi, level) !== LEAF) continue;
      const frame = frameField(lo, hi) + pages;
      words[w] = withFrameLo(lo, frame);
      words[w + 1] = withFrameHi(hi, frame);
    }
  }

  /**
   * A table of `level` whose 512 entries are one run from (lo, hi) on: leaves with consecutive outputs, or the same value in
   * all of them.
   */
  uniform(level: number, lo: number, hi: number): Placed {
    const isLeaf = this.#format.kindOf(lo, hi, level) === LEAF;
    const shift = isLeaf ? frameField(lo, hi) : 0;
    const first = { lo: isLeaf ? lo & 0xfff : lo, hi: isLeaf ? (hi & 0xfff0_0000) >>> 0 : hi };
    const key = `${level} ${first.lo} ${first.hi}`;
    let pattern = this.#uniform.get(key);
    if (!pattern) {
      const words = new Uint32Array(WORDS);
      const step = isLeaf ? pagesAt(level) * 4096 : 0;
      storeRun(words, 0, WORDS / 2, first.lo, first.hi, step);
      pattern = { level, words, children: [], leafless: !isLeaf, step };
      this.#uniform.set(key, pattern);
    }
    return { pattern, shift };
  }

  /** The content of a table, relative; the tables below are described and given up. */
  #read(source: Uint32Array, level: number): Placed {
    const [lo, hi] = [source[0]!, source[1]!];
    const kind = this.#format.kindOf(lo, hi, level);
    const step = kind === LEAF ? pagesAt(level) * 4096 : 0;
    if (kind !== TABLE && countRun(source, 0, WORDS / 2, lo, hi, step) === WORDS / 2)
      return this.uniform(level, lo, hi);
    const words = source.slice();
    const children: Children[] = [];
    let base = Number.POSITIVE_INFINITY;
    for (let i = 0; i < WORDS / 2; ) {
      const lo = words[2 * i]!;
      const hi = words[2 * i + 1]!;
      const kind = lo === 0 && hi === 0 ? 0 : this.#format.kindOf(lo, hi, level);
      if (kind === LEAF) base = Math.min(base, frameField(lo, hi));
      if (kind !== TABLE) {
        i++;
        continue;
      }
      const child = this.#readChildren(words, i, level);
      children.push(child);
      if (!child.pattern.leafless) base = Math.min(base, child.shift);
      i += child.count;
    }
    const leafless = base === Number.POSITIVE_INFINITY;
    const shift = leafless ? 0 : base;
    if (shift > 0) this.#move(words, level, -shift);
    return { pattern: this.#known.of(level, words, joined(children, shift), leafless), shift };
  }

  /** The table that a pointer leads to, or the whole run of described ones that it begins; given up, pointers cleared. */
  #readChildren(words: Uint32Array, index: number, level: number): Children {
    const first = frameField(words[2 * index]!, words[2 * index + 1]!) as Mfn;
    const below = this.#format.nextLevelOf(words[2 * index]!, words[2 * index + 1]!, level);
    const run = this.#memory.describedRun(first);
    const place = run && this.#runs.get(run.at);
    let count = 1;
    if (run && place) {
      while (
        first + count < run.end &&
        this.#memory.describedRun((first + count) as Mfn) === run &&
        index + count < WORDS / 2 &&
        this.#format.kindOf(words[2 * (index + count)]!, words[2 * (index + count) + 1]!, level) === TABLE &&
        frameField(words[2 * (index + count)]!, words[2 * (index + count) + 1]!) === first + count
      )
        count++;
    }
    const placed =
      place && run && count > 1
        ? { pattern: place.pattern, shift: place.shift + (first - run.first) * place.step }
        : this.describe(first, below);
    this.#memory.freeRun(first, count);
    for (let i = index; i < index + count; i++) {
      words[2 * i] = words[2 * i]! & 0xfff;
      words[2 * i + 1] = (words[2 * i + 1]! & 0xfff0_0000) >>> 0;
    }
    const { pattern, shift } = placed;
    return { pattern, shift, index, count, step: count > 1 && place ? place.step : 0 };
  }
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
