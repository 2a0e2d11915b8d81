/**
 * What the readers of users' inputs yield. Each reader returns what it understood, where it stood, and notes on what
 * looked relevant and was not understood; none of them throws on foreign text (host-inputs.md, general rules).
 */

/** Where a value came from: a file (or "-", or a label such as "command line") and a line, counted from 1. */
export interface Source {
  readonly file: string;
  readonly line?: number;
}

/** A value with its origin. */
export interface Sourced<T> {
  readonly value: T;
  readonly from: Source;
}

/** Something to tell the user. "unread": looks relevant, was not understood. "conflict": two inputs disagree. */
export interface Note {
  readonly kind: "unread" | "conflict" | "assumed" | "missing" | "info";
  readonly says: string;
  readonly from?: Source;
}

/** Domain, bus, device, function as `dddd:bb:dd.f`, lower-case; the domain has at least four digits. */
export type Bdf = string;

/** A base address register: addresses and sizes in bytes, as the host has them (host-inputs.md). */
export interface Bar {
  /** 0 to 5; a 64-bit BAR has the number of its lower half. 6 is the expansion ROM. */
  readonly index: number;
  readonly kind: "memory" | "io" | "rom";
  /** Machine byte address; null where the kernel or the register has none. */
  readonly address: number | null;
  /** Bytes; null where the input cannot tell (hex dumps, cut lines). */
  readonly size: number | null;
  readonly width: 32 | 64;
  readonly prefetchable: boolean;
  /** Why there is no usable address: `<unassigned>`, `<ignored>`, `<broken-64-bit-slot>`, a zero register. */
  readonly state?: "unassigned" | "ignored" | "broken" | "zero";
  /** lspci's `[disabled]`: decoding is off; the address still holds. */
  readonly disabled?: boolean;
  /** lspci's `[virtual]`: the kernel has an address, the register reads zero (virtual functions). */
  readonly virtual?: boolean;
  /** Enhanced Allocation: fixed address. */
  readonly enhanced?: boolean;
  readonly from: Source;
}

/** Where an MSI-X table or pending-bit array lies. */
export interface MsixTable {
  /** BAR index and byte offset inside it. */
  readonly bar: number;
  readonly offset: number;
}

/** The MSI-X capability (host-inputs.md). */
export interface Msix {
  /** 1 to 2048. The table takes 16 bytes a vector, the PBA 8 bytes per 64 vectors. */
  readonly vectors: number;
  /** null: the input does not tell where (`lspci -v`). */
  readonly table: MsixTable | null;
  readonly pba: MsixTable | null;
  readonly enabled?: boolean;
}

/** The SR-IOV capability of a physical function (host-inputs.md). */
export interface Sriov {
  readonly totalVfs: number;
  readonly numVfs: number;
  readonly firstVfOffset: number;
  readonly vfStride: number;
  readonly vfDeviceId?: number;
  readonly systemPageSize?: number;
  /** Base addresses of the VF BARs (slices of VF 1), without sizes unless sysfs told them. */
  readonly bars: readonly Bar[];
}

/** A PCI function as the inputs describe it; what they do not tell is null. */
export interface PciDevice {
  readonly bdf: Bdf;
  /** Class code, 16 bits (0x0302) or 24 with the programming interface; null when unknown. */
  readonly classCode: number | null;
  readonly vendorId: number | null;
  readonly deviceId: number | null;
  /** Vendor and device name as printed; "" when numbers only. */
  readonly name: string;
  readonly bridge: boolean;
  readonly bars: readonly Bar[];
  readonly msix: Msix | null;
  /** Resizable BAR: current and supported sizes in bytes. */
  readonly resizable: readonly {
    readonly bar: number;
    readonly current: number;
    readonly supported: readonly number[];
  }[];
  readonly sriov: Sriov | null;
  /** Kernel driver bound to it: "vfio-pci", "pciback", "xen-pciback", "nvidia", … */
  readonly driver: string | null;
  readonly numaNode: number | null;
  readonly iommuGroup: number | null;
  /** Memory decoding (Control: Mem+). */
  readonly memoryDecode: boolean | null;
  /** Whether this is a virtual function (physfn link, or [virtual] regions). */
  readonly virtualFunction: boolean;
  readonly from: Source;
}

