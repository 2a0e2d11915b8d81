import type { PciDevice } from "../inventory/types.ts";
import type { GuestKernel } from "../platform/boot.ts";
import type { GuestKind } from "../xen/domain.ts";
import type { IommuHardware, XenOptions } from "../xen/machine.ts";
import type { Release } from "../xen/release.ts";

/** xl.cfg's `passthrough`: whether there is an IOMMU context, and whose tables it walks (xen-mapping.md 7.2). */
export type Passthrough = "disabled" | "enabled" | "share_pt" | "sync_pt";

/** A BAR put at a guest address of the user's choice. */
export interface BarAddress {
  readonly bdf: string;
  readonly index: number;
  /** Guest byte address. */
  readonly address: number;
}

/** What a user may set by option or in `--with` (contract, "Scenario keys"); the rest comes from the inputs. */
export interface ScenarioKeys {
  readonly xen?: string;
  readonly cpu?: "intel" | "amd";
  readonly cmdline?: string;
  readonly guest?: GuestKind;
  readonly hap?: boolean;
  readonly passthrough?: Passthrough;
  /** Physical address width that the guest sees. */
  readonly physBits?: number;
  readonly devices?: readonly string[];
  readonly barAddresses?: readonly BarAddress[];
  readonly guestKernel?: GuestKernel;
  /** xl.cfg's `mmio_hole`, `memory` and `shadow_memory`, MiB, and `vcpus`. */
  readonly mmioHoleMiB?: number;
  readonly memoryMiB?: number;
  readonly shadowMemoryMiB?: number;
  readonly vcpus?: number;
  /** Online physical CPUs of the host. */
  readonly cpus?: number;
  /** Enable the 1 GiB branch that no release has switched on. */
  readonly mmio1g?: boolean;
}

/** The guest that the devices go to. */
export interface ScenarioGuest {
  /** "pvh": a PVH dom0. */
  readonly kind: GuestKind;
  /** The configuration asks for a PVH guest, which cannot have devices; a PVH dom0 is planned instead. */
  readonly pvhGuest: boolean;
  readonly name: string | null;
  readonly hap: boolean;
  readonly passthrough: Passthrough;
  /** Physical address width that it sees. */
  readonly physBits: number;
  readonly memoryMiB: number;
  readonly maxMemMiB: number;
  readonly vcpus: number;
  readonly mmioHoleMiB: number | null;
  readonly shadowMemoryMiB: number | null;
  readonly kernel: GuestKernel;
  readonly vga: "cirrus" | "stdvga" | "none";
  readonly videoRamMiB: number;
  readonly xenPlatformPci: boolean;
  readonly iomem: readonly { readonly mfn: number; readonly pages: number; readonly gfn: number }[];
  /** hvmloader's own messages, where there are any, tell the placement: no key changes what it depends on. */
  readonly asObserved: boolean;
}

/** Everything that a plan depends on, decided. */
export interface Scenario {
  readonly release: Release;
  readonly cpu: "intel" | "amd";
  /** The hypervisor's command line, verbatim. */
  readonly cmdline: string;
  readonly options: XenOptions;
  readonly hapPresent: boolean;
  readonly has2m: boolean;
  readonly has1g: boolean;
  readonly execSuperpagesAffected: boolean;
  readonly iommu: IommuHardware | null;
  readonly cpus: number;
  readonly hostPhysBits: number;
  readonly guest: ScenarioGuest;
  readonly devices: readonly PciDevice[];
  readonly barAddresses: readonly BarAddress[];
  readonly mmio1g: boolean;
}

/** What the model sees of a scenario, beside its layout: what is not here, no simulation depends on. */
export interface SeenByModel
  extends Pick<
    Scenario,
    | "release"
    | "cpu"
    | "options"
    | "hapPresent"
    | "has2m"
    | "has1g"
    | "execSuperpagesAffected"
    | "iommu"
    | "cpus"
    | "hostPhysBits"
    | "mmio1g"
    | "devices"
  > {
  readonly guest: Pick<ScenarioGuest, "kind" | "hap" | "passthrough" | "vcpus" | "iomem" | "kernel">;
}
