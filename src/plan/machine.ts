import type { XenCmdline } from "../inventory/types.ts";
import { parseXenCmdline } from "../inventory/xen-cmdline.ts";
import { DEFAULT_OPTIONS, type XenOptions } from "../xen/machine.ts";

/** A command line as the options that mapping depends on; what it does not say keeps Xen's default. */
export function xenOptions(cmdline: XenCmdline): XenOptions {
  const or = (value: boolean | null, otherwise: boolean): boolean => value ?? otherwise;
  return {
    iommu: or(cmdline.iommu, DEFAULT_OPTIONS.iommu),
    sharept: or(cmdline.sharept, DEFAULT_OPTIONS.sharept),
    superpages: or(cmdline.superpages, DEFAULT_OPTIONS.superpages),
    snoop: or(cmdline.snoop, DEFAULT_OPTIONS.snoop),
    hap: or(cmdline.hap, DEFAULT_OPTIONS.hap),
    hap2mb: or(cmdline.hap2mb, DEFAULT_OPTIONS.hap2mb),
    hap1gb: or(cmdline.hap1gb, DEFAULT_OPTIONS.hap1gb),
    execSp: or(cmdline.eptExecSp, DEFAULT_OPTIONS.execSp),
    altp2m: or(cmdline.altp2m, DEFAULT_OPTIONS.altp2m),
    dom0Strict: or(cmdline.dom0Iommu.strict, DEFAULT_OPTIONS.dom0Strict),
    dom0Passthrough: or(cmdline.dom0Iommu.passthrough, DEFAULT_OPTIONS.dom0Passthrough),
    dom0Inclusive: or(cmdline.dom0Iommu.mapInclusive, DEFAULT_OPTIONS.dom0Inclusive),
    dom0Reserved: or(cmdline.dom0Iommu.mapReserved, DEFAULT_OPTIONS.dom0Reserved),
  };
}

/** As `xenOptions`, from the text itself. */
export const optionsOf = (cmdline: string): XenOptions => xenOptions(parseXenCmdline(cmdline).cmdline);
