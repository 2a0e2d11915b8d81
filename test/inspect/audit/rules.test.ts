import { describe, expect, it } from "vitest";
import { type Mfn, mfn } from "../../../src/address.ts";
import { audit } from "../../../src/inspect/audit/audit.ts";
import type { AuditInput } from "../../../src/inspect/audit/rule.ts";
import { RULES } from "../../../src/inspect/audit/rules/index.ts";
import type { WritableTree } from "../../../src/radix/tree.ts";
import { FrameSet } from "../../../src/ranges.ts";
import { put, tablesOf } from "../../radix/helpers.ts";
import {
  change,
  eptMmio,
  eptRam,
  iommu,
  iommuRw,
  type Leaf,
  nptMmio,
  PLACES,
  p2m,
  RAM,
  tree,
  withMarkers,
  xen,
} from "./build.ts";

interface Case {
  /** An input that the rule speaks of, and one that differs in what matters only. */
  readonly wrong: () => AuditInput;
  readonly right: () => AuditInput;
  /** What its first finding says. */
  readonly says: RegExp;
  /** Input address of its first finding. */
  readonly at?: string;
}

const BAR: Leaf[] = [[0x100000, 0x380000000, 9, eptMmio]];
const GUEST_RAM: Leaf[] = [[0x200, 0x40000, 9]];
const npt = (...leaves: Leaf[]): WritableTree => tree("npt", leaves);
const ept = (...leaves: Leaf[]): WritableTree => tree("ept", leaves);
const vtd = (leaves: readonly Leaf[], base = 0x6f000): WritableTree => tree("vtd", leaves, base);
const amdvi = (leaves: readonly Leaf[], base = 0x6f000): WritableTree => tree("amdvi", leaves, base);
/** The same P2M beside IOMMU tables. */
const beside = (...leaves: Leaf[]): AuditInput => xen(p2m(ept(...GUEST_RAM)), iommu(vtd(leaves)));
const lpages = (count: number, from = 0x400, to = 0x80400): Leaf[] =>
  Array.from({ length: count }, (_, i): Leaf => [from + i, to + i, 0]);

/** A VT-d tree with markers, and then something else in its level-1 table. */
function marked(edit: (words: Uint32Array) => void = () => {}): AuditInput {
  const made = withMarkers(vtd([[0x200, 0x40200, 0]]), PLACES.vtd);
  edit(made.memory.words(tablesOf(made).get(1)![0]!));
  return xen(iommu(made));
}

