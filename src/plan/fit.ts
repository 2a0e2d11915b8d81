import type { Inventory } from "../inventory/types.ts";
import type { Carried } from "./carry-out.ts";
import { dropOff } from "./cmdline.ts";
import { type FitFinding, shadowMemory } from "./finding.ts";
import { placeFindings } from "./fit-places.ts";
import { refusals } from "./fit-refusals.ts";
import { thousands } from "./words.ts";

/** What does not fit, worst first. */
export function findFit(carried: Carried, inventory: Inventory): readonly FitFinding[] {
  const findings = [
    ...assignment(carried),
    ...placeFindings(carried.scenario, inventory, carried.layout),
    ...refusals(carried),
  ];
  if (!findings.some(({ code }) => code === "pool-dry")) findings.push(...tightPool(carried));
  return findings.sort((a, b) => (a.severity === b.severity ? 0 : a.severity === "fault" ? -1 : 1));
}

/** What keeps the guest from getting any device (xen-mapping.md 7.2). */
function assignment({ scenario, simulation: { domain } }: Carried): readonly FitFinding[] {
  const { guest, iommu, options, cmdline } = scenario;
  const cannot = (says: string, set: FitFinding["set"]): FitFinding[] => [
    { code: "cannot-assign", severity: "fault", says, set },
  ];
  if (guest.pvhGuest)
    return cannot("a PVH guest cannot have PCI devices; what follows is how a PVH dom0 would map them", {
      where: "xl.cfg",
      line: 'type = "hvm"',
    });
  if (guest.kind === "pv") return [];
  if (!options.iommu)
    return cannot("Xen's command line switches the IOMMU off, so no translated guest can have a device", {
      where: "Xen command line",
      line: dropOff(cmdline, "iommu"),
    });
  if (iommu === null)
    return cannot("without an IOMMU in use no translated guest can have a device (firmware setup may enable it)", null);
  if (guest.kind === "pvh") return [];
  if (guest.passthrough === "disabled")
    return cannot("a guest created with passthrough=disabled cannot get devices (-EOPNOTSUPP)", {
      where: "xl.cfg",
      line: 'passthrough = "enabled"',
    });
  if (guest.passthrough === "share_pt" && domain.iommuMode !== "shared")
    return cannot("this host does not offer passthrough=share_pt, so the toolstack refuses the guest", {
      where: "xl.cfg",
      line: 'passthrough = "enabled"',
    });
  return [];
}

/** A pool that is enough only while RAM is mapped in large entries. */
function tightPool({ budget, simulation }: Carried): readonly FitFinding[] {
  if (!budget) return [];
  const need = budget.creation + budget.ramMost + simulation.ledger.p2mTables;
  if (need <= budget.pages) return [];
  return [
    {
      code: "pool-tight",
      severity: "risk",
      says: `the paging pool has ${thousands(budget.pages)} pages: enough while RAM is in large entries, but with RAM in 4 KiB entries ${thousands(need)} would be needed`,
      set: { where: "xl.cfg", line: shadowMemory(need) },
    },
  ];
}
