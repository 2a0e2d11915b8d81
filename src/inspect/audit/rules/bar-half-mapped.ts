import { FrameSet } from "../../../ranges.ts";
import { outputFrames } from "../outputs.ts";
import type { Facts, Hit, Rule } from "../rule.ts";

export const barHalfMapped: Rule = {
  id: "bar-half-mapped",
  severity: "risk",
  says: "A part of a BAR is mapped and a part is not: the guest's driver works until it touches the rest.",
  reference: "xen-mapping.md 11.2; guest-mmio-layout.md",
  fix: "A mapping that failed half-way leaves such a state: look for errors of the domain's memory pool in xl dmesg (physmap plan says what it needs).",
  *check({ trees, input }: Facts): Generator<Hit> {
    for (const tree of trees) {
      const mapped = outputFrames([tree]);
      for (const { bdf, index, start, pages, holes } of input.bars ?? []) {
        if (!mapped.overlaps(start, pages)) continue;
        // Pages of the MSI-X table are left out on purpose.
        const wanted = holes.reduce(
          (set, hole) => set.remove(hole.start, hole.end - hole.start),
          FrameSet.empty().add(start, pages),
        );
        const missing = wanted.ranges.reduce(
          (set, r) => set + (r.end - r.start) - mapped.countIn(r.start, r.end - r.start),
          0,
        );
        if (missing === 0) continue;
        const first = tree.runs.find(({ maps, pages: n }) => maps !== null && maps < start + pages && maps + n > start);
        yield {
          tree,
          at: first?.start ?? 0,
          pages: missing,
          level: null,
          raw: null,
          says: `${bdf} BAR ${index}: ${missing} of ${wanted.pages} frames are not mapped`,
        };
      }
    }
  },
};
