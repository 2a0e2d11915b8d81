import { parseBdf } from "./bdf.ts";
import { findBootOptions, LINUX_BOOT } from "./boot-line.ts";
import { quote } from "./note-list.ts";
import { fileNotes, source } from "./notes.ts";
import { lines } from "./text.ts";
import type { HostFacts, LinuxCmdline, Note } from "./types.ts";

/** A Linux command line as read, whether it is that of a KVM host, the line it stood on (from 1), and notes. */
export interface ParsedLinuxCmdline {
  readonly cmdline: LinuxCmdline;
  /** True: parameters that only a KVM host has; false: those of a Xen dom0; null: neither. */
  readonly kvm: boolean | null;
  /** Where the parameters start, counted from 1. */
  readonly line: number;
  readonly notes: readonly Note[];
}

/** Blanks separate, double quotes enclose blanks; the kernel knows no other quoting. */
const WORD = /(?:[^\s"]|"[^"]*"?)+/g;
const VFIO_ID = /^([0-9a-f]{1,4}):([0-9a-f]{1,4})(?::([0-9a-f]{1,8}):([0-9a-f]{1,8})(?::[0-9a-f]{1,8}){0,2})?$/i;
const ANY_ID = 0xffffffff;

/** Reads a Linux command line, plain, from a boot entry or from grub's defaults (host-inputs.md 5). Never throws. */
export function parseLinuxCmdline(text: string, file = "command line"): ParsedLinuxCmdline {
  const { add, all } = fileNotes(file);
  const { options, line } = findBootOptions(lines(text), LINUX_BOOT);
  const words = (options.match(WORD) ?? []).map((word) => word.replaceAll('"', ""));
  const parameters = words.map((word) => {
    const equals = word.indexOf("=");
    // The kernel takes - and _ in names as the same.
    const key = (equals < 0 ? word : word.slice(0, equals)).replaceAll("-", "_");
    return { key, value: equals < 0 ? "" : word.slice(equals + 1), word };
  });
  const parts = (...keys: readonly string[]): readonly string[] =>
    parameters.filter(({ key }) => keys.includes(key)).flatMap(({ value }) => value.split(",").filter((p) => p !== ""));
  const flag = (key: string): boolean | null => {
    const found = parameters.findLast((parameter) => parameter.key === key);
    if (found === undefined) return null;
    if (/^(?:1|y|Y|on|yes)$/.test(found.value)) return true;
    if (/^(?:0|n|N|off|no)$/.test(found.value)) return false;
    add("unread", `${quote(found.word)}: expected 0 or 1`, line);
    return null;
  };

  const iommu = parts("iommu");
  const vfioIds = parts("vfio_pci.ids").flatMap((id) => vfioId(id) ?? unread(`vfio-pci.ids: ${quote(id)}`));
  const hidden = parameters.filter(({ key }) => key === "xen_pciback.hide" || key === "pciback.hide");
  const pcibackHide = hidden.flatMap(({ value }) => {
    return [...value.matchAll(/[^()]+/g)].flatMap(
      ([bdf]) => parseBdf(bdf.trim()) ?? unread(`xen-pciback.hide: ${quote(bdf)} is no address`),
    );
  });
  function unread(says: string): readonly never[] {
    add("unread", says, line);
    return [];
  }

  const pt = iommu.findLast((part) => part === "pt" || part === "nopt");
  const kvmOnly = parameters.some(({ key }) => /^(?:vfio_pci\.|vfio_iommu_type1\.|kvm[_.])/.test(key));
  return {
    cmdline: {
      text: options,
      intelIommu: parts("intel_iommu"),
      amdIommu: parts("amd_iommu"),
      iommu,
      pci: parts("pci"),
      passthrough: pt === undefined ? flag("iommu.passthrough") : pt === "pt",
      strict: flag("iommu.strict"),
      ept: flag("kvm_intel.ept"),
      npt: flag("kvm_amd.npt"),
      vfioIds,
      pcibackHide,
    },
    kvm: hidden.length > 0 ? false : kvmOnly ? true : null,
    line,
    notes: all(),
  };
}

/** {@link parseLinuxCmdline} as a reader of an input file. */
export function readLinuxCmdline(
  text: string,
  file: string,
): { readonly host: HostFacts; readonly notes: readonly Note[] } {
  const { cmdline, kvm, line, notes } = parseLinuxCmdline(text, file);
  const from = source(file, line);
  return {
    host: { linuxCmdline: { value: cmdline, from }, ...(kvm !== null && { kvm: { value: kvm, from } }) },
    notes,
  };
}

function vfioId(text: string): LinuxCmdline["vfioIds"] | undefined {
  const match = VFIO_ID.exec(text);
  if (match === null) return undefined;
  const [vendor = 0, device = 0, subVendor, subDevice] = match
    .slice(1)
    .map((digits) => (digits === undefined ? undefined : Number.parseInt(digits, 16)));
  const any = subVendor === undefined || subDevice === undefined || subVendor === ANY_ID || subDevice === ANY_ID;
  return [{ vendor, device, subsystem: any ? null : { vendor: subVendor, device: subDevice } }];
}
