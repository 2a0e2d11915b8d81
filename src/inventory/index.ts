/**
 * Readers for what users have at hand: lspci, sysfs, xl info, xl dmesg, a guest's configuration, command lines. They
 * take text (or an abstract tree), never a path, return what they understood with where it stood, and never throw on
 * foreign input; {@link readInputs} is the one call that reads and merges everything.
 *
 * @module
 */

export { parseBdf } from "./bdf.ts";
export {
  type CollectDocument,
  type CollectedDevice,
  type CollectReading,
  CollectSchema,
  collectedSysfs,
  makeCollect,
  readCollect,
} from "./collect-document.ts";
export { detectKind, detectKinds } from "./detect.ts";
export { type IomemHint, type IomemReading, readIomem } from "./iomem.ts";
export { type ParsedLinuxCmdline, parseLinuxCmdline, readLinuxCmdline } from "./linux-cmdline.ts";
export { type LogLine, stripLogPrefix } from "./log-prefix.ts";
export { type PciReading, readLspci } from "./lspci.ts";
export { mergeReadings, type Reading } from "./merge.ts";
export { INPUT_KINDS, readInput, readInputs } from "./read.ts";
export { readSysfsTree } from "./sysfs.ts";
export type { SysfsReader } from "./sysfs-directory.ts";
export type {
  Bar,
  Bdf,
  GuestConfig,
  GuestPciSpec,
  HostFacts,
  InputKind,
  Inventory,
  LinuxCmdline,
  Msix,
  MsixTable,
  Note,
  ObservedBar,
  PciDevice,
  Source,
  Sourced,
  Sriov,
  TextInput,
  VtdUnit,
  XenCmdline,
} from "./types.ts";
export { type ParsedXenCmdline, parseXenCmdline, readXenCmdline, xenBoolean } from "./xen-cmdline.ts";
export { atLeast, majorMinor } from "./xen-version.ts";
export { readXlCfg } from "./xl-cfg.ts";
export { readXlDmesg } from "./xl-dmesg.ts";
export { readXlInfo } from "./xl-info.ts";
