import type { Inventory, Note } from "../inventory/types.ts";
import { parseXenCmdline } from "../inventory/xen-cmdline.ts";
import { DEFAULT_IOMMU, type IommuHardware, type XenOptions } from "../xen/machine.ts";
import { differences, NEWEST, parseRelease, type Release } from "../xen/release.ts";
import { memoryBars } from "./layout.ts";
import { xenOptions } from "./machine.ts";
import { resolveGuest } from "./resolve-guest.ts";
import type { Scenario, ScenarioKeys } from "./scenario.ts";
import { selectDevices } from "./select.ts";

/** A scenario, and what had to be assumed for it. */
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
 * note. Returns a sentence when a key is wrong or keys contradict each other.
 */
export function resolveScenario(inventory: Inventory, keys: ScenarioKeys): Resolved | string {
  const notes: Note[] = [];
  const { host } = inventory;

  const releaseText = keys.xen ?? host.xenVersion?.value;
  const release = parseRelease(releaseText ?? NEWEST);
  if (typeof release === "string") return release;
  if (releaseText === undefined)
    notes.push(say("assumed", `Xen ${release.name}: no input tells the release (give xl info, or --xen)`));
  else if (/^4\.\d+$/.test(releaseText.trim())) notes.push(...impreciseRelease(release));

  const boot = bootLine(inventory, keys, notes);
  const cpu = keys.cpu ?? host.cpu?.value ?? likelyCpu(inventory, boot.options, notes);
  const selected = selectDevices(inventory, keys.devices);
  if (typeof selected === "string") return selected;
  notes.push(...selected.notes);

  const highest = selected.devices
    .flatMap((device) => device.bars.map((bar) => (bar.address ?? 0) + (bar.size ?? 0)))
    .reduce((a, b) => Math.max(a, b), 0);
  const hostPhysBits = host.physBits?.value ?? Math.min(52, Math.max(USUAL_PHYS_BITS[cpu], bitsFor(highest - 1)));
  if (!host.physBits)
    notes.push(say("assumed", `${hostPhysBits} physical address bits on the host: no input tells them`));

  const guest = resolveGuest(inventory.guest, keys, release, hostPhysBits, notes);
  if (typeof guest === "string") return guest;
  const { options } = boot;
  const scenario: Scenario = {
    release,
    cpu,
    ...boot,
    hapPresent: host.hapDetected?.value !== false || options.hap === false,
    has2m: !(host.hap2m?.value === false && keys.cmdline === undefined && options.hap2mb),
    has1g: !(host.hap1g?.value === false && keys.cmdline === undefined && options.hap1gb),
    execSuperpagesAffected: host.execSuperpages?.value !== true,
    iommu: iommuOf(inventory, keys, cpu, options, notes),
    cpus: keys.cpus ?? host.cpus?.value ?? 1,
    hostPhysBits,
    guest,
    devices: selected.devices,
    barAddresses: keys.barAddresses ?? [],
    mmio1g: keys.mmio1g ?? false,
  };
  if (!scenario.hapPresent && guest.hap && guest.kind === "hvm")
    notes.push(
      say("info", "this host has no hardware-assisted paging (its virt_caps or boot log say so): shadow paging"),
    );
  return barAddressFault(scenario) ?? { scenario, notes };
}

/** The vendor where no input tells it: AMD never shares tables, and Intel nearly always does where it may. */
function likelyCpu({ host }: Inventory, options: XenOptions, notes: Note[]): "intel" | "amd" {
  const mayShare = options.sharept && options.hap && options.iommu && host.hapDetected?.value !== false;
  const amd = mayShare && host.sharedTables?.value === false;
  const vendor = amd
    ? "an AMD processor: the host has HAP and does not share its tables with the IOMMU"
    : "an Intel processor: no input tells the vendor";
  notes.push(say("assumed", `${vendor} (give xl dmesg, or --cpu)`));
  return amd ? "amd" : "intel";
}

/** The hypervisor's command line as a key or an input gives it. */
function bootLine(
  { host }: Inventory,
  keys: ScenarioKeys,
  notes: Note[],
): { readonly cmdline: string; readonly options: XenOptions } {
  if (keys.cmdline !== undefined) {
    const parsed = parseXenCmdline(keys.cmdline);
    notes.push(...parsed.notes);
    return { cmdline: keys.cmdline, options: xenOptions(parsed.cmdline) };
  }
  const known = host.xenCmdline?.value;
  if (!known)
    notes.push(say("assumed", "an empty Xen command line: no input has it (give xl info, xl dmesg, or --cmdline)"));
  return { cmdline: known?.text ?? "", options: xenOptions(known ?? parseXenCmdline("").cmdline) };
}

/** A `bar-address` that names no BAR of the plan, or a guest whose BARs nobody places. */
function barAddressFault({ barAddresses, devices, guest }: Scenario): string | null {
  for (const { bdf, index } of barAddresses) {
    const key = `bar-address ${bdf}:${index}`;
    if (guest.kind !== "hvm")
      return `${key}: ${guest.kind === "pv" ? "a PV guest" : "a PVH dom0"} sees BARs at their machine addresses; drop it, or plan an HVM guest (--guest hvm)`;
    const device = devices.find((d) => d.bdf === bdf);
    if (!device) return `${key}: the plan has no such device, but ${devices.map((d) => d.bdf).join(", ")}`;
    const bars = memoryBars(device);
    if (!bars.some((bar) => bar.index === index))
      return `${key}: no such memory BAR; the device has ${bars.map((bar) => bar.index).join(", ")}`;
  }
  return null;
}

/** "4.17" is 4.17.0; say so where the branch's later point releases behave otherwise. */
function impreciseRelease(release: Release): readonly Note[] {
  const last = parseRelease(`4.${release.minor}-tip`);
  if (typeof last === "string" || differences(release, last).length === 0) return [];
  return [
    say(
      "assumed",
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
  if (host.iommuEnabled?.value === false && options.iommu && keys.cmdline === undefined) {
    notes.push(say("info", "the boot log says that I/O virtualisation is disabled, so the guest has no IOMMU"));
    return null;
  }
  const units = host.vtdUnits?.value ?? [];
  const known = units.length > 0 && cpu === "intel";
  const hardware: IommuHardware = {
    ...DEFAULT_IOMMU[cpu],
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
