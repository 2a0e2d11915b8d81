import { type Access, type P2mType, TYPE } from "./constants.ts";
import type { Machine } from "./machine.ts";

/** IOMMU rights as bits: 1 read, 2 write. */
export type Rights = 0 | 1 | 2 | 3;
export const READ = 1;
export const WRITE = 2;

const BY_TYPE: Readonly<Partial<Record<P2mType, Rights>>> = {
  [TYPE.ram_rw]: 3,
  [TYPE.ram_logdirty]: 3,
  [TYPE.grant_map_rw]: 3,
  [TYPE.map_foreign]: 3,
  [TYPE.ram_ro]: 1,
  [TYPE.grant_map_ro]: 1,
};

/** What an access right leaves of read and write; the two-stage rights count as what they grant at first. */
const BY_ACCESS: readonly Rights[] = [0, 1, 2, 3, 0, 1, 2, 3, 1, 0, 1];

/** Which DMA rights a P2M entry of this type gives a device (xen-mapping.md 7.6). `mfn` is the block's first frame. */
export function iommuRights(machine: Machine, type: P2mType, access: Access, mfn: number): Rights {
  if (type !== TYPE.mmio_direct) return BY_TYPE[type] ?? 0;
  const { release } = machine;
  if (!release.iommuMapsMmio) return 0;
  const granted = release.iommuRightsFromAccess ? (BY_ACCESS[access] ?? 0) : 3;
  return machine.mmioRo.has(mfn) ? ((granted & READ) as Rights) : granted;
}

/** R, W, X (bits 1, 2, 4) that each access right takes away, in the order of ACCESS_NAMES (5.2). */
const TAKEN: readonly number[] = [7, 6, 5, 4, 3, 2, 1, 0, 2, 7, 6];

/** R, W, X of a CPU mapping as bits 1, 2, 4 after an access right has restricted them; unknown rights take all. */
export const restrict = (rwx: number, access: Access): number => rwx & ~(TAKEN[access] ?? 7);
