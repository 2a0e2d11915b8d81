import { describe, expect, it } from "vitest";
import { mutate } from "../../../scripts/audit/mutations.mjs";
import { EMPTY, FAULT, LEAF, TABLE } from "../../../src/format/format.ts";
import { audit } from "../../../src/inspect/audit/audit.ts";
import { mappedRuns } from "../../../src/inspect/mapped-run.ts";
import { goldenTrees } from "./goldens.ts";

const library = { audit, mappedRuns, kinds: { EMPTY, FAULT, LEAF, TABLE } } as const;

/** docs/audit.md has the numbers of a longer run (scripts/audit.mjs). */
describe("single bits flipped in real tables", () => {
  it.each(["s5a_deb417_iommu", "v_s5a_417_iommu", "ept_s5a_417"])(
    "%s: the audit names nearly all harmful ones",
    (name) => {
      const { flips, harmful, named, harmless, missed } = mutate(goldenTrees(name), 40, 1, library);
      expect(flips).toBe(40);
      expect(harmful + harmless).toBe(flips);
      expect(harmful).toBeGreaterThan(flips / 2);
      expect(named / harmful, JSON.stringify([...missed])).toBeGreaterThanOrEqual(0.9);
    },
  );

  it("counts no flip as named when no rule speaks", () => {
    const silent = { ...library, audit: (input: Parameters<typeof audit>[0]) => audit(input, []) };
    const { harmful, named, alarms } = mutate(goldenTrees("ept_s5a_417"), 20, 1, silent);
    expect(harmful).toBeGreaterThan(0);
    expect([named, alarms]).toEqual([0, 0]);
  });
});
