/** Names of Xen's P2M types by number, the same in all releases but 15 (xen-mapping.md 3.1). */
export const P2M_TYPE_NAMES = [
    "ram_rw",
    "invalid",
    "ram_logdirty",
    "ram_ro",
    "mmio_dm",
    "mmio_direct",
    "populate_on_demand",
    "grant_map_rw",
    "grant_map_ro",
    "paging_out",
    "paged",
    "paging_in",
    "ram_shared",
    "ram_broken",
    "map_foreign",
    "mmio_write_dm or ioreq_server",
];
/**
 * Xen's P2M type in an entry's high half: bits 57:52 in EPT, 58:52 in NPT; null in formats without one. Only Xen's
 * tables hold one: KVM keeps other things there.
 */
export function p2mTypeOf(format, hi) {
    if (format === "ept")
        return (hi >>> 20) & 0x3f;
    return format === "npt" ? (hi >>> 20) & 0x7f : null;
}
/** "Xen P2M type 5 (mmio_direct)". */
export const p2mTypeText = (type) => `Xen P2M type ${type} (${P2M_TYPE_NAMES[type] ?? "unknown"})`;
