import { isAligned, ORDER_1G, ORDER_2M, ORDER_4K, type Order, offsetIn, pagesOf } from "../address.ts";
import { type Domain, usesIommu } from "./domain.ts";
import type { ReasonCode } from "./reasons.ts";

/** An order and the rule that gave it. */
export interface OrderDecision {
  readonly order: Order;
  readonly because: ReasonCode;
}

const decide = (order: Order, because: ReasonCode): OrderDecision => ({ order, because });
// One object a reason: decisions are made once a block and must not allocate.
const IOMMU_NOT_IN_USE = decide(ORDER_4K, "iommu-not-in-use");
const IOMMU_NOT_SHARED = decide(ORDER_4K, "iommu-not-shared");
const HAP_OFF = decide(ORDER_4K, "hap-off");
const MISALIGNED = decide(ORDER_4K, "misaligned");
const BEFORE_BOUNDARY = decide(ORDER_4K, "before-boundary");
const AFTER_BOUNDARY = decide(ORDER_4K, "after-boundary");
const NO_2M_ENTRIES = decide(ORDER_4K, "no-2m-entries");
const ALIGNED_2M = decide(ORDER_2M, "aligned-2m");
const ALIGNED_1G = decide(ORDER_1G, "aligned-1g");

/**
 * The order at which the next block of direct MMIO may be mapped (xen-mapping.md 1.2). Both frames and `left` are
 * those of the current position, `left` counting the pages still to do. Read-only frames and tables that are there
 * already may lower the order later; that is the installer's business.
 */
export function mmioOrder(domain: Domain, gfn: number, mfn: number, left: number): OrderDecision {
  const { machine } = domain;
  const { release } = machine;
  if (!domain.hap) return HAP_OFF;
  if (!release.mmioOrderNeedsHapOnly) {
    if (!usesIommu(domain)) return IOMMU_NOT_IN_USE;
    if (domain.iommuMode !== "shared") return IOMMU_NOT_SHARED;
  }
  if (!isAligned(gfn - mfn, ORDER_2M)) return MISALIGNED;
  if (!machine.p2m2m && !(machine.mmio1g && machine.p2m1g)) return NO_2M_ENTRIES;
  const toBoundary = offsetIn(512 - offsetIn(gfn, ORDER_2M), ORDER_2M);
  if (toBoundary > 0 || left < 512) return left - toBoundary >= 512 ? BEFORE_BOUNDARY : AFTER_BOUNDARY;
  if (
    machine.mmio1g &&
    machine.p2m1g &&
    isAligned(gfn, ORDER_1G) &&
    isAligned(mfn, ORDER_1G) &&
    left >= pagesOf(ORDER_1G) &&
    !(release.mmio1gNeedsNoSync && domain.iommuMode === "sync")
  )
    return ALIGNED_1G;
  return machine.p2m2m ? ALIGNED_2M : NO_2M_ENTRIES;
}
