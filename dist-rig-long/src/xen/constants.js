/** Numbers that Xen and its interface fix (xen-mapping.md 3.1 and 12.2). */
/** Iterations of the mapping loop in one hypercall. */
export const LOOP_BUDGET = 64;
/** EPT refuses guest frames at or above this (48-bit guest physical addresses, in all releases); NPT's top table ends here. */
export const GFN_LIMIT = 2 ** 36;
export const P2M_TYPES = [
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
    "ioreq_server",
];
export const TYPE = Object.fromEntries(P2M_TYPES.map((name, value) => [name, value]));
export const ACCESS_NAMES = ["n", "r", "w", "rw", "x", "rx", "wx", "rwx", "rx2rw", "n2rwx", "r_pw"];
export const ACCESS_RW = 3;
/** The host P2M's default access, unless a memory-introspection tool changed it. */
export const ACCESS_RWX = 7;
/** Types whose frames are RAM of the guest, so that the M2P holds a word for them. */
export const isRam = (type) => type === TYPE.ram_rw || type === TYPE.ram_logdirty || type === TYPE.ram_ro || type === TYPE.ram_shared;
export const isGrantOrForeign = (type) => type === TYPE.grant_map_rw || type === TYPE.grant_map_ro || type === TYPE.map_foreign;
/** Error numbers of the interface, as they are returned: negative. */
export const ERRNO = {
    EPERM: -1,
    ENOENT: -2,
    ESRCH: -3,
    EIO: -5,
    E2BIG: -7,
    ENOMEM: -12,
    EFAULT: -14,
    EBUSY: -16,
    EEXIST: -17,
    ENODEV: -19,
    EINVAL: -22,
    EOPNOTSUPP: -95,
};
/** "-EPERM" for -1; "-99" for a number without a name. */
export const errnoName = (value) => `-${Object.entries(ERRNO).find(([, number]) => number === value)?.[0] ?? -value}`;
