import { parseBdf } from "./bdf.ts";
import { combineDevices } from "./combine.ts";
import { readConfigSpace } from "./config-space.ts";
import { isBridgeClass } from "./device-class.ts";
import type { PciReading } from "./lspci.ts";
import { listDevices, type NoteList, noteList } from "./note-list.ts";
import {
  type DeviceDirectory,
  decimalAttribute,
  directory,
  hexAttribute,
  type SysfsReader,
} from "./sysfs-directory.ts";
import { readResizeMasks } from "./sysfs-resize.ts";
import { type Resources, readResources } from "./sysfs-resource.ts";
import { readSysfsSriov } from "./sysfs-sriov.ts";
import type { Bdf, PciDevice, Sriov } from "./types.ts";
import { fillVfSlices } from "./vf-slices.ts";

/** Where the BDF-named directories may be below the root. */
const PLACES = ["", "bus/pci/devices", "sys/bus/pci/devices", "devices"];
/** A machine has at most 65,536 functions a domain; more than that is no sysfs. */
const MAX_DEVICES = 65_536;

/**
 * Reads PCI functions from a sysfs tree or a copy of one: the root itself, or `bus/pci/devices`, `sys/bus/pci/devices` or
 * `devices` below it, whichever first holds directories named like `0000:3f:00.0` (host-inputs.md 3). `file` names the
 * tree in sources and notes. `resource` wins over `config`. Never throws, unless the reader does.
 */
export function readSysfsTree(read: SysfsReader, file: string): PciReading {
  const notes = noteList();
  const found = PLACES.map((place) => ({ place, names: read.list(place).filter((n) => parseBdf(n) !== null) }));
  const { place, names } = found.find((f) => f.names.length > 0) ?? { place: "", names: [] };
  if (names.length === 0)
    notes.add("missing", "no directory named like 0000:3f:00.0 here or below bus/pci/devices", { file });
  if (names.length > MAX_DEVICES) notes.add("unread", `only the first ${MAX_DEVICES} devices were read`, { file });
  const short: Bdf[] = [];
  const devices = names.slice(0, MAX_DEVICES).map((name) => {
    const path = place === "" ? name : `${place}/${name}`;
    const reading = readDevice(directory(read, path, file), read.bytes(`${path}/config`), notes);
    if (reading.truncated) short.push(reading.device.bdf);
    return reading.device;
  });
  const unknown = short.filter((bdf) => devices.some((d) => d.bdf === bdf && !d.bridge && d.bars.length > 0));
  if (unknown.length > 0)
    notes.add(
      "missing",
      `config is absent or short, so MSI-X and other capabilities may be unknown; read it as root: ${listDevices(unknown)}`,
      { file },
    );
  return { devices: fillVfSlices(devices), notes: notes.all() };
}

function readDevice(
  dir: DeviceDirectory,
  configBytes: Uint8Array | undefined,
  notes: NoteList,
): { readonly device: PciDevice; readonly truncated: boolean } {
  const configFile = { file: dir.file("config") };
  const config = configBytes === undefined ? null : readConfigSpace(configBytes, () => configFile);
  if (configBytes !== undefined && config === null)
    notes.add("unread", "shorter than 64 bytes or all ones: the function does not answer", configFile);
  for (const problem of config?.problems ?? []) notes.add("unread", problem, configFile);

  const classCode = hexAttribute(dir, "class", notes);
  const bridge = config?.bridge ?? (classCode !== null && isBridgeClass(classCode >>> 8));
  const resources = readResources(dir, notes);
  const device = deviceOf(dir, classCode, bridge, resources, config?.sriov ?? null, notes);
  const { truncated = true } = config ?? {};
  if (config === null) return { device, truncated };
  // The kernel's list of BARs is complete; where it has none, the registers say no more.
  const bars = resources.present ? [] : config.bars;
  return { device: combineDevices(device, { ...device, ...config, bars, sriov: null }), truncated };
}

function deviceOf(
  dir: DeviceDirectory,
  classCode: number | null,
  bridge: boolean,
  resources: Resources,
  configSriov: Sriov | null,
  notes: NoteList,
): PciDevice {
  const numaNode = decimalAttribute(dir, "numa_node");
  const group = dir.link("iommu_group");
  return {
    bdf: dir.bdf,
    classCode,
    vendorId: hexAttribute(dir, "vendor", notes),
    deviceId: hexAttribute(dir, "device", notes),
    name: "",
    bridge,
    bars: resources.bars,
    msix: null,
    resizable: readResizeMasks(dir, resources.bars, notes),
    sriov: bridge ? null : readSysfsSriov(dir, resources, configSriov, notes),
    driver: dir.link("driver") ?? null,
    numaNode: numaNode === null || numaNode < 0 ? null : numaNode,
    iommuGroup: group !== undefined && /^\d{1,9}$/.test(group) ? Number(group) : null,
    memoryDecode: null,
    virtualFunction: dir.link("physfn") !== undefined,
    from: { file: dir.file("resource") },
  };
}
