import type { Log } from "sarif";
import { describe, expect, it } from "vitest";
import { audit } from "../../src/inspect/audit/audit.ts";
import { diffSides, sideOfTree } from "../../src/inspect/diff.ts";
import { auditText } from "../../src/report/audit-text.ts";
import { diffText } from "../../src/report/diff-text.ts";
import { auditSarif } from "../../src/report/sarif.ts";
import { plainStyle } from "../../src/report/style.ts";
import { iommu, p2m, tree, xen } from "../inspect/audit/build.ts";

const document = audit(
  xen(p2m(tree("ept", [[0x200, 0x40000, 9]])), iommu(tree("vtd", [[0x200, 0x40200, 9]], 0x6f000))),
);

describe("an audit as text", () => {
  const text = auditText(document, plainStyle());

  it("shows what was looked at, each rule with what to do and what it rests on, and the counts", () => {
    expect(text).toContain("d1 p2m    ept  root 0x7f00_0000  4 levels  3 tables  xen");
    expect(text).toMatch(/fault {2}iommu-frame-differs {2}\(1\)\n {2}P2M and IOMMU lead/);
    expect(text).toContain("the P2M leads to mfn 0x40000, the IOMMU to 0x40200");
    expect(text).toMatch(/→ One of the two was not updated/);
    expect(text).toContain("page-table-formats.md 10 (4)");
    expect(text.trimEnd().split("\n").at(-1)).toBe("2 faults, 0 risks, 0 waste, 0 notes");
  });

  it("shows few findings of a rule, and all when asked", () => {
    const leaves = Array.from({ length: 9 }, (_, i) => [0x200 + 2 * i, 0x40000 + 2 * i, 0] as const);
    const many = audit(xen(p2m(tree("ept", leaves)), iommu(tree("vtd", [], 0x6f000))));
    expect(auditText(many, plainStyle())).toContain("… and 4 more");
    expect(auditText(many, plainStyle(), true)).not.toContain("more");
  });
});

describe("an audit as SARIF 2.1.0", () => {
  // The type is made from SARIF's own schema.
  const sarif: Log = auditSarif(document, ["a b/vm#1.core", "/x/y"], "1.2.3");
  const [run] = sarif.runs;
  const rules = run!.tool.driver.rules!;
  const results = run!.results!;

  it("has one run with the rules that applied, and a result for each finding", () => {
    expect(sarif).toMatchObject({ version: "2.1.0", $schema: expect.stringMatching(/sarif-2\.1\.0\.json$/) });
    expect(sarif.runs).toHaveLength(1);
    expect(run!.tool.driver).toMatchObject({ name: "physmap", version: "1.2.3" });
    expect(rules.map(({ id }) => id)).toEqual(document.rules.map(({ id }) => id));
    expect(results).toHaveLength(document.findings.length);
  });

  it("points each result at its rule, its file and its address", () => {
    for (const [i, { rule, at }] of document.findings.entries()) {
      const result = results[i]!;
      expect(result).toMatchObject({
        ruleId: rule,
        level: "error",
        message: { text: expect.stringContaining(at) },
        locations: [
          {
            physicalLocation: {
              artifactLocation: { uri: "a%20b/vm%231.core" },
              address: { absoluteAddress: Number(at) },
            },
          },
        ],
      });
      expect(rules[result.ruleIndex!]!.id).toBe(rule);
    }
    expect(run!.artifacts!.map(({ location }) => location!.uri)).toEqual(["a%20b/vm%231.core", "file:///x/y"]);
  });

  it("uses the levels that SARIF has", () => {
    const noted = audit(xen(iommu(tree("vtd", [[0xfee01, 0x40001, 0]]))));
    const log: Log = auditSarif(noted, ["a"], "1");
    expect(log.runs[0]!.results!.map(({ level }) => level)).toEqual(["note"]);
  });
});

describe("a diff as text", () => {
  const side = (mfn: number) => sideOfTree(p2m(tree("ept", [[0x200, mfn, 9]])));

  it("shows both sides of each range", () => {
    const text = diffText(diffSides([side(0x40000)], [side(0x40200)]), plainStyle());
    expect(text).toMatch(
      /^d1 p2m: 1 range differs\n {2}0x20_0000 - 0x3f_ffff {2}- {2}→ 0x4000_0000 {2}1 × 2 MiB {2}rwx {2}WB/,
    );
    expect(text).toMatch(/\+ {2}→ 0x4020_0000/);
  });

  it("says that nothing differs, and that nothing could be compared", () => {
    expect(diffText(diffSides([side(0x40000)], [side(0x40000)]), plainStyle())).toBe("d1 p2m: the same\n");
    expect(diffText(diffSides([side(0x40000)], []), plainStyle())).toContain("only on the left: d1 p2m");
  });
});
