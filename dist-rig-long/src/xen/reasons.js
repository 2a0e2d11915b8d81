/**
 * Why a piece of MMIO was mapped at the order that it was: a closed set of codes, each with a sentence for people and
 * one on what would change it. Sources: xen-mapping.md 1.2, 3.2, 9.
 */
export const REASONS = {
    "aligned-2m": {
        says: "Guest and machine address are both 2 MiB-aligned here and at least 2 MiB are left.",
        change: "Nothing to gain: no release maps MMIO with entries above 2 MiB.",
    },
    "aligned-1g": {
        says: "The 1 GiB branch of the order selection, which no release has switched on, was enabled for this what-if.",
        change: "Drop the what-if to see what a real release does.",
    },
    "iommu-not-in-use": {
        says: "Releases 4.7 to 4.11 allow 2 MiB only where the domain uses the IOMMU, and no device was assigned yet.",
        change: "Map after the device is assigned, or run Xen 4.12 or later.",
    },
    "iommu-not-shared": {
        says: "Releases 4.7 to 4.11 allow 2 MiB only where the IOMMU shares the P2M's tables, and here it has its own.",
        change: "Run Xen 4.12 or later, or (Intel only) let the tables be shared.",
    },
    "hap-off": {
        says: "The domain does not use hardware-assisted paging; shadow mode maps MMIO in 4 KiB pages only.",
        change: "Set hap=1 for the guest and do not disable HAP on Xen's command line.",
    },
    misaligned: {
        says: "Guest and machine address differ modulo 2 MiB, so they are never 2 MiB-aligned at the same place.",
        change: "Place the BAR at a guest address that has the same offset within 2 MiB as its machine address.",
    },
    "before-boundary": {
        says: "The pages before the first 2 MiB boundary of the piece.",
        change: "Start the piece on a 2 MiB boundary (an MSI-X table inside the BAR cuts it).",
    },
    "after-boundary": {
        says: "Less than 2 MiB is left of the piece.",
        change: "End the piece on a 2 MiB boundary; a BAR smaller than 2 MiB cannot.",
    },
    "no-2m-entries": {
        says: "2 MiB entries are not usable: the processor lacks them, or hap_2mb=0 turned them off.",
        change: "Remove hap_2mb=0 from Xen's command line.",
    },
    "read-only-frames": {
        says: "The 2 MiB block holds frames that guests may only read (an MSI-X table or PBA in use), so it is mapped page by page.",
        change: "Nothing to change in the guest: the device's layout puts the table there.",
    },
    "lower-table-present": {
        says: "A table of 4 KiB entries is there already, even if empty; the MMIO path never replaces it by a 2 MiB entry.",
        change: "Avoid mapping this region in 4 KiB pages first; a new guest starts without such tables.",
    },
    "not-translated": {
        says: "A PV guest has no P2M: it maps the BAR in its own page tables, and the hypervisor enters nothing.",
        change: "Nothing to change; the cost does not arise.",
    },
};
