import { describe, expect, it } from "vitest";
import { audit } from "../../../src/inspect/audit/audit.ts";
import { GOLDENS, goldenTrees } from "./goldens.ts";

describe("tables that real Xen built", () => {
  it.each(GOLDENS)("%s is free of faults", (name) => {
    const trees = goldenTrees(name);
    const t = performance.now();
    const d = audit({ trees });
    console.log(name, Math.round(performance.now() - t), JSON.stringify(d.counts), d.notes.join("|"));
    const by = new Map<string, number>();
    for (const f of d.findings) {
      const n = by.get(f.rule) ?? 0;
      by.set(f.rule, n + 1);
      if (n < 3) console.log("   ", f.severity, f.rule, f.tree, f.at, f.pages, f.level, f.entry, f.says);
    }
    expect(d.counts.fault).toBe(0);
  });
});
