import type { FormatName } from "../src/format/format.ts";
import type { Dom0 } from "./build-payload.ts";
import { releaseOf, type XenRelease } from "./releases.ts";
import type { RigHypervisor, RigScript } from "./script.ts";
import type { Emulator } from "./tools.ts";

/** A machine to boot, and everything that two scripts must agree on to share a boot. */
export interface Target {
  readonly emulator: Emulator;
  /** Whose virtualisation the processor has. */
  readonly cpu: "amd" | "intel";
  /** What it says it is. */
  readonly vendor: "amd" | "intel";
  readonly release: XenRelease;
  readonly dom0: Dom0;
  /** The hypervisor's whole command line. */
  readonly cmdline: string;
  /** QEMU's arguments for the processor and the IOMMU, or Bochs's processor model. */
  readonly processor: readonly string[];
  readonly p2mFormat: FormatName;
  readonly iommuFormat: "amdvi" | "vtd" | null;
  readonly memoryMiB: number;
  /** QEMU -device values: what the script's machine has beside the rig's own devices. */
  readonly devices: readonly string[];
}

export interface TargetOptions {
  readonly memoryMiB?: number;
  readonly devices?: readonly string[];
}

const CONSOLE = "loglvl=all guest_loglvl=warning com1=115200,8n1 console=com1 console_timestamps=boot bootscrub=0";

/** The last `dom0=` of a command line, when it says which kind. */
function dom0Of(cmdline: string): Dom0 | undefined {
  const parts = cmdline.split(/\s+/).flatMap((word) => (word.startsWith("dom0=") ? word.slice(5).split(",") : []));
  return parts.filter((part): part is Dom0 => part === "pv" || part === "pvh").at(-1);
}

/**
 * The name that a processor gives as its maker's. An Intel processor has no VMX here (rig.md 2), so VT-d tables of HVM
 * guests need SVM beside intel-iommu; a release that goes by the name to look for an IOMMU is told the other one.
 */
const vendorOf = ({ cpu }: RigHypervisor, iommu: Target["iommuFormat"], release: XenRelease): Target["cpu"] =>
  cpu === "amd" && iommu === "vtd" && !release.vtdBesideAmd ? "intel" : cpu;

function qemuProcessor(hypervisor: RigHypervisor, iommu: Target["iommuFormat"], vendor: Target["cpu"]): string[] {
  const physBits = hypervisor.physBits ?? 46;
  const named = vendor === hypervisor.cpu ? "" : ",vendor=GenuineIntel";
  const cpu = hypervisor.cpu === "amd" ? `qemu64${named},+svm,+npt,+pdpe1gb` : "Broadwell-noTSX";
  const unit = { amdvi: ["amd-iommu"], vtd: ["intel-iommu,intremap=on,aw-bits=48"] };
  return ["-cpu", `${cpu},phys-bits=${physBits}`, ...(iommu ? unit[iommu] : []).flatMap((d) => ["-device", d])];
}

/** Which machine carries out a script for this hypervisor. Throws for a release that the rig does not have. */
export function targetOf(hypervisor: RigHypervisor, options: TargetOptions = {}): Target {
  const release = releaseOf(hypervisor.xen);
  const { cpu, cmdline = "" } = hypervisor;
  const iommuFormat = hypervisor.iommu === undefined ? (cpu === "amd" ? "amdvi" : null) : hypervisor.iommu;
  const emulator = cpu === "intel" && iommuFormat === null ? "bochs" : "qemu";
  // The hypervisor's own default too, and several times quicker under emulation.
  const dom0 = dom0Of(cmdline) ?? "pv";
  const vendor = vendorOf(hypervisor, iommuFormat, release);
  const shared = { cpu, vendor, release, dom0, iommuFormat, devices: options.devices ?? [] };
  if (emulator === "bochs")
    return {
      ...shared,
      emulator,
      // The debugger reads memory through the hypervisor's own map of it: rig.md 2.
      cmdline: `${CONSOLE} dom0_mem=64M xpti=no ${cmdline}`.trim(),
      processor: ["corei7_haswell_4770"],
      p2mFormat: "ept",
      memoryMiB: options.memoryMiB ?? 512,
    };
  return {
    ...shared,
    emulator,
    cmdline:
      `${CONSOLE} dom0_mem=256M${iommuFormat ? " iommu=verbose,debug" : ""}` +
      `${cpu === "amd" && iommuFormat === "vtd" ? " iommu=no-sharept" : ""}` +
      `${cmdline === "" ? "" : ` ${cmdline}`}`,
    processor: qemuProcessor(hypervisor, iommuFormat, vendor),
    p2mFormat: "npt",
    memoryMiB: options.memoryMiB ?? 2048,
  };
}

/** Scripts with equal keys can share a boot. */
export const bootKey = (target: Target): string => JSON.stringify({ ...target, release: target.release.version });

/** A device that the rig adds for scripts to assign: QEMU's argument, and its number for the hypervisor. */
export interface RigDevice {
  readonly argument: string;
  readonly sbdf: number;
}

const FIRST_SLOT = 8;
const LAST_SLOT = 30;

/** One test device a slot of bus 0, when any script assigns one. */
export function rigDevices(target: Target, scripts: readonly RigScript[]): RigDevice[] {
  const wanted = scripts.some((s) => s.operations.some((o) => o.op === "assign_device" || o.op === "deassign_device"));
  if (!wanted || target.emulator !== "qemu") return [];
  return Array.from({ length: LAST_SLOT - FIRST_SLOT + 1 }, (_, i) => ({
    argument: `pci-testdev,addr=0x${(FIRST_SLOT + i).toString(16)}`,
    sbdf: (FIRST_SLOT + i) << 3,
  }));
}
