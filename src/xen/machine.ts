import { type Mfn, pagesOf } from "../address.ts";
import { SimulatedMemory } from "../memory/simulated.ts";
import { type FrameRange, FrameSet } from "../ranges.ts";
import type { HostMap } from "./host-map.ts";
import { type Release, release } from "./release.ts";

/** What Xen's command line says, as far as mapping depends on it. Defaults are Xen's own (xen-mapping.md 1.5, 7.1). */
export interface XenOptions {
  readonly iommu: boolean;
  readonly sharept: boolean;
  /** `iommu=superpages`, 4.17 on. */
  readonly superpages: boolean;
  readonly snoop: boolean;
  readonly hap: boolean;
  readonly hap2mb: boolean;
  readonly hap1gb: boolean;
  /** `ept=exec-sp`. */
  readonly execSp: boolean;
  /** `altp2m` as a host option. */
  readonly altp2m: boolean;
  /** `dom0-iommu=strict`, `passthrough`, `map-inclusive`, `map-reserved` (7.9). */
  readonly dom0Strict: boolean;
  readonly dom0Passthrough: boolean;
  readonly dom0Inclusive: boolean;
  readonly dom0Reserved: boolean;
}

export const DEFAULT_OPTIONS: XenOptions = {
  iommu: true,
  sharept: true,
  superpages: true,
  snoop: true,
  hap: true,
  hap2mb: true,
  hap1gb: true,
  execSp: false,
  altp2m: false,
  dom0Strict: false,
  dom0Passthrough: false,
  dom0Inclusive: false,
  dom0Reserved: true,
};

/** IOMMU hardware. For VT-d the page sizes are those that all units have. */
export interface IommuHardware {
  readonly kind: "vtd" | "amdvi";
  /** Units that get invalidations: VT-d units with a device of the domain; all AMD IOMMUs of the host. */
  readonly units: number;
  readonly has2m: boolean;
  readonly has1g: boolean;
  readonly snoopControl: boolean;
  /** VT-d caching mode: not-present entries are cached, so that a fresh mapping needs a command too. */
  readonly cachingMode: boolean;
  /** VT-d: largest order of a page-selective invalidation. */
  readonly maxMask: number;
}

const VTD: IommuHardware = {
  kind: "vtd",
  units: 1,
  has2m: true,
  has1g: true,
  snoopControl: true,
  cachingMode: false,
  maxMask: 18,
};
const AMDVI: IommuHardware = { ...VTD, kind: "amdvi", snoopControl: false };
export const DEFAULT_IOMMU: Readonly<Record<"intel" | "amd", IommuHardware>> = { intel: VTD, amd: AMDVI };

/** A device that a domain has had: until then it is dom0's. */
export interface HostDevice {
  assigned: boolean;
  /** No domain's: one has given it back. */
  quarantined: boolean;
  /** Has the pages that releases up to 4.16 give each device for good. */
  hasPages: boolean;
}

/** The host: processor, IOMMU, what is read-only, who may map what, and the memory that tables are taken from. */
export interface Machine {
  readonly release: Release;
  readonly cpu: "intel" | "amd";
  /** Physical address width, bits. */
  readonly physBits: number;
  /** Online physical CPUs. */
  readonly cpus: number;
  readonly options: XenOptions;
  /** HAP present and enabled. */
  readonly hap: boolean;
  /** 2 MiB and 1 GiB P2M entries usable: capability and command line (1.5). */
  readonly p2m2m: boolean;
  readonly p2m1g: boolean;
  /** EPT accessed and dirty flags in use. */
  readonly eptAd: boolean;
  /** Superpage leaves may be executable (5.2). */
  readonly execSuperpages: boolean;
  /** The processor snoops its own caches as 4.21 and later require (2.4). */
  readonly selfSnoop: boolean;
  /** The IOMMU in use; null when there is none or `iommu=off`. */
  readonly iommu: IommuHardware | null;
  /** The global "share tables" flag as boot leaves it (7.1, 7.3). */
  readonly sharesTables: boolean;
  /** Orders that the IOMMU driver announces (7.4). */
  readonly iommuOrders: readonly number[];
  /** The never-enabled 1 GiB branch of the order selection, for a what-if (1.4). */
  readonly mmio1g: boolean;
  /** One block at a time: the slow truth that runs of blocks are tested against. */
  readonly stepwise: boolean;
  readonly memory: SimulatedMemory;
  /** What the hardware domain's tables are made from; null where nobody said. */
  readonly hostMap: HostMap | null;

  /** Frames that guests may only read. Grows when a device starts to use MSI-X. */
  mmioRo: FrameSet<Mfn>;
  /** Frames that the hypervisor shares with guests ("special pages"). */
  special: FrameSet<Mfn>;
  /** Frames with a frame-table entry ("mfn-valid"). */
  ram: FrameSet<Mfn>;
  /** The caller's (dom0's) iomem permission. */
  callerPermissions: FrameSet<Mfn>;
  /** Pages of the domain heap left for IOMMU tables. */
  iommuPages: number;
  /** Devices that a domain has had, by name. */
  readonly devices: Map<string, HostDevice>;
  /** Next RAM frame that `populate` hands out. */
  nextRam: number;
}

