import type { Bar, Msix, PciDevice, Sriov } from "./types.ts";

/**
 * Two readings of the same function as one: what `first` knows stands, `second` fills what it lacks. Sizes, addresses
 * and states of a BAR are taken together from the first reading that has the BAR, except a missing size.
 */
export function combineDevices(first: PciDevice, second: PciDevice): PciDevice {
  return {
    ...first,
    classCode: first.classCode ?? second.classCode,
    vendorId: first.vendorId ?? second.vendorId,
    deviceId: first.deviceId ?? second.deviceId,
    name: first.name === "" ? second.name : first.name,
    bridge: first.bridge || second.bridge,
    bars: combineBars(first.bars, second.bars),
    msix: combineMsix(first.msix, second.msix),
    resizable: first.resizable.length > 0 ? first.resizable : second.resizable,
    sriov: combineSriov(first.sriov, second.sriov),
    driver: first.driver ?? second.driver,
    numaNode: first.numaNode ?? second.numaNode,
    iommuGroup: first.iommuGroup ?? second.iommuGroup,
    memoryDecode: first.memoryDecode ?? second.memoryDecode,
    virtualFunction: first.virtualFunction || second.virtualFunction,
  };
}

function combineBars(first: readonly Bar[], second: readonly Bar[]): readonly Bar[] {
  const known = first.map((bar) => {
    const other = second.find((b) => b.index === bar.index && b.kind === bar.kind);
    return bar.size === null && other !== undefined && other.size !== null ? { ...bar, size: other.size } : bar;
  });
  // A register that the first reading counts as the upper half of a 64-bit BAR is no BAR.
  const taken = new Set(
    first.flatMap(({ index, width }) => (width === 64 && index < 5 ? [index, index + 1] : [index])),
  );
  return [...known, ...second.filter(({ index }) => !taken.has(index))].sort((a, b) => a.index - b.index);
}

function combineMsix(first: Msix | null, second: Msix | null): Msix | null {
  if (first === null || second === null) return first ?? second;
  return { ...second, ...first, table: first.table ?? second.table, pba: first.pba ?? second.pba };
}

function combineSriov(first: Sriov | null, second: Sriov | null): Sriov | null {
  if (first === null || second === null) return first ?? second;
  return { ...second, ...first, bars: combineBars(first.bars, second.bars) };
}
