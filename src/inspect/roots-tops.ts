import type { Mfn } from "../address.ts";
import type { FrameReader } from "../memory/memory.ts";
import { fitOf, GOOD_POINTER } from "./roots-convention.ts";
import type { Candidate } from "./roots-scan.ts";
import { score } from "./roots-weigh.ts";

/** Tables that are walked to find out what belongs to a better candidate, and pairs that are looked at both ways. */
const MOST_WALKED = 2 ** 17;
const MOST_PAIRS = 2 ** 17;

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
  let pairs = 0;
  for (const [rank, parent] of ranked.entries())
    for (const child of pointersOf(memory, parent, parent.root, parent.weight.levels)) {
      const other = byRoot.get(child);
      if (!other || other.rank === rank || other.candidate.format.name !== parent.format.name) continue;
      // What holds far less than the tree that it points into is no parent of it.
      if (good(parent) * 2 < good(other.candidate)) continue;
      const isBetter = rank < other.rank;
      if (isBetter || (pairs++ < MOST_PAIRS && !pointsTo(memory, other.candidate, parent.root))) hidden.add(child);
    }
  const candidate = (mfn: Mfn): boolean => byRoot.has(mfn);
  const walk: Walk = { memory, candidate, claimed: new Set(), walked: new Set() };
  const found: Candidate[] = [];
  for (const top of ranked) {
    if (hidden.has(top.root) || walk.claimed.has(top.root)) continue;
    found.push(top);
    claim(walk, top, top.root, top.weight.levels);
  }
  return found;
}

const pointsTo = (memory: FrameReader, from: Candidate, to: Mfn): boolean =>
  pointersOf(memory, from, from.root, from.weight.levels).includes(to);

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

interface Walk {
  readonly memory: FrameReader;
  readonly candidate: (mfn: Mfn) => boolean;
  /** Candidates that are tables of a better one's tree. */
  readonly claimed: Set<Mfn>;
  readonly walked: Set<Mfn>;
}

/** Claim the candidates among a tree's tables. */
function claim(walk: Walk, tree: Candidate, table: Mfn, level: number): void {
  if (level < 2 || walk.walked.has(table) || walk.walked.size >= MOST_WALKED) return;
  walk.walked.add(table);
  for (const child of pointersOf(walk.memory, tree, table, level)) {
    if (walk.candidate(child)) walk.claimed.add(child);
    claim(walk, tree, child, level - 1);
  }
}
