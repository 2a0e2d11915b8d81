/** An operation script (the contract's kind "script"), as far as the rig carries it out. */
export interface RigScript {
  readonly hypervisor: RigHypervisor;
  readonly domains: readonly ScriptDomain[];
  readonly operations: readonly ScriptOperation[];
}

export interface RigHypervisor {
  /** "4.17" or "4.17.7": the last part is not looked at. */
  readonly xen: string;
  readonly cpu: "amd" | "intel";
  /** Default: AMD-Vi beside an AMD processor, none beside an Intel one. */
  readonly iommu?: "amdvi" | "vtd" | null;
  /** Appended to the rig's own options, so that it wins over them. */
  readonly cmdline?: string;
  /** Width of physical addresses, default 46. Bochs has that of its processor model. */
  readonly physBits?: number;
}

export interface ScriptDomain {
  readonly id: number;
  readonly guest: "hvm" | "pvh" | "pv";
  readonly hap?: boolean;
  readonly iommu?: "none" | "default" | "share_pt" | "sync_pt";
  /** MiB; a fraction is rounded up to pages, and to a MiB before 4.17. Default 4. */
  readonly p2mPoolMiB?: number;
  /** Default 1 GiB. */
  readonly maxMemKiB?: number;
  /** Default 1. */
  readonly vcpus?: number;
}

/** Whether a script looks at dom0 itself, or changes it for those that come after it in a boot. */
export const concernsDom0 = (script: RigScript): boolean =>
  script.domains.length === 0 || script.operations.some((operation) => operation.domain === 0);

/**
 * Whether what a script meets depends on what devices went through before in the same boot: where memory is short, on
 * whether a domain has had them (src/xen/quarantine.ts).
 */
const remembersDevices = ({ operations }: RigScript): boolean =>
  operations.some(({ op }) => op === "take_memory") && operations.some(({ op }) => op === "assign_device");

/** Whether a script cannot share a boot with others. */
export const wantsOwnBoot = (script: RigScript): boolean => concernsDom0(script) || remembersDevices(script);

/** Frame numbers are "0x…" strings of up to 64 bits. */
export type ScriptOperation =
  | {
      readonly op: "memory_mapping";
      readonly domain: number;
      readonly gfn: string;
      readonly mfn: string;
      readonly pages: number;
      readonly add: boolean;
      readonly raw?: boolean;
      readonly maxCalls?: number;
      readonly undoOnFailure?: boolean;
    }
  | {
      readonly op: "iomem_permission";
      readonly domain: number;
      readonly mfn: string;
      readonly pages: number;
      readonly allow: boolean;
    }
  | {
      /** Its `mfn`, where a script has one, is the model's business: here the hypervisor chooses. */
      readonly op: "populate";
      readonly domain: number;
      readonly gfn: string;
      readonly order: number;
      readonly extents?: number;
      readonly mfn?: string | null;
    }
  | {
      readonly op: "decrease_reservation";
      readonly domain: number;
      readonly gfn: string;
      readonly order?: number;
      readonly extents?: number;
    }
  | { readonly op: "remove_from_physmap"; readonly domain: number; readonly gfn: string }
  | {
      /** A PV domain takes all of the machine's memory that is left, but for so many pages. */
      readonly op: "take_memory";
      readonly domain: number;
      readonly leave: number;
    }
  | {
      /** Pages of another domain's RAM, from its guest frame `fromGfn` on. */
      readonly op: "map_foreign";
      readonly domain: number;
      readonly gfn: string;
      readonly from: number;
      readonly fromGfn: string;
      readonly pages: number;
    }
  | { readonly op: "assign_device" | "deassign_device"; readonly domain: number; readonly device?: string }
  | { readonly op: "destroy"; readonly domain: number };
