import { parseBdf } from "../inventory/bdf.ts";
import type { GuestPciSpec, Inventory, Note, PciDevice } from "../inventory/types.ts";
import { listed } from "./words.ts";

const PASSTHROUGH_DRIVERS = new Set(["vfio-pci", "pciback", "xen-pciback"]);
const LARGE_BAR = 256 * 2 ** 20;
const MANY = 8;

const hasMemoryBar = (device: PciDevice): boolean => device.bars.some((bar) => bar.kind === "memory");

/** A BDF with its domain; a selector may leave that out. */
const normal = (text: string): string => {
  const bdf = parseBdf(text);
  return bdf ?? text.toLowerCase();
};

/** More than any host passes through; bounds the work that a hostile input can ask for. */
const MOST = 256;

interface Selected {
  readonly devices: readonly PciDevice[];
  readonly notes: readonly Note[];
}

/**
 * Which devices are planned (contract, "plan --json"): those asked for; else those of the guest's configuration; else
 * every device with a memory BAR that is no bridge, and of more than eight only those bound to a passthrough driver or
 * with a BAR of 256 MiB and more. Returns a sentence when one that was asked for is not in the inputs.
 */
export function selectDevices(inventory: Inventory, asked: readonly string[] | undefined): Selected | string {
  const wanted = inventory.guest?.pci ?? [];
  const selected =
    asked && asked.length > 0
      ? selectAsked(inventory, asked)
      : wanted.length > 0
        ? selectConfigured(inventory, wanted)
        : selectLikely(inventory);
  if (typeof selected === "string" || selected.devices.length <= MOST) return selected;
  const says = `the first ${MOST} of ${selected.devices.length} devices: name those that matter with --device`;
  return { devices: selected.devices.slice(0, MOST), notes: [...selected.notes, { kind: "assumed", says }] };
}

/** The devices that any of the selectors names (a BDF, one without domain, or one with `*` as function), each once, and the selectors that name none. */
function named(
  { devices }: Inventory,
  selectors: readonly string[],
): { readonly devices: readonly PciDevice[]; readonly without: readonly string[] } {
  const byBdf = new Map(devices.map((device) => [device.bdf, device]));
  const found = new Set<PciDevice>();
  const without: string[] = [];
  for (const selector of selectors) {
    const matches = selector.endsWith(".*")
      ? devices.filter(({ bdf }) => bdf.startsWith(normal(`${selector.slice(0, -1)}0`).slice(0, -1)))
      : [byBdf.get(normal(selector))].filter((device) => device !== undefined);
    if (matches.length === 0) without.push(selector);
    for (const device of matches) found.add(device);
  }
  return { devices: [...found], without };
}

function selectAsked(inventory: Inventory, asked: readonly string[]): Selected | string {
  const { devices, without } = named(inventory, asked);
  if (without.length === 0) return { devices, notes: [] };
  return `no device ${without[0]} in the inputs: they hold ${listed(
    inventory.devices.map((device) => device.bdf),
    12,
  )}`;
}

function selectConfigured(inventory: Inventory, wanted: readonly GuestPciSpec[]): Selected {
  const { devices, without } = named(
    inventory,
    wanted.map(({ bdf }) => bdf),
  );
  const notes = wanted
    .filter(({ bdf }) => without.includes(bdf))
    .map(
      ({ bdf, from }): Note => ({
        kind: "missing",
        says: `the guest's configuration names ${bdf}, which no other input describes (give lspci -vv of it)`,
        from,
      }),
    );
  return { devices, notes };
}

function selectLikely({ devices }: Inventory): Selected {
  const candidates = devices.filter((device) => hasMemoryBar(device) && !device.bridge);
  if (candidates.length <= MANY) return { devices: candidates, notes: [] };
  const isLikely = ({ driver, bars }: PciDevice): boolean =>
    (driver !== null && PASSTHROUGH_DRIVERS.has(driver)) ||
    bars.some((bar) => bar.kind === "memory" && (bar.size ?? 0) >= LARGE_BAR);
  const left = candidates.filter((device) => !isLikely(device)).map(({ bdf }) => bdf);
  const says = `${left.length} of ${candidates.length} devices are left out (no passthrough driver, no BAR of 256 MiB or more): ${listed(left, 12)}; name one with --device`;
  return { devices: candidates.filter(isLikely), notes: left.length === 0 ? [] : [{ kind: "assumed", says }] };
}
