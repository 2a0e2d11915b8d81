import { alignDown } from "../address.ts";
import { EMPTY, type Format, frameField, LEAF } from "../format/format.ts";
import { type Pattern, patternsOf } from "./pattern.ts";
import { pagesAt, type WritableTree } from "./tree.ts";

/**
 * Consecutive input frames that lead to consecutive output frames by leaves of one order with one access right. Coarser
 * than a run: what else the entries say does not split it.
 */
export interface Span {
  /** First input frame and number of pages. */
  readonly start: number;
  readonly pages: number;
  /** First output frame. */
  readonly maps: number;
  /** log2 of the pages of each leaf. */
  readonly order: number;
  /** What the leaves allow, as the format says it: "rw-". */
  readonly access: string;
}

/** A tree that is cut up more finely than this is told only so far. */
const MOST_SPANS = 2 ** 16;

/**
 * The spans of a whole tree, ascending. Its tables become descriptions of themselves first, and like tables are gone
 * through once: the time does not depend on how many leaves there are. The tree's tables lose their places thereby, so
 * that this is for a model's last look.
 */
export function spansOf(tree: WritableTree): Span[] {
  const { pattern, shift } = patternsOf(tree).describe(tree.root, tree.levels);
  const known = new Map<Pattern, Span[]>();
  const of = (wanted: Pattern): Span[] => {
    const found = known.get(wanted) ?? spansIn(tree.format, wanted, of);
    known.set(wanted, found);
    return found;
  };
  // Below a superpage's size the address field holds flags (NPT's PAT bit).
  return of(pattern).map((span) => ({ ...span, maps: alignDown(span.maps + shift, span.order) }));
}

/** Spans of one table and all below it, counted from its first frame. */
function spansIn(format: Format, { level, words, children }: Pattern, below: (child: Pattern) => Span[]): Span[] {
  const size = pagesAt(level);
  const found: Span[] = [];
  const add = (span: Span): void => {
    const last = found.at(-1);
    if (last && continues(last, span)) found[found.length - 1] = { ...last, pages: last.pages + span.pages };
    else if (found.length < MOST_SPANS) found.push(span);
  };
  const access = accessReader(format, level);
  let next = 0;
  for (let index = 0; index < 512; index++) {
    const lo = words[2 * index]!;
    const hi = words[2 * index + 1]!;
    const kind = lo === 0 && hi === 0 ? EMPTY : format.kindOf(lo, hi, level);
    const start = index * size;
    if (kind === LEAF) {
      // The model writes leaves of its levels' own sizes only.
      add({ start, pages: size, maps: frameField(lo, hi), order: 9 * (level - 1), access: access(lo, hi) });
    }
    const child = children[next];
    if (child?.index !== index) continue;
    next++;
    const spans = below(child.pattern);
    const [only] = spans;
    const whole = only && spans.length === 1 && only.pages === size && child.step === size;
    for (let i = 0; i < (whole ? 1 : child.count); i++)
      for (const span of spans)
        add({
          ...span,
          start: start + i * size + span.start,
          pages: whole ? child.count * size : span.pages,
          maps: span.maps + child.shift + i * child.step,
        });
  }
  return found;
}

const continues = (a: Span, b: Span): boolean =>
  a.start + a.pages === b.start && a.maps + a.pages === b.maps && a.order === b.order && a.access === b.access;

/** Access rights of leaves; entries that differ only in their address are asked for once. */
function accessReader(format: Format, level: number): (lo: number, hi: number) => string {
  const known = new Map<number, string>();
  return (lo, hi) => {
    const key = (lo & 0xfff) + ((hi & 0xfff0_0000) >>> 0);
    const found = known.get(key) ?? format.decode({ lo, hi }, level).access;
    known.set(key, found);
    return found;
  };
}
