import type { HostFacts, Source } from "./types.ts";

/** One line of the hypervisor's log and the facts it tells. */
export interface LogRule {
  readonly pattern: RegExp;
  readonly read: (match: RegExpExecArray, from: Source) => HostFacts;
}

/** A size counts where it is printed without `[disabled]`; what the hardware lacks is not printed. */
export const hasSize = (list: string, size: "2MB" | "1GB"): boolean =>
  list.split(",").some((part) => part.trim().replace(/\.$/, "") === size);

/** The table of host-inputs.md 7, but for lines that repeat (VT-d units, memory_map, hvmloader's). */
export const LOG_RULES: readonly LogRule[] = [
  {
    pattern: /^Xen version (\d{1,4}\.\d{1,4}[^\s(]{0,60})(?:.* debug=([yn])\b)?/,
    read: ([, version = "", debug], from) => ({
      xenVersion: { value: version, from },
      ...(debug !== undefined && { debugBuild: { value: debug === "y", from } }),
    }),
  },
  {
    // "detected but disabled" (hap=0) and "not detected" are one to a guest: no HAP.
    pattern: /^HVM: Hardware Assisted Paging(?: \(HAP\))? (not detected|detected but disabled|detected)/,
    read: ([, state], from) => ({ hapDetected: { value: state === "detected", from } }),
  },
  {
    pattern: /^HVM: HAP page sizes: (.{0,80})$/,
    read: ([, sizes = ""], from) => ({
      hap2m: { value: hasSize(sizes, "2MB"), from },
      hap1g: { value: hasSize(sizes, "1GB"), from },
    }),
  },
  {
    pattern: /^I\/O virtualisation (enabled|disabled)/,
    read: ([, state], from) => ({ iommuEnabled: { value: state === "enabled", from } }),
  },
  {
    pattern: /^- Dom0 mode: (Relaxed|Strict|Passthrough)$/,
    read: ([, mode = ""], from) => ({
      dom0Mode: { value: mode.toLowerCase() as "relaxed" | "strict" | "passthrough", from },
    }),
  },
  {
    pattern: /^Intel VT-d Shared EPT tables (not )?enabled\.?$/,
    read: ([, not], from) => ({ sharedTables: { value: not === undefined, from } }),
  },
  {
    pattern: /^Intel VT-d Snoop Control (not )?enabled\.?$/,
    read: ([, not], from) => ({ snoopControl: { value: not === undefined, from } }),
  },
  {
    pattern: /^AMD-Vi: Disabled HAP memory map sharing with IOMMU/,
    read: (_, from) => ({ sharedTables: { value: false, from } }),
  },
  {
    pattern: /^VMX: EPT executable superpages disabled/,
    read: (_, from) => ({ execSuperpages: { value: false, from } }),
  },
];

/** Whose machine it is, from the name of any of its parts. */
export const VENDOR_RULES: readonly LogRule[] = [
  { pattern: /^(?:Intel VT-d|VMX:)/, read: (_, from) => ({ cpu: { value: "intel", from } }) },
  { pattern: /^(?:AMD-Vi|SVM:)/, read: (_, from) => ({ cpu: { value: "amd", from } }) },
];

/** Lines that start like one that is read, so that a cut or changed one does not go unseen. */
export const LOOKS_RELEVANT =
  /^(?:Xen version|HVM: H|Intel VT-d (?:iommu|Shared|Snoop)|I\/O virtualisation|- Dom0 mode|memory_map|pci dev )/;
