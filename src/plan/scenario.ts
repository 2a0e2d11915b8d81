import type { Inventory, Note, PciDevice, Sourced } from "../inventory/types.ts";
import { parseXenCmdline } from "../inventory/xen-cmdline.ts";
import type { GuestKernel } from "../platform/boot.ts";
import type { GuestKind } from "../xen/domain.ts";
import { DEFAULT_IOMMU, type IommuHardware, type XenOptions } from "../xen/machine.ts";
import { differences, NEWEST, parseRelease, type Release } from "../xen/release.ts";
import { xenOptions } from "./machine.ts";
import { selectDevices } from "./select.ts";

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
  readonly guest: {
    readonly kind: GuestKind;
    readonly name: string | null;
    readonly hap: boolean;
    readonly passthrough: Passthrough;
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
  };
  readonly devices: readonly PciDevice[];
  readonly barAddresses: readonly BarAddress[];
  readonly mmio1g: boolean;
}

export interface Resolved {
  readonly scenario: Scenario;
  readonly notes: readonly Note[];
}

const say = (kind: Note["kind"], says: string): Note => ({ kind, says });

/** Bits that an address needs. */
const bitsFor = (address: number): number => Math.ceil(Math.log2(address + 1));

/** Widths of server processors in common use; only a default, and noted as one. */
const USUAL_PHYS_BITS = { intel: 46, amd: 48 } as const;

/**
 * Make a scenario of what was read and what the user set. Keys win over inputs; what neither tells is assumed, with a
 * note. Returns a sentence when a key is wrong.
 */
export function resolveScenario(inventory: Inventory, keys: ScenarioKeys): Resolved | string {
  const notes: Note[] = [];
  const { host } = inventory;
  const guestConfig = inventory.guest;

  const releaseText = keys.xen ?? host.xenVersion?.value;
  const parsed = parseRelease(releaseText ?? NEWEST);
  if (typeof parsed === "string") return parsed;
  const release = parsed;
  if (releaseText === undefined)
    notes.push(say("assumed", `Xen ${release.name}: no input tells the release (give xl info, or --xen)`));
  else if (/^4\.\d+$/.test(releaseText.trim())) notes.push(...impreciseRelease(release));

  const cmdline = keys.cmdline ?? host.xenCmdline?.value.text ?? "";
  if (keys.cmdline === undefined && !host.xenCmdline)
    notes.push(say("assumed", "an empty Xen command line: no input has it (give xl info, xl dmesg, or --cmdline)"));
  const options = xenOptions(
    keys.cmdline === undefined && host.xenCmdline ? host.xenCmdline.value : parseXenCmdline(cmdline).cmdline,
  );
  if (keys.cmdline !== undefined) notes.push(...parseXenCmdline(cmdline).notes);

  const cpu = keys.cpu ?? host.cpu?.value ?? "intel";
  if (keys.cpu === undefined && !host.cpu)
    notes.push(say("assumed", "an Intel processor: no input tells the vendor (give xl dmesg, or --cpu)"));

  const selected = selectDevices(inventory, keys.devices);
  if (typeof selected === "string") return selected;
  notes.push(...selected.notes);

  const highest = Math.max(
    0,
    ...selected.devices.flatMap((device) => device.bars.map((bar) => (bar.address ?? 0) + (bar.size ?? 0))),
  );
  const hostPhysBits = host.physBits?.value ?? Math.min(52, Math.max(USUAL_PHYS_BITS[cpu], bitsFor(highest)));
  if (!host.physBits)
    notes.push(say("assumed", `${hostPhysBits} physical address bits on the host: no input tells them`));

  const kind = keys.guest ?? guestConfig?.type?.value ?? "hvm";
  const memoryMiB = keys.memoryMiB ?? guestConfig?.memoryMiB?.value ?? 8192;
  if (keys.memoryMiB === undefined && !guestConfig?.memoryMiB && kind === "hvm")
    notes.push(say("assumed", "a guest with 8 GiB of memory: no guest configuration tells (give xl.cfg)"));
  const physBits = keys.physBits ?? hostPhysBits;

  const guest: Scenario["guest"] = {
    kind,
    name: guestConfig?.name?.value ?? null,
    hap: keys.hap ?? guestConfig?.hap?.value ?? true,
    passthrough: keys.passthrough ?? guestConfig?.passthrough?.value ?? "enabled",
    physBits,
    memoryMiB,
    maxMemMiB: Math.max(memoryMiB, guestConfig?.maxMemMiB?.value ?? memoryMiB),
    vcpus: keys.vcpus ?? guestConfig?.vcpus?.value ?? 1,
    mmioHoleMiB: keys.mmioHoleMiB ?? guestConfig?.mmioHoleMiB?.value ?? null,
    shadowMemoryMiB: keys.shadowMemoryMiB ?? guestConfig?.shadowMemoryMiB?.value ?? null,
    kernel: keys.guestKernel ?? "unknown",
    vga: guestConfig?.vga?.value === "none" ? "none" : guestConfig?.vga?.value === "stdvga" ? "stdvga" : "cirrus",
    videoRamMiB: guestConfig?.videoRamMiB?.value ?? (guestConfig?.vga?.value === "stdvga" ? 16 : 8),
    xenPlatformPci: guestConfig?.xenPlatformPci?.value ?? true,
    iomem: (guestConfig?.iomem ?? []).map(({ mfn, pages, gfn }) => ({ mfn, pages, gfn: gfn ?? mfn })),
  };
  const iommu = iommuOf(inventory, keys, cpu, options, notes);
  return {
    scenario: {
      release,
      cpu,
      cmdline,
      options,
      hapPresent: host.hapDetected?.value !== false || options.hap === false,
      has2m: !(host.hap2m?.value === false && keys.cmdline === undefined && options.hap2mb),
      has1g: !(host.hap1g?.value === false && keys.cmdline === undefined && options.hap1gb),
      execSuperpagesAffected: host.execSuperpages?.value !== true,
      iommu,
      cpus: keys.cpus ?? host.cpus?.value ?? 1,
      hostPhysBits,
      guest,
      devices: selected.devices,
      barAddresses: keys.barAddresses ?? [],
      mmio1g: keys.mmio1g ?? false,
    },
    notes,
  };
}

