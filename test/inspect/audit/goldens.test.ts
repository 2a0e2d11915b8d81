import { describe, expect, it } from "vitest";
import { audit } from "../../../src/inspect/audit/audit.ts";
import { GOLDENS, goldenTrees } from "./goldens.ts";

/** More than ten thousand tables each: scripts/audit.mjs looks at them too. */
const LARGE = ["fic_4.11_noassign", "s3_416_iommu", "s3_417_hap2mb0"];

/** Scripts that map the same frames at several places on purpose. */
const ALIASED = ["ept_s7_417", "s7_deb417_noiommu", "v_s7_417_iommu"];
/** A dom0 in relaxed mode, whose IOMMU tables hold all RAM, or all below 4 GiB with map-inclusive (xen-mapping.md 7.9). */
const RELAXED = [
  "e_vtd_pvdom0_default_417",
  "fic_4.12_noassign",
  "dom0_pv-dom0-amdvi-relaxed_417",
  "dom0_pv-dom0-vtd-relaxed_417",
  "dom0_pv-dom0-amdvi-strict-inclusive_420",
];

describe("tables that real Xen built", () => {
  it.each(GOLDENS.filter((name) => !LARGE.includes(name)))(
    "%s: no fault, and only the risks that it was made for",
    (name) => {
      const { counts, rules, trees, notes } = audit({ trees: goldenTrees(name) });
      expect(trees.length).toBeGreaterThan(0);
      expect(counts.fault, JSON.stringify(rules)).toBe(0);
      const expected = ALIASED.includes(name)
        ? ["frame-aliased"]
        : RELAXED.includes(name)
          ? ["host-iommu-maps-tables"]
          : [];
      expect(rules.filter(({ severity }) => severity === "risk").map(({ id }) => id)).toEqual(expected);
      expect(notes).toEqual([]);
      for (const { format, owner } of trees) expect(owner).toBe(format === "ept" || format === "npt" ? "xen" : null);
    },
  );
});
