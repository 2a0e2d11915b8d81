import { parseXenCmdline } from "../inventory/xen-cmdline.js";
import { DEFAULT_OPTIONS } from "../xen/machine.js";
/** A command line as the options that mapping depends on; what it does not say keeps Xen's default. */
export function xenOptions(cmdline) {
    const or = (value, otherwise) => value ?? otherwise;
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
    };
}
/** As `xenOptions`, from the text itself. */
export const optionsOf = (cmdline) => xenOptions(parseXenCmdline(cmdline).cmdline);
