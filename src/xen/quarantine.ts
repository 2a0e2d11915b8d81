import type { HostDevice, Machine } from "./machine.ts";

/** Pages of the domain heap that it takes to keep a device away from all domains, as is the default. */
interface QuarantineCost {
  /** For good, when a domain first gets the device. */
  readonly kept: number;
  /** For as long as the call takes: to get the device from dom0, and to take it from a domain. */
  readonly borrowed: number;
}

const NOTHING: QuarantineCost = { kept: 0, borrowed: 0 };
/** Seen on real Xen 4.14.6, on both IOMMUs. */
const KEPT: QuarantineCost = { kept: 5, borrowed: 0 };
/** Seen on real Xen 4.17.7 and 4.20.4, on VT-d; there AMD-Vi takes nothing. */
const BORROWED: QuarantineCost = { kept: 0, borrowed: 1 };

/** A device by its name, as dom0 has it at first. */
export function deviceOf({ devices }: Machine, bdf: string): HostDevice {
  const device = devices.get(bdf) ?? { assigned: false, quarantined: false, hasPages: false };
  devices.set(bdf, device);
  return device;
}

function costOf({ release, iommu }: Machine): QuarantineCost {
  if (!release.iommuFixedAtCreation) return NOTHING;
  if (!release.quarantineKeepsNothing) return KEPT;
  return iommu?.kind === "vtd" ? BORROWED : NOTHING;
}

/** Whether there is memory to put a device into quarantine. */
export const canQuarantine = (machine: Machine): boolean => machine.iommuPages >= costOf(machine).borrowed;

/**
 * Take the memory that a device needs before a domain can have it; false when there is not enough. Where pages are kept,
 * each attempt that fails loses one for good. A device in quarantine needs none.
 */
export function takeFromDom0(machine: Machine, device: HostDevice): boolean {
  if (device.quarantined) return true;
  const { kept } = costOf(machine);
  if (kept === 0 || device.hasPages) return canQuarantine(machine);
  device.hasPages = machine.iommuPages >= kept;
  machine.iommuPages -= device.hasPages ? kept : Math.min(1, machine.iommuPages);
  return device.hasPages;
}
