import { WORDS } from "../memory/memory.ts";

/**
 * Tables as descriptions. A pattern is the content of a table, and of everything below it, with the output frames
 * counted from the first one; a placed pattern is one with that first frame. Equal contents are one pattern, so that
 * whether two subtrees are alike is one comparison however many entries they have.
 */
export interface Pattern {
  readonly level: number;
  /** Entries with leaves' frames relative and table pointers' frames zero. Never written. */
  readonly words: Uint32Array;
  /** What pointers lead to, in ascending order. */
  readonly children: readonly Children[];
  /** Nothing in it maps anything, so that its place does not matter. */
  readonly leafless: boolean;
  /** Bytes between neighbouring entries' outputs where all 512 entries are one run from the first on; else null. */
  readonly step: number | null;
}

export interface Placed {
  readonly pattern: Pattern;
  /** Pages that are added to every output frame. */
  readonly shift: number;
}

/** Neighbouring pointers to tables of one pattern, each `step` pages further on than the one before. */
export interface Children extends Placed {
  readonly index: number;
  readonly count: number;
  readonly step: number;
}

/** Patterns by content: equal ones are one object. */
export class PatternStore {
  readonly #known = new Map<number, Pattern[]>();

  /** The pattern with this content. */
  of(level: number, words: Uint32Array, children: readonly Children[], leafless: boolean): Pattern {
    let hash = level;
    for (let i = 0; i < WORDS; i++) hash = Math.imul(hash ^ words[i]!, 0x01000193);
    const bucket = this.#known.get(hash) ?? [];
    const known = bucket.find(
      (p) => p.level === level && sameWords(p.words, words) && sameChildren(p.children, children),
    );
    if (known) return known;
    const pattern: Pattern = { level, words, children, leafless, step: null };
    this.#known.set(hash, [...bucket, pattern]);
    return pattern;
  }
}

/**
 * Children relative to a table's first frame. Neighbours that continue each other become one, so that equal contents are
 * described equally.
 */
export function joined(children: readonly Children[], base: number): readonly Children[] {
  const result: Children[] = [];
  let last: { -readonly [K in keyof Children]: Children[K] } | null = null;
  for (const child of children) {
    const { pattern, index, count } = child;
    const shift = pattern.leafless ? 0 : child.shift - base;
    const step = pattern.leafless ? 0 : child.step;
    if (last && last.pattern === pattern && last.index + last.count === index) {
      const gap: number = shift - (last.shift + (last.count - 1) * last.step);
      if ((last.count === 1 || gap === last.step) && (count === 1 || gap === step)) {
        last.count += count;
        last.step = gap;
        continue;
      }
    }
    last = { pattern, shift, index, count, step };
    result.push(last);
  }
  return result;
}

function sameWords(a: Uint32Array, b: Uint32Array): boolean {
  for (let i = 0; i < WORDS; i++) if (a[i] !== b[i]) return false;
  return true;
}

const sameChildren = (a: readonly Children[], b: readonly Children[]): boolean =>
  a.length === b.length &&
  a.every((child, i) => {
    const { pattern, shift, index, count, step } = b[i]!;
    return (
      child.pattern === pattern &&
      child.shift === shift &&
      child.index === index &&
      child.count === count &&
      child.step === step
    );
  });