const CASES: Readonly<Record<string, Case>> = {
  "reserved-bits": {
    // 2 MiB leaf with bit 13 set; with bit 12 it is PAT (page-table-formats.md 2.5).
    wrong: () => xen(p2m(change(npt([0x200, 0x40000, 9]), 0x200, () => 0x00000000a3e020e7n))),
    right: () => xen(p2m(change(npt([0x200, 0x40000, 9]), 0x200, () => 0x00000000a3e010e7n))),
    says: /misaligned-large-page/,
    at: "0x200000",
  },
  "ept-misconfigured": {
    wrong: () => xen(p2m(change(ept([5, 0x40005, 0]), 5, () => 0x0000000000001006n))),
    right: () => xen(p2m(change(ept([5, 0x40005, 0]), 5, () => 0x0000000123456077n))),
    says: /W and X without R/,
    at: "0x5000",
  },
  "npt-supervisor": {
    wrong: () => xen(p2m(npt([5, 0x40005, 0, { ...RAM, user: false }]))),
    right: () => xen(p2m(npt([5, 0x40005, 0]))),
    says: /U\/S is clear/,
    at: "0x5000",
  },
  "table-outside-memory": {
    wrong: () => xen(p2m(change(npt([5, 0x40005, 0]), 5, () => 0x0000000012345067n, 2))),
    right: () => xen(p2m(npt([5, 0x40005, 0]))),
    says: /level 1 table at 0x12345000 is not in memory/,
  },
  "table-shared": {
    wrong() {
      const made = npt([5, 0x40005, 0], [0x205, 0x40205, 0]);
      const [first] = tablesOf(made).get(1)!;
      return xen(p2m(change(made, 0x205, () => ({ lo: (first! * 4096 + 0x67) >>> 0, hi: 0 }), 2)));
    },
    right: () => xen(p2m(npt([5, 0x40005, 0], [0x205, 0x40205, 0]))),
    says: /has another parent too/,
    at: "0x200000",
  },
  "table-cycle": {
    wrong() {
      const made = npt([5, 0x40005, 0]);
      return xen(p2m(change(made, 5, () => ({ lo: (made.root * 4096 + 0x67) >>> 0, hi: 0 }), 2)));
    },
    right: () => xen(p2m(npt([5, 0x40005, 0]))),
    says: /leads back to/,
  },
  "replicas-differ": {
    wrong: () => xen(iommu(change(amdvi([[4, 0x40004, 2]]), 6, ({ lo, hi }) => ({ lo, hi: hi & ~0x40000000 })))),
    right: () => xen(iommu(amdvi([[4, 0x40004, 2]]))),
    says: /1 of its 4 slots hold something else, slot 6 first/,
    at: "0x4000",
  },
  "maps-tables": {
    wrong: () => xen(p2m(npt([5, 0x7f001, 0]))),
    right: () => xen(p2m(npt([5, 0x7e001, 0]))),
    says: /leads to 1 frame\(s\) of the tables, from gfn 0x5 on/,
    at: "0x5000",
  },
  "maps-hypervisor": {
    wrong: () => ({
      ...xen(p2m(npt([0x200, 0x40000, 9]))),
      hypervisor: FrameSet.of<Mfn>({ start: 0x40010, end: 0x40020 }),
    }),
    right: () => ({
      ...xen(p2m(npt([0x200, 0x40000, 9]))),
      hypervisor: FrameSet.of<Mfn>({ start: 0x40200, end: 0x40210 }),
    }),
    says: /leads to 16 frame\(s\) of the hypervisor, from gfn 0x210 on/,
    at: "0x210000",
  },
  "iommu-frame-differs": {
    wrong: () => beside([0x200, 0x40200, 9]),
    right: () => beside([0x200, 0x40000, 9]),
    says: /the P2M leads to mfn 0x40000, the IOMMU to 0x40200/,
    at: "0x200000",
  },
  "iommu-writes-read-only": {
    wrong: () => xen(p2m(ept([0x200, 0x40000, 0, { ...eptRam, write: false }])), iommu(vtd([[0x200, 0x40000, 0]]))),
    right: () => xen(p2m(ept([0x200, 0x40000, 0])), iommu(vtd([[0x200, 0x40000, 0]]))),
    says: /the P2M says r-x, the IOMMU rw-/,
    at: "0x200000",
  },
  "iommu-extra": {
    wrong: () => beside(...GUEST_RAM, [0x800, 0x40000, 9]),
    right: () => beside(...GUEST_RAM),
    says: /the IOMMU leads to mfn 0x40000/,
    at: "0x800000",
  },
  "iommu-reaches-beyond": {
    wrong: () => beside(...GUEST_RAM, [0x800, 0x40200, 9]),
    right: () => beside(...GUEST_RAM, [0x800, 0x40000, 9]),
    says: /512 frame\(s\) from mfn 0x40200 on/,
    at: "0x800000",
  },
  "frame-two-domains": {
    wrong: () => xen(p2m(ept(...GUEST_RAM)), p2m(tree("ept", [[0x900, 0x40010, 0]], 0x8f000), 2)),
    // A grant says that it is somebody else's (type 7, xen-mapping.md 3.1).
    right: () =>
      xen(
        p2m(ept(...GUEST_RAM)),
        p2m(
          tree(
            "ept",
            [[0x900, 0x40010, 0, { ...eptRam, execute: false, software: { lo: 0, hi: (7 << 20) | (7 << 26) } }]],
            0x8f000,
          ),
          2,
        ),
      ),
    says: /mfn 0x40010, 1 frame\(s\): in d1 p2m too, at gfn 0x210/,
    at: "0x900000",
  },
  "contiguity-marker": {
    // Entry 0 is a leaf now, and its marker still says that all 512 are empty (xen-mapping.md 7.8).
    wrong: () => marked((words) => words.set([0x40200803, 0x00900000])),
    right: () => marked(),
    says: /the marker of entry 0 promises 2\^9 like entries, there are 2\^0/,
    at: "0x200000",
  },
  "table-lacks-rights": {
    wrong: () => xen(p2m(change(ept([5, 0x40005, 0]), 5, ({ lo, hi }) => ({ lo: lo & ~2, hi }), 3))),
    right: () => xen(p2m(ept([5, 0x40005, 0]))),
    says: /the pointer's rights are r-x/,
  },
  "type-contradicts-rights": {
    wrong: () => xen(p2m(npt([5, 0x40005, 0, { ...RAM, write: false }]))),
    right: () => xen(p2m(npt([5, 0x40005, 0, { ...RAM, write: false, software: { lo: 0, hi: 3 << 20 } }]))),
    says: /type 0: may not be written/,
    at: "0x5000",
  },
  "one-bit-off": {
    wrong: () =>
      xen(p2m(ept(...lpages(5).map(([at, to, order], i): Leaf => [at, i === 2 ? to + 0x100000 : to, order])))),
    right: () =>
      xen(p2m(ept(...lpages(5).map(([at, to, order], i): Leaf => [at, i === 2 ? to + 0x300000 : to, order])))),
    says: /leads to mfn 0x180402, its neighbours would have 0x80402 here/,
    at: "0x402000",
  },
  "iommu-lacks-rights": {
    wrong: () => beside([0x200, 0x40000, 9, { read: true }]),
    right: () => beside([0x200, 0x40000, 9]),
    says: /the P2M says rwx, the IOMMU r--/,
    at: "0x200000",
  },
  "iommu-missing": {
    wrong: () => beside(),
    right: () => beside([0x200, 0x40000, 9]),
    says: /the P2M leads to mfn 0x40000, the IOMMU nowhere/,
    at: "0x200000",
  },
  "frame-aliased": {
    wrong: () => xen(p2m(ept([0x200, 0x40000, 9], [0x600, 0x40100, 0]))),
    right: () => xen(p2m(ept([0x200, 0x40000, 9], [0x600, 0x40200, 0]))),
    says: /mfn 0x40100, 1 frame\(s\): at gfn 0x300 too/,
    at: "0x600000",
  },
  "host-reaches-guest": {
    wrong: () => xen(p2m(ept(...GUEST_RAM)), iommu(tree("vtd", [[0x40000, 0x40000, 9]], 0x8f000), 0)),
    right: () => xen(p2m(ept(...GUEST_RAM)), iommu(tree("vtd", [[0x40200, 0x40200, 9]], 0x8f000), 0)),
    says: /mfn 0x40000, 512 frame\(s\): in d1 p2m too, at gfn 0x200/,
  },
  "host-iommu-maps-tables": {
    wrong: () => xen(p2m(ept(...GUEST_RAM)), iommu(tree("vtd", [[0x7f000, 0x7f000, 0]], 0x8f000), 0)),
    right: () => xen(p2m(ept(...GUEST_RAM)), iommu(tree("vtd", [[0x7e000, 0x7e000, 0]], 0x8f000), 0)),
    says: /leads to 1 frame\(s\) of the tables/,
    at: "0x7f000000",
  },
  "device-memory-write-back": {
    wrong: () => xen(p2m(ept([0x100000, 0x380000000, 9, { ...eptMmio, emt: 6 }]))),
    right: () => xen(p2m(ept(...BAR))),
    says: /memory type WB/,
    at: "0x100000000",
  },
  "bar-half-mapped": {
    wrong: () => ({ ...xen(p2m(ept(...BAR))), bars: [bar(0x380000000, 1024)] }),
    // The page that is missing holds the MSI-X table.
    right: () => ({
      ...xen(p2m(ept(...BAR))),
      bars: [{ ...bar(0x380000000, 513), holes: [{ start: 0x380000200, end: 0x380000201 }] }],
    }),
    says: /0000:82:00.0 BAR 1: 512 of 1024 frames are not mapped/,
    at: "0x100000000",
  },
  "superpage-missed": {
    wrong: () => xen(p2m(ept(...lpages(513)))),
    // One frame further on, alignment allows none.
    right: () => xen(p2m(ept(...lpages(513, 0x400, 0x80401)))),
    says: /513 entries of 4 KiB, though 1 of 2 MiB would do: saves 511 entries and 1 tables \(4 KiB\)/,
    at: "0x400000",
  },
  "executable-device-memory": {
    wrong: () => xen(p2m(ept(...BAR))),
    right: () => xen(p2m(ept([0x100000, 0x380000000, 9, { ...eptMmio, execute: false }]))),
    says: /access rwx/,
    at: "0x100000000",
  },
  "device-memory-two-domains": {
    wrong: () =>
      xen(
        p2m(npt([0x100000, 0x380000000, 9, nptMmio])),
        p2m(tree("npt", [[0x380000000, 0x380000000, 9, nptMmio]], 0x8f000), 0),
      ),
    right: () =>
      xen(
        p2m(npt([0x100000, 0x380000000, 9, nptMmio])),
        p2m(tree("npt", [[0x380000200, 0x380000200, 9, nptMmio]], 0x8f000), 0),
      ),
    says: /in d1 p2m too, at gfn 0x100000/,
  },
  "recalculation-pending": {
    // EMT 7 in a pointer (page-table-formats.md 1.8).
    wrong: () => xen(p2m(change(ept([5, 0x40005, 0]), 5, ({ lo, hi }) => ({ lo: lo | 0x38, hi }), 2))),
    right: () => xen(p2m(ept([5, 0x40005, 0]))),
    says: /memory type 7/,
  },
  "mmio-marker": {
    wrong: () => ({ trees: [p2m(change(ept([5, 0x40005, 0]), 5, () => 0x0000000000001006n))], owner: "kvm" }),
    right: () => ({ trees: [p2m(ept([5, 0x40005, 0]))], owner: "kvm" }),
    says: /W and X without R/,
    at: "0x5000",
  },
  "contiguity-marker-low": {
    wrong: () => marked((words) => words.set([0, 0], 4)),
    right: () => marked(),
    says: /the marker of entry 2 is 0, there are 2\^1 like entries/,
    at: "0x202000",
  },
  "level-skipped": {
    wrong() {
      const made = amdvi([[0, 0x40000, 0]]);
      const [low] = tablesOf(made).get(1)!;
      // From level 3 to level 1: Next Level 1.
      return xen(iommu(change(made, 0, () => ({ lo: low! * 4096 + 0x201, hi: 0x60000000 }), 3)));
    },
    right: () => xen(iommu(amdvi([[0, 0x40000, 0]]))),
    says: /from level 3 to level 1/,
  },
  "interrupt-window": {
    wrong: () => xen(iommu(vtd([[0xfee01, 0x40001, 0]]))),
    right: () => xen(iommu(vtd([[0xfef00, 0x40001, 0]]))),
    says: /interrupt window/,
    at: "0xfee01000",
  },
};

