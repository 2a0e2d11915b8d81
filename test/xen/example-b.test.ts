/** Worked example B (xen-mapping.md 10.8): the guest address one page off, so 4 KiB everywhere; and 2 MiB off. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Ledger } from "../../src/xen/ledger.ts";
import { type Column, N, type Outcome, runColumn, titleOf } from "./examples.ts";

const U = 3;
const CALLS = 131_072;
const TABLES = 33 + 16_385;

const COMMON: Partial<Ledger> = {
  hypercalls: CALLS,
  positiveReturns: CALLS - 1,
  iterations: N,
  setEntries: N,
  p2mTables: TABLES,
  p2mPointers: TABLES,
  p2mEntries: N,
  iotlbCommands: 0,
  iotlbDomainCommands: 0,
  // Index and address disagree, so nothing ever coalesces.
  iommuMerges: 0,
};
const SHARED = { iommuMapCalls: 0, iommuVendorCalls: 0, iommuEntries: 0, iommuTables: 0, iotlbFlushes: N };
const OWN = { iommuMapCalls: N, iommuVendorCalls: N, iommuEntries: N, iommuTables: TABLES, iotlbFlushes: N };
const FREED = { iommuTablesFreed: TABLES, iotlbDomainCommands: 16_385 * U, iotlbCommands: (N - 16_385) * U };

interface Rows {
  readonly map: Partial<Ledger>;
  readonly unmap?: Partial<Ledger>;
  readonly wbinvd: number;
  readonly tests: number;
}

const COLUMNS: readonly (readonly [Column, Rows])[] = [
  [
    { xen: "4.11.4", iommu: "shared" },
    { map: SHARED, wbinvd: CALLS, tests: 0 },
  ],
  [
    { xen: "4.11.4", iommu: "vtd" },
    { map: OWN, wbinvd: CALLS, tests: 0 },
  ],
  [
    { xen: "4.11.4", iommu: "amdvi" },
    { map: { ...OWN, iotlbFlushes: 0 }, wbinvd: CALLS, tests: 0 },
  ],
  [
    { xen: "4.11.0", iommu: "amdvi" },
    { map: { ...OWN, iotlbCommands: N * U }, wbinvd: CALLS, tests: 0 },
  ],
  [
    { xen: "4.12", iommu: "shared" },
    { map: SHARED, wbinvd: CALLS, tests: 0 },
  ],
  [
    { xen: "4.16", iommu: "vtd" },
    { map: OWN, wbinvd: CALLS, tests: 0 },
  ],
  [
    { xen: "4.17.5", iommu: "shared" },
    { map: SHARED, wbinvd: 0, tests: N },
  ],
  [
    { xen: "4.18.3", iommu: "vtd" },
    { map: OWN, unmap: FREED, wbinvd: 0, tests: N },
  ],
  [
    { xen: "4.22", iommu: "amdvi" },
    { map: OWN, unmap: FREED, wbinvd: 0, tests: 0 },
  ],
];

describe.each(COLUMNS.map(([column, rows]) => [titleOf(column), column, rows] as const))("B: %s", (_, column, rows) => {
  let outcome: Outcome;
  beforeAll(() => {
    outcome = runColumn({ ...column, offset: 1 });
  }, 60_000);

  it("map", () => {
    const { map, steps, poolTaken } = outcome;
    expect(map).toMatchObject({ ...COMMON, ...rows.map });
    expect(map).toMatchObject({ cacheFlushes: rows.wbinvd, specialPageTests: rows.tests });
    expect(new Set(steps)).toEqual(new Set([0x40]));
    expect((poolTaken * 4) / 1024).toBeCloseTo(64.133, 3);
  });
  it("unmap", () => {
    const { unmap } = outcome;
    expect(unmap.tlbFlushes - unmap.memoryTypeMarks).toBe(N);
    // A flush that frees a table is for the whole domain; the last frame of a region frees its upper table with it.
    expect(unmap).toMatchObject(rows.unmap ?? { iotlbCommands: N * U, iotlbDomainCommands: 0, iommuTablesFreed: 0 });
    expect(unmap).toMatchObject({ hypercalls: CALLS, p2mTablesFreed: 0 });
  });
});

it.each<Column>([
  { xen: "4.17", iommu: "vtd" },
  { xen: "4.22", iommu: "amdvi" },
])("2 MiB off, $xen $iommu: as example A, but 33 level-2 tables stay", (column) => {
  const { map } = runColumn({ ...column, offset: 512 });
  expect(map).toMatchObject({ hypercalls: 256, iterations: 16_384, p2mTables: 33, iommuMapCalls: 16_384 });
  expect(map).toMatchObject({ iommuEntries: 16_384, iommuMerges: 0, iommuTables: 33, iommuTablesFreed: 0 });
  expect(map).toMatchObject({ iotlbFlushes: 16_384, iotlbDomainCommands: 0 });
});
