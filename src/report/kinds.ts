import type { LedgerKind } from "../xen/ledger.ts";

/** Short titles of the ledger kinds that everybody wants to see, in the order in which reports show them. */
export const KIND_TITLES: Readonly<Partial<Record<LedgerKind, string>>> = {
  hypercalls: "mapping hypercalls",
  iterations: "loop iterations",
  p2mEntries: "P2M entries written",
  p2mTables: "P2M tables allocated",
  iommuEntries: "IOMMU entries written",
  iommuTables: "IOMMU tables allocated",
  iommuMerges: "IOMMU tables merged into a leaf",
  cacheFlushes: "rounds: all CPUs flush their caches",
  tlbFlushes: "rounds: CPUs flush the guest's TLB",
  iotlbFlushes: "IOTLB flush calls",
  iotlbCommands: "IOTLB commands",
  iotlbDomainCommands: "IOTLB commands, whole domain",
  markLeafStores: "leaves rewritten by marks",
  specialPageTests: "frames tested for being special",
  m2pUpdates: "M2P words written",
  retries: "retries at a smaller order",
};

export const HEADLINE_KINDS = Object.keys(KIND_TITLES) as readonly LedgerKind[];

/** What time goes to, by the kinds that have a cost. */
export const TIME_TITLES: Readonly<Partial<Record<LedgerKind, string>>> = {
  hypercalls: "hypercalls",
  infoCalls: "hypercalls that ask about the domain",
  setEntries: "writing P2M entries",
  retries: "retries",
  p2mTables: "P2M tables",
  m2pUpdates: "M2P words",
  specialPageTests: "special-page tests",
  markReads: "marking entries for recalculation",
  markLeafStores: "marking leaves for recalculation",
  recalcLeafStores: "recomputing memory types",
  tlbFlushes: "TLB flush rounds",
  cacheFlushes: "cache flushes on all CPUs",
  iommuVendorCalls: "writing IOMMU entries",
  iommuTables: "IOMMU tables",
  iotlbFlushes: "IOTLB flush calls",
  iotlbCommands: "IOTLB commands",
  iotlbDomainCommands: "whole-domain IOTLB commands",
};