function bar(start: number, pages: number) {
  return { bdf: "0000:82:00.0", index: 1, start, pages, holes: [] };
}

describe("a flag that is one bit off", () => {
  const flags = (software: number): Leaf[] =>
    lpages(5).map(
      ([at, to, order], i): Leaf => [at, to, order, { ...eptRam, ipat: i === 2, software: { lo: 0, hi: software } }],
    );

  it("is found in Xen's P2M, whose neighbours have none such", () => {
    const found = audit(xen(p2m(ept(...flags(7 << 26))))).findings.filter(({ rule }) => rule === "one-bit-off");
    expect(found).toMatchObject([
      { at: "0x402000", says: expect.stringMatching(/flags 0x1c00000000000877, its .* 0x1c00000000000837/) },
    ]);
    const kvm = audit({ trees: [p2m(ept(...flags(0)))], owner: "kvm" });
    expect(kvm.findings.filter(({ rule }) => rule === "one-bit-off")).toEqual([]);
  });
});

describe("the rules of the audit", () => {
  it("have a case each, an id of their own, and say what to do and why", () => {
    expect(Object.keys(CASES).sort()).toEqual(RULES.map(({ id }) => id).sort());
    for (const { id, says, fix, reference } of RULES) {
      expect(id).toMatch(/^[a-z][a-z0-9-]+$/);
      expect(says).toMatch(/\.$/);
      expect(fix).toMatch(/^[A-Z].{20,}[^ ]$/);
      expect(reference).toMatch(/\.md \d/);
    }
  });

  it.each(Object.entries(CASES))("%s", (id, { wrong, right, says, at }) => {
    const found = audit(wrong());
    const mine = found.findings.filter(({ rule }) => rule === id);
    expect(mine.length, "where it should speak").toBeGreaterThan(0);
    expect(mine[0]!.says).toMatch(says);
    if (at !== undefined) expect(mine[0]!.at).toBe(at);
    expect(found.rules.find((rule) => rule.id === id)!.findings).toBe(mine.length);
    expect(
      audit(right()).findings.filter(({ rule }) => rule === id),
      "where it should not",
    ).toEqual([]);
  });

  it("find nothing in what Xen writes", () => {
    const guest = xen(
      p2m(ept([0x200, 0x40000, 9], [5, 0x50005, 0], [0x100000, 0x380000001, 0, eptMmio])),
      iommu(
        vtd([
          [0x200, 0x40000, 9],
          [5, 0x50005, 0, iommuRw],
          [0x100000, 0x380000001, 0],
        ]),
      ),
    );
    const { counts, notes } = audit(guest);
    expect({ ...counts, note: 0 }).toEqual({ fault: 0, risk: 0, waste: 0, note: 0 });
    expect(notes).toEqual([]);
  });
});

