/** `pages` frames from `a` on stand for as many from `b` on, as the entry of input frame `frame` on says. */
interface Pair {
  readonly a: number;
  readonly b: number;
  pages: number;
  readonly frame: number;
}

export interface Conflict {
  /** Input frame whose entry claims the pair (a, b), which another entry contradicts. */
  readonly frame: number;
  readonly a: number;
  readonly b: number;
}

/** A renaming of frames that ought to be one to one. Pairs are collected, and looked at all together. */
export interface Renaming {
  add(a: number, b: number, pages: number, frame: number): void;
  conflicts(): Conflict[];
}

export function newRenaming(): Renaming {
  const pairs: Pair[] = [];
  return {
    add(a, b, pages, frame) {
      const last = pairs.at(-1);
      if (last && last.a + last.pages === a && last.b + last.pages === b && last.frame + last.pages === frame)
        last.pages += pages;
      else pairs.push({ a, b, pages, frame });
    },
    conflicts: () => [...overlaps(pairs, "a"), ...overlaps(pairs, "b")],
  };
}

/** Pairs that overlap an earlier one on one side at another distance from the other side. */
function overlaps(pairs: readonly Pair[], side: "a" | "b"): Conflict[] {
  const sorted = [...pairs].sort((p, q) => p[side] - q[side]);
  const conflicts: Conflict[] = [];
  let end = -1;
  let distance = 0;
  for (const { a, b, pages, frame, [side]: start } of sorted) {
    if (start >= end) {
      end = start + pages;
      distance = b - a;
      continue;
    }
    if (b - a !== distance) conflicts.push({ frame, a, b });
    else end = Math.max(end, start + pages);
  }
  return conflicts;
}