/** A part of a command line's option, e.g. `sharept` of `iommu=no-sharept,verbose`: name → value. */
export interface XenCmdline {
  readonly text: string;
  /** `iommu=<bool>` or a bare boolean part; null when not given. */
  readonly iommu: boolean | null;
  readonly sharept: boolean | null;
  readonly superpages: boolean | null;
  readonly snoop: boolean | null;
  readonly iommuVerbose: boolean | null;
  readonly iommuDebug: boolean | null;
  readonly hap: boolean | null;
  readonly hap2mb: boolean | null;
  readonly hap1gb: boolean | null;
  readonly eptExecSp: boolean | null;
  readonly eptAd: boolean | null;
  readonly altp2m: boolean | null;
  readonly branchHarden: boolean | null;
  /** `dom0=` pvh or shadow; null when PV by default. */
  readonly dom0Pvh: boolean | null;
  readonly dom0Shadow: boolean | null;
  readonly dom0Iommu: {
    readonly passthrough: boolean | null;
    readonly strict: boolean | null;
    readonly mapInclusive: boolean | null;
    readonly mapReserved: boolean | null;
    readonly none: boolean | null;
  };
  readonly loglvlAll: boolean | null;
  readonly guestLoglvlAll: boolean | null;
}

/** One VT-d unit's page sizes, from `Intel VT-d iommu N supported page sizes`. */
export interface VtdUnit {
  readonly index: number;
  readonly has2m: boolean;
  readonly has1g: boolean;
}

/** A BAR where firmware really put it, from its own messages: guest byte address and size in bytes. */
export interface ObservedBar {
  /** From hvmloader: device and function on the guest's bus 0, config offset of the register, guest address. */
  readonly domain: number;
  readonly device: number;
  readonly function: number;
  readonly register: number;
  readonly size: number;
  readonly address: number;
  readonly from: Source;
}

/** What is known of the host, each fact with its origin; absent where no input tells. */
export interface HostFacts {
  readonly xenVersion?: Sourced<string>;
  readonly debugBuild?: Sourced<boolean>;
  readonly xenCmdline?: Sourced<XenCmdline>;
  readonly cpu?: Sourced<"intel" | "amd">;
  /** Physical address width of the host's processor. */
  readonly physBits?: Sourced<number>;
  readonly cpus?: Sourced<number>;
  readonly cpuMhz?: Sourced<number>;
  readonly totalMemoryMiB?: Sourced<number>;
  /** `xl info` virt_caps words. */
  readonly virtCaps?: Sourced<readonly string[]>;
  /** false: missing, or there and switched off. */
  readonly hapDetected?: Sourced<boolean>;
  /** HAP page sizes as the boot log prints them, after hap_2mb/hap_1gb. */
  readonly hap2m?: Sourced<boolean>;
  readonly hap1g?: Sourced<boolean>;
  readonly iommuEnabled?: Sourced<boolean>;
  readonly vtdUnits?: Sourced<readonly VtdUnit[]>;
  /** `Intel VT-d Shared EPT tables [not ]enabled.` or virt_caps' iommu_hap_pt_share, or AMD-Vi's line. */
  readonly sharedTables?: Sourced<boolean>;
  readonly snoopControl?: Sourced<boolean>;
  /** false: `VMX: EPT executable superpages disabled` was seen, Xen keeps superpages non-executable. */
  readonly execSuperpages?: Sourced<boolean>;
  readonly dom0Kernel?: Sourced<string>;
  /** PCI windows and RAM of /proc/iomem; all-zero listings yield none and a note. */
  readonly iomem?: Sourced<
    readonly { readonly start: number; readonly end: number; readonly depth: number; readonly name: string }[]
  >;
  readonly observedBars?: readonly ObservedBar[];
  readonly kvm?: Sourced<boolean>;
  /** ` - Dom0 mode:` of the boot log: the command line's choice, before a PVH dom0 is forced to strict. */
  readonly dom0Mode?: Sourced<"relaxed" | "strict" | "passthrough">;
  /** How many `memory_map` lines the hypervisor's log holds (a PV target and a hidden log level print none). */
  readonly memoryMapLines?: Sourced<number>;
  readonly linuxCmdline?: Sourced<LinuxCmdline>;
}

