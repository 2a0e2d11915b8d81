import { pagesOf } from "../../address.ts";
import type { Domain } from "../domain.ts";
import type { Rights } from "../rights.ts";
import { ADDED, flushIotlb, MODIFIED } from "./flush.ts";
import { requestMap, requestUnmap } from "./request.ts";

/**
 * What a P2M write means for the IOMMU (xen-mapping.md 5.9, 6.3): with shared tables a flush a block; with its own, a
 * map or unmap request a block; without an IOMMU context nothing. `n` blocks of 2^order frames from `dfn` on.
 */
export function mirror(
  domain: Domain,
  dfn: number,
  mfn: number,
  order: number,
  n: number,
  rights: Rights,
  wasPresent: boolean,
): number {
  if (domain.iommuMode === "none") return 0;
  if (domain.iommuMode === "shared") {
    flushShared(domain, dfn, pagesOf(order), n, rights, wasPresent);
    return 0;
  }
  const rc = rights === 0 ? requestUnmap(domain, dfn, order, n) : requestMap(domain, dfn, mfn, order, n, rights);
  return domain.machine.release.iommuErrorsReturned ? rc : 0;
}

function flushShared(domain: Domain, dfn: number, pages: number, n: number, rights: Rights, wasPresent: boolean): void {
  // Up to 4.11 the call is made whatever the rights are; its tag says whether the entry was present.
  const added = rights !== 0 || !domain.machine.release.iommuRequests;
  flushIotlb(domain, dfn, pages, (added ? ADDED : 0) | (wasPresent ? MODIFIED : 0), n);
}
