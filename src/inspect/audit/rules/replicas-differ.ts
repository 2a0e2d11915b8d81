import { LEAF } from "../../../format/format.ts";
import { pagesAt } from "../../../radix/tree.ts";
import type { Hit, Rule } from "../rule.ts";

export const replicasDiffer: Rule = {
  id: "replicas-differ",
  severity: "fault",
  says: "A leaf between two levels' sizes is not repeated in all its slots: what a device reaches depends on the slot.",
  reference: "page-table-formats.md 4.3, 10 (3)",
  fix: "Every slot that the size covers must hold the same entry, accessed and dirty bits aside.",
  *table(tree, { level, base }, words): Generator<Hit> {
    const { format } = tree.tree;
    if (format.name !== "amdvi") return;
    const ignore = format.bookkeepingMask(level);
    let next = 0;
    for (let i = 0; i < 2 ** format.indexBits(level); i++) {
      const lo = words[2 * i]!;
      const hi = words[2 * i + 1]!;
      // Present with Next Level 7: what may have replicas at all.
      if (i < next || (lo & 0xe01) !== 0xe01 || format.kindOf(lo, hi, level) !== LEAF) continue;
      const replicas = 2 ** (format.orderOf(lo, hi, level) - 9 * (level - 1));
      if (replicas <= 1) continue;
      const first = i - (i % replicas);
      next = Math.min(first + replicas, 512);
      const differs = (slot: number): boolean =>
        ((words[2 * slot]! ^ lo) & ~ignore.lo) !== 0 || ((words[2 * slot + 1]! ^ hi) & ~ignore.hi) !== 0;
      const slots = Array.from({ length: next - first }, (_, k) => first + k).filter(differs);
      if (slots.length > 0)
        yield {
          tree,
          at: base + first * pagesAt(level),
          pages: replicas * pagesAt(level),
          level,
          raw: { lo, hi },
          says: `${slots.length} of its ${replicas} slots hold something else, slot ${slots[0]} first`,
        };
    }
  },
};