export interface MachineSpec {
  readonly xen: string | Release;
  readonly cpu?: "intel" | "amd";
  readonly physBits?: number;
  readonly cpus?: number;
  readonly options?: Partial<XenOptions>;
  /** The processor's own abilities, before the command line. */
  readonly has2m?: boolean;
  readonly has1g?: boolean;
  readonly hapPresent?: boolean;
  readonly eptAd?: boolean;
  /** The CPU has the page-size-change machine-check erratum, so that superpages lose X (5.2). Default true. */
  readonly execSuperpagesAffected?: boolean;
  readonly selfSnoop?: boolean;
  /** null: the host has none. Default: the vendor's own. */
  readonly iommu?: Partial<IommuHardware> | null;
  /** Host RAM as frame ranges; default 16 GiB with a hole below 4 GiB. */
  readonly ram?: readonly FrameRange[];
  readonly mmioRo?: readonly FrameRange[];
  readonly callerLacks?: readonly FrameRange[];
  readonly iommuPages?: number;
  readonly mmio1g?: boolean;
  readonly stepwise?: boolean;
  readonly hostMap?: HostMap | null;
}

/** Where the model's own tables lie: 4 TiB, out of the way of RAM and of usual BAR windows. */
const TABLES_AT = 0x4000_0000 as Mfn;
/** Where RAM that the hypervisor chooses is taken from: 1 TiB from 2 TiB on. */
const CHOSEN_RAM: FrameRange = { start: 0x2000_0000, end: 0x3000_0000 };
const DEFAULT_RAM: readonly FrameRange[] = [
  { start: 0, end: 0x80000 },
  { start: 0x100000, end: 0x480000 },
];
/** Every frame that is RAM of a host whose RAM nobody told. */
export const USUAL_RAM: readonly FrameRange[] = [...DEFAULT_RAM, CHOSEN_RAM];
/** Local APIC page: no domain may have it, dom0 included (7.9). */
const LOCAL_APIC: FrameRange = { start: 0xfee00, end: 0xfee01 };

/** Rule of 7.3 for one VT-d unit (the units' common sizes stand for all). */
function vtdMayShare(rel: Release, p2m2m: boolean, p2m1g: boolean, iommu: IommuHardware, superpages: boolean): boolean {
  const allowed = rel.iommuSuperpages ? superpages : true;
  const implies = (p2m: boolean, unit: boolean): boolean => !p2m || (unit && allowed);
  if (rel.vtdShareSubset) return implies(p2m2m, iommu.has2m) && implies(p2m1g, iommu.has1g);
  return p2m2m === iommu.has2m && p2m1g === iommu.has1g;
}

/** Build a host from what is known of it. Throws RangeError for an unknown release. */
export function makeMachine(spec: MachineSpec): Machine {
  const rel = typeof spec.xen === "string" ? release(spec.xen) : spec.xen;
  const cpu = spec.cpu ?? "intel";
  const options: XenOptions = { ...DEFAULT_OPTIONS, ...spec.options };
  const hap = (spec.hapPresent ?? true) && options.hap;
  const p2m2m = (cpu === "amd" || (spec.has2m ?? true)) && options.hap2mb;
  const p2m1g = (spec.has1g ?? true) && options.hap1gb;
  const present = spec.iommu === null || !options.iommu ? null : { ...DEFAULT_IOMMU[cpu], ...spec.iommu };
  const iommu =
    present && present.kind === "vtd" ? { ...present, snoopControl: present.snoopControl && options.snoop } : present;
  const superpages = rel.iommuSuperpages && options.superpages;
  const announced =
    iommu?.kind === "amdvi" ? [0, 9, 18] : [0, ...(iommu?.has2m ? [9] : []), ...(iommu?.has1g ? [18] : [])];
  const sharesTables =
    options.sharept &&
    hap &&
    iommu?.kind !== "amdvi" &&
    (iommu === null || (cpu === "intel" && vtdMayShare(rel, p2m2m, p2m1g, iommu, options.superpages)));
  const permitted = FrameSet.of<Mfn>({ start: 0, end: 2 ** ((spec.physBits ?? 46) - 12) });
  return {
    release: rel,
    cpu,
    physBits: spec.physBits ?? 46,
    cpus: spec.cpus ?? 1,
    options,
    hap,
    p2m2m,
    p2m1g,
    eptAd: spec.eptAd ?? true,
    execSuperpages: options.execSp || !(spec.execSuperpagesAffected ?? true) || !rel.restrictsExecSuperpages,
    selfSnoop: spec.selfSnoop ?? true,
    iommu,
    sharesTables,
    iommuOrders: superpages ? announced : [0],
    mmio1g: spec.mmio1g ?? false,
    stepwise: spec.stepwise ?? false,
    memory: new SimulatedMemory(TABLES_AT),
    hostMap: spec.hostMap ?? null,
    mmioRo: FrameSet.of<Mfn>(...(spec.mmioRo ?? [])),
    special: FrameSet.empty<Mfn>(),
    ram: FrameSet.of<Mfn>(...(spec.ram ?? DEFAULT_RAM), CHOSEN_RAM),
    callerPermissions: [LOCAL_APIC, ...(spec.callerLacks ?? [])].reduce(
      (set, r) => set.remove(r.start, r.end - r.start),
      permitted,
    ),
    iommuPages: spec.iommuPages ?? Number.POSITIVE_INFINITY,
    devices: new Map(),
    nextRam: CHOSEN_RAM.start,
  };
}

/**
 * How many frames from `mfn` on are alike to everything that looks at single machine frames: read-only or not, RAM or
 * not, special or not. Stretches of blocks are cut there.
 */
export const uniformFrames = ({ mmioRo, ram, special }: Machine, mfn: number): number =>
  Math.min(mmioRo.alikeFrom(mfn), ram.alikeFrom(mfn), special.alikeFrom(mfn));

/** RAM of an order that the hypervisor chooses: aligned, ascending, `n` blocks one after the other. */
export function takeRam(machine: Machine, order: number, n = 1): Mfn {
  const size = pagesOf(order);
  const start = Math.ceil(machine.nextRam / size) * size;
  machine.nextRam = start + n * size;
  return start as Mfn;
}
