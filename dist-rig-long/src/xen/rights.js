import { ACCESS_NAMES, TYPE } from "./constants.js";
export const READ = 1;
export const WRITE = 2;
const BY_TYPE = {
    [TYPE.ram_rw]: 3,
    [TYPE.ram_logdirty]: 3,
    [TYPE.grant_map_rw]: 3,
    [TYPE.map_foreign]: 3,
    [TYPE.ram_ro]: 1,
    [TYPE.grant_map_ro]: 1,
};
/** What an access right leaves of read and write; the two-stage rights count as what they grant at first. */
const BY_ACCESS = [0, 1, 2, 3, 0, 1, 2, 3, 1, 0, 1];
/** Which DMA rights a P2M entry of this type gives a device (xen-mapping.md 7.6). `mfn` is the block's first frame. */
export function iommuRights(machine, type, access, mfn) {
    if (type !== TYPE.mmio_direct)
        return BY_TYPE[type] ?? 0;
    const { release } = machine;
    if (!release.iommuMapsMmio)
        return 0;
    const granted = release.iommuRightsFromAccess ? (BY_ACCESS[access] ?? 0) : 3;
    return machine.mmioRo.has(mfn) ? (granted & READ) : granted;
}
/** R, W, X of a CPU mapping as bits 1, 2, 4 after an access right has restricted them (5.2). */
export function restrict(rwx, access) {
    const clear = {
        n: 7,
        n2rwx: 7,
        r: 6,
        r_pw: 6,
        w: 5,
        x: 3,
        rx: 2,
        rx2rw: 2,
        wx: 1,
        rw: 4,
        rwx: 0,
    };
    return rwx & ~(clear[ACCESS_NAMES[access] ?? "n"] ?? 7);
}