/** "4.17" is 4.17.0; say so where the branch's later point releases behave otherwise. */
function impreciseRelease(release: Release): readonly Note[] {
  const last = parseRelease(`4.${release.minor}-tip`);
  if (typeof last === "string" || release.name === "as-posted") return [];
  const changed = differences(release, last);
  if (changed.length === 0) return [];
  return [
    say(
      "info",
      `4.${release.minor} is read as ${release.name}; later point releases of the branch map differently, so name the exact one (xl info has it)`,
    ),
  ];
}

/** The IOMMU's hardware as far as the inputs tell. What a boot log showed is believed for what-ifs too. */
function iommuOf(
  { host }: Inventory,
  keys: ScenarioKeys,
  cpu: "intel" | "amd",
  options: XenOptions,
  notes: Note[],
): IommuHardware | null {
  const enabled: Sourced<boolean> | undefined = host.iommuEnabled;
  if (enabled?.value === false && options.iommu && keys.cmdline === undefined) {
    notes.push(say("info", "the boot log says that I/O virtualisation is disabled, so the guest has no IOMMU"));
    return null;
  }
  const base = DEFAULT_IOMMU[cpu];
  const units = host.vtdUnits?.value ?? [];
  const known = units.length > 0;
  const hardware: IommuHardware = {
    ...base,
    ...(host.snoopControl === undefined ? {} : { snoopControl: host.snoopControl.value }),
    ...(known ? { has2m: units.every((unit) => unit.has2m), has1g: units.every((unit) => unit.has1g) } : {}),
  };
  const mightShare = cpu === "intel" && options.sharept && options.hap;
  if (!known && mightShare && host.sharedTables?.value === false && host.hapDetected?.value !== false) {
    notes.push(
      say(
        "assumed",
        "this host does not share EPT tables with VT-d though its command line allows it: taken as a VT-d without 1 GiB pages",
      ),
    );
    return { ...hardware, has1g: false };
  }
  return hardware;
}
