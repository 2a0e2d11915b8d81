import { bdfOfRoutingId, routingId } from "./bdf.ts";
import type { Bdf, PciDevice, Sriov } from "./types.ts";

/**
 * Fills in the sizes of VF BARs that the physical function's input did not tell, from the VFs' own blocks: VF n has
 * routing id = PF + first offset + (n - 1) · stride, and each of its BARs is one slice (host-inputs.md 1.5).
 */
export function fillVfSlices(devices: readonly PciDevice[]): readonly PciDevice[] {
  const byBdf = new Map(devices.map((device) => [device.bdf, device]));
  return devices.map((device) => {
    if (device.sriov === null || device.sriov.bars.every(({ size }) => size !== null)) return device;
    const vf = firstKnownVf(device.bdf, device.sriov, byBdf);
    if (vf === undefined) return device;
    const bars = device.sriov.bars.map((bar) => {
      const slice = vf.bars.find(({ index, kind }) => index === bar.index && kind === bar.kind);
      return bar.size === null && slice !== undefined ? { ...bar, size: slice.size } : bar;
    });
    return { ...device, sriov: { ...device.sriov, bars } };
  });
}

/** VFs looked for: where the first ones are not listed, the others hardly are. */
const MAX_TRIED = 64;

function firstKnownVf(bdf: Bdf, sriov: Sriov, byBdf: ReadonlyMap<Bdf, PciDevice>): PciDevice | undefined {
  if (sriov.firstVfOffset === 0) return undefined;
  const { domain, id } = routingId(bdf);
  for (let n = 0; n < Math.min(sriov.numVfs, MAX_TRIED); n++) {
    const vf = bdfOfRoutingId(domain, id + sriov.firstVfOffset + n * sriov.vfStride);
    const device = vf === null ? undefined : byBdf.get(vf);
    if (device?.bars.some(({ size }) => size !== null)) return device;
  }
  return undefined;
}
