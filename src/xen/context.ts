import type { Domain } from "./domain.ts";
import { makeTables } from "./iommu/driver.ts";

/** Decide sharing (7.2) and make tables where they are the domain's own. */
export function makeContext(domain: Domain): void {
  const { machine } = domain;
  if (machine.iommu === null) return;
  if (domain.hap && machine.sharesTables && domain.wantsSharing) {
    domain.iommuMode = "shared";
    return;
  }
  makeTables(domain);
  domain.iommuMode = "sync";
}
