/** Worked example A (xen-mapping.md 10.7): every row and every column, map and unmap, with the remarks. */
import { beforeAll, describe, expect, it } from "vitest";
import type { Ledger } from "../../src/xen/ledger.ts";
import { type Column, N, type Outcome, runColumn, titleOf } from "./examples.ts";

const U = 3;
const C = 8;
const B = 16_384;
const REGIONS = 32;

/** Rows that tell one column from another; everything else follows or is the same in all. */
interface Rows {
  readonly small: boolean;
  readonly map: Partial<Ledger>;
  readonly unmap: Partial<Ledger>;
}

const blocks = (small: boolean): number => (small ? N : B);
const calls = (small: boolean): number => (small ? 131_072 : 256);

/** Rows of both tables that depend on the entry size alone. */
function common({ small }: Rows, { map, unmap, firstReturn, steps, poolTaken, poolGivenBack }: Outcome): void {
  const n = blocks(small);
  expect(map).toMatchObject({
    hypercalls: calls(small),
    infoCalls: 1,
    positiveReturns: calls(small) - 1,
    iterations: n,
    lookups: n,
    setEntries: n,
    retries: 0,
    p2mTables: REGIONS + (small ? B : 0),
    p2mPointers: REGIONS + (small ? B : 0),
    p2mEntries: n,
    m2pUpdates: 0,
  });
  expect(firstReturn).toBe(small ? 64 : 32_768);
  expect(new Set(steps)).toEqual(new Set([small ? 0x40 : 0x8000]));
  expect(poolTaken * 4).toBe(small ? 64.125 * 1024 : 128);
  expect(unmap).toMatchObject({ hypercalls: calls(small), iterations: n, p2mTablesFreed: 0, m2pUpdates: 0 });
  expect(poolGivenBack).toBe(0);
}

/** The action at the end of each call, up to 4.16: marks with a sync round each on EPT, and WBINVD everywhere. */
function memoryTypes({ map, unmap }: Outcome, small: boolean, ept: boolean, acts: boolean): void {
  const rounds = acts ? calls(small) : 0;
  const marks = ept ? rounds : 0;
  expect(map).toMatchObject({
    memoryTypeMarks: marks,
    // No round comes from an entry write: all replace absent entries.
    tlbFlushes: marks,
    markLeafStores: marks === 0 ? 0 : small ? 7_340_032 : 14_336,
    cacheFlushes: rounds,
    wbinvd: rounds * C,
    p2mTableInits: ept ? (small ? 8_404_992 : 16_384) : 0,
  });
  expect(unmap).toMatchObject({
    memoryTypeMarks: marks,
    tlbFlushes: blocks(small) + marks,
    cacheFlushes: rounds,
  });
}

const NOTHING = {
  iommuMapCalls: 0,
  iommuVendorCalls: 0,
  iommuEntries: 0,
  iommuTables: 0,
  iommuTablesFreed: 0,
  iommuPointers: 0,
  iommuMerges: 0,
  markerStores: 0,
  iotlbCommands: 0,
  iotlbDomainCommands: 0,
};

const SHARED: Rows = {
  small: false,
  map: { ...NOTHING, iotlbFlushes: B },
  unmap: {
    iommuVendorCalls: 0,
    iommuTablesFreed: 0,
    iommuSplitStores: 0,
    iotlbCommands: B * U,
    iotlbDomainCommands: 0,
  },
};

const FOUR_KIB = {
  ...NOTHING,
  iommuVendorCalls: N,
  iommuEntries: N,
  iommuTables: 16_416,
  iommuPointers: 16_416,
};

/** 4.9 to 4.11, own tables. AMD-Vi of the later point releases sends nothing for fresh entries. */
const OLD = (kind: Column["iommu"]): Rows => ({
  small: true,
  map: { ...FOUR_KIB, iommuMapCalls: N, iotlbFlushes: kind === "vtd" ? N : 0 },
  unmap: {
    iommuVendorCalls: N,
    iommuTables: 0,
    iommuTablesFreed: 0,
    iommuSplitStores: 0,
    iotlbCommands: N * U,
    iotlbDomainCommands: 0,
  },
});

const MIDDLE: Rows = {
  small: false,
  map: { ...FOUR_KIB, iommuMapCalls: B, iotlbFlushes: B },
  unmap: {
    iommuVendorCalls: N,
    iommuTables: 0,
    iommuTablesFreed: 0,
    iommuSplitStores: 0,
    iotlbCommands: B * U,
    iotlbDomainCommands: 0,
  },
};

const NEW: Rows = {
  small: false,
  map: {
    iommuMapCalls: B,
    iommuVendorCalls: B,
    iommuEntries: B + REGIONS,
    iommuMerges: REGIONS,
    iommuTables: REGIONS,
    iommuTablesFreed: REGIONS,
    iommuPointers: REGIONS,
    iotlbFlushes: B,
    iotlbCommands: 0,
    iotlbDomainCommands: REGIONS * U,
  },
  unmap: {
    iommuVendorCalls: B,
    iommuTables: REGIONS,
    iommuTablesFreed: REGIONS,
    iommuSplitStores: REGIONS * 512,
    iotlbCommands: 16_352 * U,
    iotlbDomainCommands: REGIONS * U,
  },
};

