import { describe, expect, it } from "vitest";
import { readInputs } from "../../src/inventory/index.ts";
import { type PlanDocument, parseKeys, plan } from "../../src/plan/index.ts";
import { asJson } from "./helpers.ts";

/** The contract's example: the large BAR of a P40 by itself (xen-mapping.md 10.7). */
const BAR = readInputs([
  {
    name: "lspci.txt",
    text: [
      "82:00.0 3D controller [0302]: NVIDIA Corporation GP102GL [Tesla P40] [10de:1b38] (rev a1)",
      "\tRegion 1: Memory at 383800000000 (64-bit, prefetchable) [size=32G]",
      "",
    ].join("\n"),
  },
  { name: "guest.cfg", text: 'type = "hvm"\nmemory = 32768\npci = [ "82:00.0" ]\n' },
]);

function planned(keys: string): PlanDocument {
  const parsed = parseKeys(keys);
  if (typeof parsed === "string") throw new Error(parsed);
  const result = plan(BAR, parsed, { advice: false, boot: false });
  if (typeof result === "string") throw new Error(result);
  return asJson(result.document);
}

describe("the contract's plan example", () => {
  const AT = "bar-address=82:00.0:1=0x1000000000";
  const slow = planned(`xen=4.11,cmdline=iommu=no-sharept,${AT}`);

  it("has the scenario, the BAR and its one piece", () => {
    expect(slow).toMatchObject({
      physmap: 1,
      kind: "plan",
      scenario: { cpu: "intel", guest: "hvm", hap: true, iommu: { enabled: true, shared: false } },
      devices: [
        {
          bdf: "0000:82:00.0",
          id: "10de:1b38",
          bars: [
            {
              index: 1,
              size: 34359738368,
              host: "0x383800000000",
              guest: "0x1000000000",
              prefetchable: true,
              width: 64,
              pieces: [
                {
                  gfn: "0x1000000",
                  mfn: "0x383800000",
                  pages: 8388608,
                  order: 0,
                  entries: 8388608,
                  because: "iommu-not-shared",
                },
              ],
              holes: [],
            },
          ],
        },
      ],
      time: { unit: "s", calibration: "default" },
      reasons: [{ code: "iommu-not-shared", pages: 8388608 }],
    });
    expect(slow.scenario.xen).toMatch(/^4\.11(\.0)?$/);
  });

  it("has the tables and the ledger, with version and kind in front", () => {
    expect(Object.keys(slow).slice(0, 2)).toEqual(["physmap", "kind"]);
    expect(slow.p2m).toEqual({ format: "ept", leaves: { "4k": 8388608, "2m": 0, "1g": 0 }, tables: 16416 });
    expect(slow.iommu).toEqual({ format: "vtd", leaves: { "4k": 8388608, "2m": 0, "1g": 0 }, tables: 16416 });
    expect(slow.ledger).toMatchObject({
      hypercalls: 131072,
      iterations: 8388608,
      p2mEntries: 8388608,
      iommuEntries: 8388608,
      p2mTables: 16416,
      iommuTables: 16416,
      m2pUpdates: 0,
      iotlbFlushes: 8388608,
      tlbFlushes: 131072,
    });
  });

  it("4.12 saves the hypercalls that the contract's advice names", () => {
    const fast = planned(`xen=4.12,cmdline=iommu=no-sharept,${AT}`);
    expect(slow.ledger.hypercalls - fast.ledger.hypercalls).toBe(130816);
  });

  it("iommu is null where there are no tables of its own", () => {
    expect(planned(`xen=4.11,${AT}`).iommu).toBeNull();
    expect(planned(`xen=4.12,cmdline=iommu=off,${AT}`).iommu).toBeNull();
  });
});
