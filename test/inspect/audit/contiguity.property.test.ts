import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FORMATS } from "../../../src/format/index.ts";
import { audit } from "../../../src/inspect/audit/audit.ts";
import { contiguityMarker, contiguityMarkerLow } from "../../../src/inspect/audit/rules/contiguity-marker.ts";
import { store } from "../../../src/radix/entries.ts";
import { initMarkers, updateMarkers } from "../../../src/xen/iommu/contiguity.ts";
import { tablesOf } from "../../radix/helpers.ts";
import { iommu, iommuRw, PLACES, tree, withMarkers, xen } from "./build.ts";

const markers = [contiguityMarker, contiguityMarkerLow];

/** Stores and clears in one table, with markers kept step by step as Xen does (xen-mapping.md 7.8). */
function kept(name: "vtd" | "amdvi", steps: readonly (readonly [from: number, count: number, delta: number | null])[]) {
  const made = withMarkers(tree(name, [[0x200, 0x40200, 0]]), PLACES[name]);
  const words = made.memory.words(tablesOf(made).get(1)![0]!);
  const place = PLACES[name];
  initMarkers(words, place);
  for (const [from, count, delta] of steps)
    for (let i = from; i < Math.min(from + count, 512); i++) {
      const raw = delta === null ? { lo: 0, hi: 0 } : FORMATS[name].encodeLeaf(0x80000 + delta + i, 0, iommuRw);
      store(words, i, raw.lo, raw.hi);
      updateMarkers(words, i, 1, delta === null ? "empty" : "leaf", place);
    }
  return { words, place, input: xen(iommu(made)) };
}

const step = fc.tuple(
  fc.integer({ min: 0, max: 511 }),
  fc.integer({ min: 1, max: 300 }),
  fc.constantFrom(0, 0, 512, 1, 64, null),
);
const steps = fc.array(step, { maxLength: 8 });
const format = fc.constantFrom("vtd" as const, "amdvi" as const);
const found = (input: Parameters<typeof audit>[0]) => audit(input, markers).findings;

describe("contiguity markers", () => {
  it("kept step by step are what the rules work out from the entries", () => {
    fc.assert(
      fc.property(format, steps, (name, list) => {
        expect(found(kept(name, list).input)).toEqual([]);
      }),
      { numRuns: 150 },
    );
  });

  it("of any other value are found", () => {
    fc.assert(
      fc.property(
        format,
        steps,
        fc.integer({ min: 0, max: 511 }),
        fc.integer({ min: 1, max: 15 }),
        (name, list, i, by) => {
          const { words, place, input } = kept(name, list);
          fc.pre(
            words.filter((_, at) => at % 2 === place.word && ((words[at]! >>> place.shift) & 15) !== 0).length > 20,
          );
          const at = 2 * i + place.word;
          words[at] = (words[at]! ^ (by << place.shift)) >>> 0;
          expect(found(input)).toMatchObject([{ at: `0x${((0x200 + i) * 4096).toString(16)}` }]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
