/**
 * What a mapping cost, by kind. Exact, mergeable and cheap: one number a kind, booked where the cost arises. The kinds
 * are the rows of section 10 of xen-mapping.md; the sentence says what one unit is.
 */
export const LEDGER_KINDS = {
  hypercalls: "memory-mapping hypercalls (domctl XEN_DOMCTL_memory_mapping)",
  infoCalls: "get-domain-info hypercalls of the library call",
  positiveReturns: "hypercalls that returned a count of frames and had to be continued",
  iterations: "iterations of the mapping loop, 64 a hypercall at most",
  orderDecisions: "order decisions",
  retries: "attempts that were repeated at a smaller order",
  readOnlyTests: "range tests against mmio_ro_ranges before an attempt above order 0",
  locks: "P2M lock and unlock pairs",
  lookups: "P2M look-ups (walks from the root)",
  setEntries: "calls of the entry writer (EPT or NPT)",
  recalcWalks: "recalculation walks before an entry is written",
  p2mEntries: "P2M leaf stores, empty ones included",
  p2mTables: "P2M tables allocated from the paging pool",
  p2mTablesFreed: "P2M tables given back to the paging pool",
  p2mPointers: "P2M table-pointer stores",
  p2mTableInits: "stores that initialise new EPT tables (512 each)",
  p2mSplits: "P2M superpages split",
  m2pUpdates: "M2P words written",
  emtComputations: "effective memory types computed (EPT)",
  specialPageTests: "frames tested for being a special page (EPT)",
  memoryTypeMarks: "memory-type-changed actions: the top level marked for recalculation",
  markReads: "entries read while marks are set and passed down",
  markPointerStores: "table pointers rewritten by marks",
  markLeafStores: "leaves rewritten by marks (most of them written a call before)",
  recalcLeafStores: "leaves whose memory type was recomputed",
  tlbFlushes: "CPU flush rounds (interrupt to the CPUs that run the domain, and wait)",
  cacheFlushes: "rounds in which every CPU of the host writes back and invalidates its caches (WBINVD)",
  wbinvd: "WBINVD instructions: rounds times CPUs",
  iommuMapCalls: "IOMMU map requests",
  iommuUnmapCalls: "IOMMU unmap requests",
  iommuVendorCalls: "calls of the VT-d or AMD-Vi routine, one page of some size each",
  iommuEntries: "IOMMU leaf stores, empty ones included",
  iommuTables: "IOMMU tables allocated",
  iommuTablesFreed: "IOMMU tables freed",
  iommuPointers: "IOMMU table-pointer stores",
  iommuSplitStores: "stores that fill an IOMMU table when a superpage is split",
  iommuMerges: "IOMMU tables replaced by one larger leaf (coalescing, merging)",
  markerStores: "contiguity-marker stores",
  iotlbFlushes: "IOTLB flush calls (software)",
  iotlbCommands: "IOTLB invalidation commands for a range, times IOMMUs, waited for",
  iotlbDomainCommands: "IOTLB invalidation commands for a whole domain, times IOMMUs, waited for",
} as const;

export type LedgerKind = keyof typeof LEDGER_KINDS;
export type Ledger = Record<LedgerKind, number>;

const KINDS = Object.keys(LEDGER_KINDS) as LedgerKind[];

const BLANK = Object.fromEntries(KINDS.map((kind) => [kind, 0])) as Ledger;

/** A ledger with nothing on it. Copies of one object have one shape, so that booking, several times a page, is cheap. */
export const newLedger = (): Ledger => ({ ...BLANK });

function ledgerOf(value: (kind: LedgerKind) => number): Ledger {
  const ledger = newLedger();
  for (const kind of KINDS) ledger[kind] = value(kind);
  return ledger;
}

export const copyLedger = (ledger: Ledger): Ledger => ({ ...ledger });

/** Kind by kind: a + b. */
export const addLedgers = (a: Ledger, b: Ledger): Ledger => ledgerOf((kind) => a[kind] + b[kind]);

/** Kind by kind: what was booked between two states. */
export const subtractLedgers = (after: Ledger, before: Ledger): Ledger =>
  ledgerOf((kind) => after[kind] - before[kind]);

/** Kind by kind: n times the ledger. */
export const scaleLedger = (ledger: Ledger, n: number): Ledger => ledgerOf((kind) => ledger[kind] * n);
