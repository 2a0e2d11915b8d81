import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { oneCall, splitStep } from "../../src/plan/trace-steps.ts";

describe("steps between lines (xen-mapping.md 2.3)", () => {
  it.each([
    ["0x40: 64 entries of 4 KiB", 0, 0, 0x40, { small: 64, large: 0 }],
    ["0x8000: 64 entries of 2 MiB", 0, 0, 0x8000, { small: 0, large: 64 }],
    ["a mixture: 10 + 512 × 54", 502, 502, 10 + 512 * 54, { small: 10, large: 54 }],
    ["0x40, where 2 MiB entries cannot be", 1, 0, 0x40, { small: 64, large: 0 }],
  ])("%s", (_, gfn, mfn, pages, entries) => {
    expect(splitStep(gfn, mfn, pages, "goes-on")).toEqual({ calls: 1, entries, sure: true });
  });

  it("b = (diff - 64) / 511 for every mixture of a full call", () => {
    for (let large = 0; large <= 64; large++) {
      const pages = 64 - large + 512 * large;
      expect(oneCall(0, 0, pages)).toEqual({ small: 64 - large, large });
      expect((pages - 64) / 511).toBe(large);
    }
  });

  it("tells how many lines are missing, and what their calls did", () => {
    expect(splitStep(0, 0, 0x80, "goes-on")).toEqual({ calls: 2, entries: { small: 128, large: 0 }, sure: true });
    expect(splitStep(1, 0, 0x8000, "goes-on")).toEqual({
      calls: 512,
      entries: { small: 0x8000, large: 0 },
      sure: true,
    });
    // Two calls of 2 MiB entries, or 513 and more of smaller ones: the fewest, and not sure.
    expect(splitStep(0, 0, 0x10000, "goes-on")).toEqual({ calls: 2, entries: { small: 0, large: 128 }, sure: false });
  });

  it("a call that stopped early is one only before a failure", () => {
    expect(splitStep(0, 0, 37, "failed")).toEqual({ calls: 1, entries: { small: 37, large: 0 }, sure: true });
    expect(splitStep(0, 0, 2 * 512, "failed")).toMatchObject({
      calls: 1,
      entries: { small: 0, large: 2 },
      sure: false,
    });
    expect(splitStep(0, 0, 2 * 512, "goes-on")).toEqual({ calls: 16, entries: { small: 1024, large: 0 }, sure: true });
  });

  it("a single call's entries follow from its pages alone", () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 64 }), fc.integer({ min: 0, max: 64 }), (a, b) => {
        fc.pre(a + b >= 1 && a + b <= 64);
        expect(oneCall(512 - (a % 512), 512 - (a % 512), a + 512 * b)).toEqual({ small: a, large: b });
      }),
      { numRuns: 200 },
    );
  });
});