/** The parameters of a Linux command line (KVM host or dom0) that bear on passthrough; null where not given. */
export interface LinuxCmdline {
  readonly text: string;
  /** Comma parts of `intel_iommu=`, `amd_iommu=`, `iommu=` and `pci=`, all occurrences in order. */
  readonly intelIommu: readonly string[];
  readonly amdIommu: readonly string[];
  readonly iommu: readonly string[];
  readonly pci: readonly string[];
  /** `iommu=pt` or `nopt`, `iommu.passthrough=`: identity domains for the host's own devices. */
  readonly passthrough: boolean | null;
  /** `iommu.strict=`. */
  readonly strict: boolean | null;
  /** `kvm-intel.ept=` and `kvm-amd.npt=`. */
  readonly ept: boolean | null;
  readonly npt: boolean | null;
  /** `vfio-pci.ids=`; null in `subsystem` where any will do. */
  readonly vfioIds: readonly {
    readonly vendor: number;
    readonly device: number;
    readonly subsystem: { readonly vendor: number; readonly device: number } | null;
  }[];
  /** `xen-pciback.hide=` or `pciback.hide=`. */
  readonly pcibackHide: readonly Bdf[];
}

/** One entry of a guest configuration's `pci` list. */
export interface GuestPciSpec {
  /** With `function` "*" expanded by the plan against the devices known. */
  readonly bdf: string;
  readonly vslot: number | null;
  readonly options: Readonly<Record<string, string>>;
  readonly from: Source;
}

/** A guest's configuration: sizes in MiB, frames of 4 KiB; absent where it does not say. */
export interface GuestConfig {
  readonly name?: Sourced<string>;
  readonly type?: Sourced<"hvm" | "pvh" | "pv">;
  readonly memoryMiB?: Sourced<number>;
  readonly maxMemMiB?: Sourced<number>;
  readonly vcpus?: Sourced<number>;
  readonly pci: readonly GuestPciSpec[];
  readonly mmioHoleMiB?: Sourced<number>;
  readonly hap?: Sourced<boolean>;
  /** MiB of paging pool. */
  readonly shadowMemoryMiB?: Sourced<number>;
  readonly passthrough?: Sourced<"disabled" | "enabled" | "sync_pt" | "share_pt">;
  readonly firmware?: Sourced<string>;
  readonly iomem: readonly {
    readonly mfn: number;
    readonly pages: number;
    readonly gfn: number | null;
    readonly from: Source;
  }[];
  readonly nestedHvm?: Sourced<boolean>;
  readonly altp2m?: Sourced<boolean>;
  readonly gfxPassthru?: Sourced<boolean>;
  readonly xenPlatformPci?: Sourced<boolean>;
  readonly vga?: Sourced<string>;
  readonly videoRamMiB?: Sourced<number>;
  readonly deviceModelVersion?: Sourced<string>;
}

/** Everything read from all inputs, merged; disagreements are settled by the preference order and noted. */
export interface Inventory {
  readonly devices: readonly PciDevice[];
  readonly host: HostFacts;
  readonly guest: GuestConfig | null;
  readonly notes: readonly Note[];
}

/** What an input is, told from its content. */
export type InputKind =
  | "lspci"
  | "lspci-hex"
  | "sysfs"
  | "xl-info"
  | "xl-dmesg"
  | "xl-cfg"
  | "xen-cmdline"
  | "linux-cmdline"
  | "iomem"
  | "collect"
  | "script"
  | "snapshot";

/** A text input; `kind` forced by `--as`. */
export interface TextInput {
  readonly name: string;
  readonly text: string;
  readonly kind?: InputKind;
}
