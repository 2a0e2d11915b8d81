import type { Mfn } from "../address.ts";
import type { FrameReader } from "../memory/memory.ts";
import { fitOf, GOOD_POINTER } from "./roots-convention.ts";
import type { Candidate } from "./roots-scan.ts";
import { score } from "./roots-weigh.ts";

/** Tables that are walked to find out what belongs to a better candidate. */
const MOST_WALKED = 2 ** 17;

const good = ({ weight }: Candidate): number => weight.leaves + weight.pointers;

/**
 * Candidates that are no part of another one's tree, best first. The upper tables of a tree make sense as roots
 * themselves, and so do stale ones that point into it: of two that point to each other, the better counts.
 */
export function tops(memory: FrameReader, candidates: readonly Candidate[]): Candidate[] {
  const ranked = [...candidates].sort(
    (a, b) =>
      score(b.weight) - score(a.weight) || good(b) - good(a) || b.weight.levels - a.weight.levels || a.root - b.root,
  );
  const byRoot = new Map(ranked.map((candidate, rank) => [candidate.root, { candidate, rank }]));
  const hidden = new Set<Mfn>();
  for (const [rank, parent] of ranked.entries())
    for (const child of pointersOf(memory, parent, parent.root, parent.weight.levels)) {
      const other = byRoot.get(child);
      if (!other || other.rank === rank || other.candidate.format.name !== parent.format.name) continue;
      const mutual = pointersOf(memory, other.candidate, child, other.candidate.weight.levels).includes(parent.root);
      // What holds far less than the tree that it points into is no parent of it.
      if (good(parent) * 2 >= good(other.candidate) && (!mutual || rank < other.rank)) hidden.add(child);
    }
  const claimed = new Set<number>();
  const budget = { left: MOST_WALKED };
  const found: Candidate[] = [];
  for (const candidate of ranked) {
    if (hidden.has(candidate.root) || claimed.has(candidate.root)) continue;
    found.push(candidate);
    claim(memory, candidate, candidate.root, candidate.weight.levels, claimed, budget);
  }
  return found;
}

function pointersOf(memory: FrameReader, { format }: Candidate, table: Mfn, level: number): Mfn[] {
  const words = memory.frame(table);
  const found: Mfn[] = [];
  if (!words || level < 2) return found;
  for (let i = 0; i < 2 * 2 ** format.indexBits(level); i += 2) {
    const lo = words[i]!;
    const hi = words[i + 1]!;
    if ((lo | hi) !== 0 && fitOf(format.name, lo, hi, level) === GOOD_POINTER)
      found.push(format.frameOf(lo, hi, level) as Mfn);
  }
  return found;
}

/** Take the tables below a root, but for those of level 1, which never look like roots. */
function claim(
  memory: FrameReader,
  tree: Candidate,
  table: Mfn,
  level: number,
  claimed: Set<number>,
  budget: { left: number },
): void {
  for (const child of pointersOf(memory, tree, table, level)) {
    if (claimed.has(child)) continue;
    claimed.add(child);
    if (level > 2 && budget.left-- > 0) claim(memory, tree, child, level - 1, claimed, budget);
  }
}