describe("an audit", () => {
  it("reads a tree that P2M and IOMMU share once, and compares it with nothing", () => {
    const shared = ept(...GUEST_RAM);
    const { rules, trees } = audit(xen(p2m(shared), iommu(shared)));
    expect(trees).toHaveLength(2);
    expect(rules.map(({ id }) => id)).not.toContain("iommu-missing");
    expect(rules.map(({ id }) => id)).not.toContain("table-shared");
  });

  it("is bounded on tables that all lead to one another, and says what it left out", () => {
    const made = npt([0, 0x40000, 0]);
    const tables = [...tablesOf(made).values()].flat();
    for (const at of tables)
      for (let i = 0; i < 512; i++) put(made, at, i, { lo: (tables[i % 4]! * 4096 + 0x67) >>> 0, hi: 0 });
    const document = audit(xen(p2m(made)));
    expect(document.counts.fault).toBeGreaterThan(1000);
    expect(document.findings.length).toBeLessThanOrEqual(100 * RULES.length);
    expect(document.notes.join()).toMatch(/the first 100 of \d+ findings are listed/);
    expect(document.notes.join()).toMatch(/shared|were compared/);
  });

  it("speaks of a root that is not in memory", () => {
    const made = npt();
    const document = audit(xen(p2m({ ...made, root: mfn(0x123) })));
    expect(document.findings).toMatchObject([{ rule: "table-outside-memory", says: /0x123000 is not in memory/ }]);
  });
});
