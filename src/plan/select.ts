import { parseBdf } from "../inventory/bdf.ts";
import type { Inventory, Note, PciDevice } from "../inventory/types.ts";
import { listed } from "./words.ts";

const PASSTHROUGH_DRIVERS = new Set(["vfio-pci", "pciback", "xen-pciback"]);
const LARGE_BAR = 256 * 2 ** 20;
const MANY = 8;

const hasMemoryBar = (device: PciDevice): boolean => device.bars.some((bar) => bar.kind === "memory");

/** Whether a selector names a device: a BDF, one without domain, or one with `*` as function. */
function names(selector: string, bdf: string): boolean {
  if (selector.endsWith(".*")) return bdf.startsWith(`${normal(`${selector.slice(0, -1)}0`).slice(0, -1)}`);
  return normal(selector) === bdf;
}

const normal = (text: string): string => {
  const bdf = parseBdf(text);
  return bdf ?? text.toLowerCase();
};

/**
 * Which devices are planned (contract, "plan --json"): those asked for; else those of the guest's configuration; else
 * every device with a memory BAR that is no bridge, and of more than eight only those bound to a passthrough driver or
 * with a BAR of 256 MiB and more. Returns a sentence when one that was asked for is not in the inputs.
 */
export function selectDevices(
  inventory: Inventory,
  asked: readonly string[] | undefined,
): { readonly devices: readonly PciDevice[]; readonly notes: readonly Note[] } | string {
  const notes: Note[] = [];
  if (asked && asked.length > 0) {
    const devices: PciDevice[] = [];
    for (const selector of asked) {
      const found = inventory.devices.filter((device) => names(selector, device.bdf));
      if (found.length === 0)
        return `no device ${selector} in the inputs: they hold ${listed(inventory.devices.map((d) => d.bdf))}`;
      devices.push(...found.filter((device) => !devices.includes(device)));
    }
    return { devices, notes };
  }
  const wanted = inventory.guest?.pci ?? [];
  if (wanted.length > 0) {
    const devices: PciDevice[] = [];
    for (const spec of wanted) {
      const found = inventory.devices.filter((device) => names(spec.bdf, device.bdf));
      if (found.length === 0)
        notes.push({
          kind: "missing",
          says: `the guest's configuration names ${spec.bdf}, which no other input describes (give lspci -vv of it)`,
          from: spec.from,
        });
      devices.push(...found.filter((device) => !devices.includes(device)));
    }
    return { devices, notes };
  }
  const candidates = inventory.devices.filter((device) => hasMemoryBar(device) && !device.bridge);
  if (candidates.length <= MANY) return { devices: candidates, notes };
  const likely = candidates.filter(
    (device) =>
      (device.driver !== null && PASSTHROUGH_DRIVERS.has(device.driver)) ||
      device.bars.some((bar) => bar.kind === "memory" && (bar.size ?? 0) >= LARGE_BAR),
  );
  const left = candidates.filter((device) => !likely.includes(device));
  notes.push({
    kind: "info",
    says: `${left.length} of ${candidates.length} devices are left out (no passthrough driver, no BAR of 256 MiB or more): ${listed(left.map((d) => d.bdf))}; name one with --device`,
  });
  return { devices: likely, notes };
}
