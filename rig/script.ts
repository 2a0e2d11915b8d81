import type { DomainSpec, GuestKind } from "../src/xen/domain.ts";
import type { Operation } from "../src/xen/operations.ts";

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

export interface ScriptDomain extends Pick<DomainSpec, "hap" | "iommu" | "vcpus" | "maxMemKiB"> {
  readonly id: number;
  readonly guest: GuestKind;
  /** MiB; a fraction is rounded up to pages, and to a MiB before 4.17. Default 4. */
  readonly p2mPoolMiB?: number;
}

/** The script with a console that tells of each mapping request, too. */
export const loggingAll = (script: RigScript): RigScript => ({
  ...script,
  hypervisor: { ...script.hypervisor, cmdline: `guest_loglvl=all ${script.hypervisor.cmdline ?? ""}`.trim() },
});

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

/** What the model does to make dom0's tables as boot does. Real ones are looked at as boot leaves them (dom0.ts). */
type OfBoot = "set_up_hardware_domain" | "map_mmio";

/** Frame numbers are "0x…" strings of up to 64 bits, as in a script's file; counts are numbers. */
type Written<O> = {
  readonly [Key in keyof O]: Key extends "gfn" | "mfn" | "fromGfn"
    ? string | Extract<O[Key], null>
    : Key extends "pages"
      ? number
      : O[Key];
};

/** What may be left out: one extent, order 0, frames that the hypervisor chooses, the first device. */
interface Defaults {
  readonly populate: "extents" | "mfn";
  readonly decrease_reservation: "order" | "extents";
  readonly assign_device: "device";
  readonly deassign_device: "device";
}

type WithDefaults<O, Key extends PropertyKey> = Omit<O, Key> & Partial<Pick<O, Key & keyof O>>;

type Carried<O extends Operation> = O extends Operation
  ? WithDefaults<Written<O>, O["op"] extends keyof Defaults ? Defaults[O["op"]] : never>
  : never;

/** An operation as the rig carries it out. The `mfn` of a populate is the model's business: here the hypervisor chooses. */
export type ScriptOperation = Carried<Exclude<Operation, { readonly op: OfBoot }>>;