const COLUMNS: readonly (readonly [Column, Rows])[] = [
  [{ xen: "4.7", iommu: "shared" }, SHARED],
  [{ xen: "4.11.4", iommu: "shared" }, SHARED],
  [{ xen: "4.11.4", iommu: "vtd" }, OLD("vtd")],
  [{ xen: "4.11.1", iommu: "amdvi" }, OLD("amdvi")],
  [{ xen: "4.12", iommu: "shared" }, SHARED],
  [{ xen: "4.16", iommu: "shared" }, SHARED],
  [{ xen: "4.12", iommu: "vtd" }, MIDDLE],
  [{ xen: "4.16", iommu: "amdvi" }, MIDDLE],
  [{ xen: "4.17.4", iommu: "shared" }, SHARED],
  [{ xen: "4.22", iommu: "shared" }, SHARED],
  [{ xen: "4.17", iommu: "vtd" }, NEW],
  [{ xen: "4.19", iommu: "vtd" }, NEW],
  [{ xen: "4.17.5", iommu: "amdvi" }, NEW],
  [{ xen: "4.22", iommu: "amdvi" }, NEW],
];

const minorOf = ({ xen }: Column): number => Number(xen.split(".")[1]);

describe.each(COLUMNS.map(([column, rows]) => [titleOf(column), column, rows] as const))("A: %s", (_, column, rows) => {
  let outcome: Outcome;
  beforeAll(() => {
    outcome = runColumn(column);
  }, 60_000);

  it("calls, iterations, P2M", () => common(rows, outcome));
  it("memory types and CPU flushes", () =>
    memoryTypes(outcome, rows.small, column.iommu !== "amdvi", minorOf(column) <= 16));
  it("IOMMU, map", () => expect(outcome.map).toMatchObject(rows.map));
  it("IOMMU, unmap", () => expect(outcome.unmap).toMatchObject(rows.unmap));
  it("special-page tests", () => {
    const tests = ["4.17.5", "4.19", "4.22"].includes(column.xen) && column.iommu !== "amdvi";
    expect(outcome.map.specialPageTests).toBe(tests ? N : 0);
    expect(outcome.unmap.specialPageTests).toBe(0);
  });
  it("marker stores", () => {
    // 1,023 a filled level-2 table. A level-3 leaf of AMD-Vi only stores its own marker's zero: index and address
    // disagree modulo 512 GiB; VT-d does not get that far.
    expect(outcome.map.markerStores).toBe(rows === NEW ? REGIONS * 1023 : 0);
  });
});

describe("A: remarks", () => {
  it("4.7 and 4.8 unshared on VT-d: the map calls are unmap calls, which store nothing and make no table", () => {
    const { map } = runColumn({ xen: "4.8", iommu: "vtd", mapOnly: true });
    expect(map).toMatchObject({ ...NOTHING, iommuVendorCalls: N, iommuUnmapCalls: N, iotlbFlushes: 0 });
    expect(map).toMatchObject({ hypercalls: 131_072, p2mTables: 16_416, p2mEntries: N, cacheFlushes: 131_072 });
  }, 60_000);

  it("4.7 and 4.8 on AMD-Vi: the same tables, empty, and a command a frame", () => {
    const { map } = runColumn({ xen: "4.7", iommu: "amdvi", mapOnly: true });
    expect(map).toMatchObject({ iommuMapCalls: 0, iommuUnmapCalls: N, iommuVendorCalls: N, iommuEntries: 0 });
    expect(map).toMatchObject({ iommuTables: 16_416, iommuTablesFreed: 0, iotlbFlushes: N, iotlbCommands: N * U });
  }, 60_000);

  it("4.11.0 on AMD-Vi: a command a frame, and merging at any time", () => {
    const { map } = runColumn({ xen: "4.11.0", iommu: "amdvi", started: true, mapOnly: true });
    expect(map).toMatchObject({ iommuMapCalls: N, iotlbFlushes: N, iotlbCommands: N * U, iommuMerges: 16_416 });
    expect(map).toMatchObject({ iommuEntries: N + 16_416, iommuTables: 16_416, iommuTablesFreed: 16_416 });
    expect(map.iotlbDomainCommands).toBe(16_416 * U);
  }, 60_000);

  it("4.11.1 on AMD-Vi merges before the guest first runs, without a command a frame", () => {
    const { map } = runColumn({ xen: "4.11.4", iommu: "amdvi", started: false, mapOnly: true });
    expect(map).toMatchObject({ iotlbFlushes: 0, iotlbCommands: 0, iommuMerges: 16_416, iommuTablesFreed: 16_416 });
    expect(map).toMatchObject({ iommuEntries: N + 16_416, iommuTables: 16_416, iotlbDomainCommands: 16_416 * U });
  }, 60_000);

  it.each<Column>([
    { xen: "4.17", iommu: "vtd", has1g: false },
    // Depth 3: 4.22 takes it from the physical address width.
    { xen: "4.22", iommu: "amdvi", physBits: 39 },
  ])("$xen $iommu without 1 GiB keeps its level-2 tables", (column) => {
    const { map } = runColumn(column);
    expect(map).toMatchObject({ iommuEntries: B, iommuMerges: 0, iommuTables: REGIONS, iommuTablesFreed: 0 });
    expect(map).toMatchObject({ iotlbCommands: 0, iotlbDomainCommands: 0, iotlbFlushes: B });
  });
});
