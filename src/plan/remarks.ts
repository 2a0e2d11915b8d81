import type { PlatformCode } from "../platform/reasons.ts";
import { reasonOf } from "../platform/reasons.ts";
import { usesIommu } from "../xen/domain.ts";
import type { PlanRemark } from "./document.ts";
import type { Layout } from "./layout.ts";
import type { Scenario } from "./scenario.ts";
import type { Simulation } from "./simulate.ts";

const thousands = (n: number): string => n.toLocaleString("en");

/** What this release does to these devices that no reason for an order tells: hidden costs and memory types. */
export function remarksFor(scenario: Scenario, simulation: Simulation): readonly PlanRemark[] {
  const remarks: PlanRemark[] = [];
  const { ledger, domain, machine } = simulation;
  const { release, cpu } = scenario;
  if (scenario.guest.kind === "pv") {
    remarks.push({
      code: "pv-maps-itself",
      says: "A PV guest has no P2M: it maps machine frames in its own page tables, checked against its iomem permission, and nothing is entered anywhere else.",
    });
    return remarks;
  }
  if (ledger.cacheFlushes > 0)
    remarks.push({
      code: "cache-flush-each-call",
      says: `Up to Xen 4.16 each mapping hypercall makes every processor write back and invalidate its caches: ${thousands(ledger.cacheFlushes)} rounds on ${machine.cpus} CPU${machine.cpus === 1 ? "" : "s"} for one mapping. 4.17 ended that.`,
    });
  if (ledger.specialPageTests > 0 && release.emtIgnoresMfnValid)
    remarks.push({
      code: "special-page-scan",
      says: `From 4.17.5, 4.18.3 and 4.19 on, EPT mapping tests each 4 KiB frame for being a special page, in 2 MiB blocks too: ${thousands(ledger.specialPageTests)} tests here, about seven times the instructions of 4.12 where entries are 2 MiB.`,
    });
  if (cpu === "intel" && domain.hap && release.emtSpecialPagesBeforeMmio && !release.emtIgnoresMfnValid)
    remarks.push({
      code: "no-write-combining",
      says: `Xen ${release.name} forces BARs above the host's RAM to be strictly uncached (UC with IPAT), so the guest cannot write-combine its frame buffer; 4.17.5, 4.18.3 and 4.19 allow it again.`,
    });
  if (usesIommu(domain) && domain.iommuMode === "sync" && !release.iommuMapsMmio)
    remarks.push({
      code: "no-peer-to-peer",
      says: "Up to Xen 4.8 direct MMIO is not entered into IOMMU tables of their own: devices cannot reach each other's BARs.",
    });
  if (
    domain.iommuMode === "sync" &&
    release.iommuRequests &&
    !release.iommuSuperpages &&
    simulation.p2mLeaves["2m"] > 0
  )
    remarks.push({
      code: "iommu-4k-only",
      says: "From 4.12 to 4.16 the IOMMU's own tables are filled with 4 KiB entries only: 512 for each 2 MiB entry of the P2M. 4.17 uses superpages there too.",
    });
  return remarks;
}

/** Statements behind this plan that are not confirmed: the platform's, and the model's own. */
export function unverifiedIn(scenario: Scenario, layout: Layout, simulation: Simulation): readonly PlanRemark[] {
  const found = new Map<string, string>();
  const note = (code: PlatformCode, says?: string): void => void found.set(code, says || reasonOf(code).says);
  for (const remark of layout.remarks) if (remark.unverified) note(remark.code, remark.says);
  for (const { bars } of layout.devices)
    for (const { remarks, placed } of bars) {
      for (const remark of remarks) if (remark.unverified) note(remark.code, remark.says);
      if (placed && placed !== "given" && placed !== "observed" && reasonOf(placed).unverified) note(placed);
    }
  for (const { boot } of simulation.devices) for (const step of boot.steps) if (step.unverified) note(step.because);
  if (scenario.guest.kind === "hvm" && !simulation.domain.hap)
    found.set(
      "shadow-memory-type",
      "In shadow mode the effective memory type is computed when a shadow entry is built; how exactly is not confirmed.",
    );
  return [...found].map(([code, says]) => ({ code, says }));
}
