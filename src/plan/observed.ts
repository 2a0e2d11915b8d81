import type { Bar, Inventory, ObservedBar, PciDevice } from "../inventory/types.ts";

/**
 * Where hvmloader really put the BARs, when its messages are among the inputs: the last guest that has a function with
 * exactly this device's memory BARs. Keys are "bdf:index", values guest byte addresses.
 */
export function observedPlaces(inventory: Inventory, devices: readonly PciDevice[]): ReadonlyMap<string, number> {
  const places = new Map<string, number>();
  const seen = inventory.host.observedBars ?? [];
  const last = seen.reduce((domain, bar) => Math.max(domain, bar.domain), -1);
  const byFunction = new Map<string, ObservedBar[]>();
  for (const bar of seen) {
    if (bar.domain !== last) continue;
    const where = `${bar.device}.${bar.function}`;
    const found = byFunction.get(where);
    if (found) found.push(bar);
    else byFunction.set(where, [bar]);
  }
  const taken = new Set<string>();
  for (const device of devices) {
    const bars = device.bars.filter(
      ({ kind, address, size }) => kind === "memory" && address !== null && size !== null,
    );
    for (const [where, found] of byFunction) {
      const match = (bar: Bar): number | undefined =>
        found.find((o) => o.register === 0x10 + 4 * bar.index && o.size === bar.size)?.address;
      if (taken.has(where) || bars.length === 0 || bars.some((bar) => match(bar) === undefined)) continue;
      taken.add(where);
      for (const bar of bars) places.set(`${device.bdf}:${bar.index}`, match(bar)!);
      break;
    }
  }
  return places;
}
