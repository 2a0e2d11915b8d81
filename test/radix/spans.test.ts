import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { runs } from "../../src/radix/runs.ts";
import { type Span, spansOf } from "../../src/radix/spans.ts";
import type { WritableTree } from "../../src/radix/tree.ts";
import { longScenario, runScenario, scenario } from "../xen/scripts.ts";

/** The same from the tree's runs, which look at every entry. */
function fromRuns(tree: WritableTree): Span[] {
  const spans: Span[] = [];
  for (const { start, pages, maps, order, level, lo, hi } of runs(tree)) {
    if (maps === null) continue;
    const { access } = tree.format.decode({ lo, hi }, level);
    const last = spans.at(-1);
    const goesOn = last && last.start + last.pages === start && last.maps + last.pages === maps;
    if (goesOn && last.order === order && last.access === access)
      spans[spans.length - 1] = { ...last, pages: last.pages + pages };
    else spans.push({ start, pages, maps, order, access });
  }
  return spans;
}

describe("spans of a tree", () => {
  it.each([
    ["short scripts", scenario, 200],
    ["long requests", longScenario, 20],
  ] as const)("are its runs, but for what else the entries say: %s", (_, scripts, numRuns) => {
    let seen = 0;
    fc.assert(
      fc.property(scripts, (chosen) => {
        const { world } = runScenario(chosen, false);
        for (const { p2m, iommu } of world.domains.values())
          for (const tree of iommu ? [p2m, iommu.tree] : [p2m]) {
            const expected = fromRuns(tree);
            seen += expected.length;
            expect(spansOf(tree)).toEqual(expected);
          }
      }),
      { numRuns },
    );
    expect(seen).toBeGreaterThan(numRuns);
  });
});
