/** Why the platform placed, cut, skipped or repeated something: a closed union with a sentence and its source. */
export interface PlatformReason {
  readonly says: string;
  /** What would change it; null where nothing in the user's hands does. */
  readonly change: string | null;
  /** Section of the specification. */
  readonly source: string;
  /** Neither a manual nor a run on a real system has confirmed it. */
  readonly unverified?: true;
}

const reason = (says: string, source: string, change: string | null = null): PlatformReason => ({
  says,
  change,
  source,
});
const unverified = (says: string, source: string, change: string | null = null): PlatformReason => ({
  says,
  change,
  source,
  unverified: true,
});

const LAYOUT = "guest-mmio-layout.md";
const XEN = "xen-mapping.md";

const REASONS = {
  // Where hvmloader put a BAR.
  "low-hole": reason("hvmloader placed it in the hole below 4 GiB", `${LAYOUT} 2.4`),
  "high-over-1g": reason("64-bit and larger than 1 GiB: hvmloader places it above RAM", `${LAYOUT} 2.3`),
  "high-low-hole-full": reason(
    "64-bit, and what is still to be placed exceeds the room left in the low hole: placed above RAM",
    `${LAYOUT} 2.3`,
    "a larger mmio_hole",
  ),
  "io-window": reason("an I/O BAR, placed in 0xC000 to 0xFFFF", `${LAYOUT} 2.4`),
  "platform-write-back": unverified(
    "the Xen platform device's BAR is write-back cacheable and stands at the end of the low hole",
    `${LAYOUT} 2.1`,
  ),
  "no-space-low": reason(
    "does not fit into the low hole; hvmloader leaves it without an address",
    `${LAYOUT} 2.4`,
    "a larger mmio_hole",
  ),
  "no-space-high": reason(
    "does not fit below the guest's physical address width; hvmloader leaves it without an address",
    `${LAYOUT} 2.3`,
    "a wider guest physical address space, or smaller BARs",
  ),
  "no-space-io": reason("does not fit into the I/O window; hvmloader leaves it without an address", `${LAYOUT} 2.4`),
  "bad-size": reason(
    "its size is no power of two, which no BAR can have",
    `${LAYOUT} 2.1`,
    "check the size in the input",
  ),
  "bad-slot": reason(
    "it has no slot on the guest's bus 0, which is all that hvmloader scans",
    `${LAYOUT} 2.1`,
    "free a slot",
  ),
  // What hvmloader did to the hole.
  "hole-grown": reason("the low hole was doubled because the BARs did not fit", `${LAYOUT} 2.2`),
  "hole-limited-by-ram": reason(
    "the low hole is too small and may not grow into RAM",
    `${LAYOUT} 2.2`,
    "mmio_hole in the guest configuration",
  ),
  "hole-given": reason("the low hole is as large as mmio_hole says, and does not grow", `${LAYOUT} 2.2`),
  "hole-ignored": reason("mmio_hole would start the hole above 0xF0000000 or below 0: ignored", `${LAYOUT} 2.2, 3`),
  "hole-lowered-for-rdm": unverified(
    "reserved device memory lies in the hole: its start drops to the end of low RAM",
    `${LAYOUT} 2.2`,
  ),
  "hole-overlaps-ram": unverified(
    "the low hole starts below the end of RAM, and RAM may not be moved",
    `${LAYOUT} 2.2`,
    "give the toolstack the same mmio_hole",
  ),
  "ram-relocated": reason("hvmloader moved the RAM that lay in the grown hole above 4 GiB", `${LAYOUT} 2.2`),
  "huge-bars-point-release": unverified(
    "which point release of this branch stopped counting 64-bit BARs above 1 GiB into the low hole is not confirmed",
    `${LAYOUT} 2.1`,
    "give an exact release",
  ),
  "relocation-message": unverified(
    "whether hvmloader prints its relocation message when only a BAR above 1 GiB asks for it is not confirmed",
    `${LAYOUT} 2.2, 2.5`,
  ),
  // How the device model or vPCI cut a BAR.
  "whole-bar": reason("nothing is cut out: the BAR is mapped in one call", `${LAYOUT} 4.2`),
  "before-msix-table": reason("the part of the BAR before its MSI-X table", `${LAYOUT} 4.3`),
  "after-msix-table": reason("the part of the BAR behind its MSI-X table", `${LAYOUT} 4.3`),
  "msix-table": reason("holds the MSI-X table, which must trap", `${LAYOUT} 4.3, ${XEN} 8.5 (3)`),
  "msix-pba": reason("holds the MSI-X pending bits, which must trap", `${XEN} 8.5 (3)`),
  "msix-fills-bar": reason("the MSI-X table's pages fill the BAR: nothing of it is mapped", `${LAYOUT} 4.3`),
  "msix-outside-bar": reason(
    "the MSI-X table's offset lies behind the BAR's end: ignored",
    `${LAYOUT} 4.3`,
    "check the input",
  ),
  "msix-unaligned": reason(
    "the MSI-X table does not start on a page: the page in which it starts is mapped with the part before it",
    `${LAYOUT} 4.3`,
  ),
  "past-bar-end": unverified(
    "rounding makes the last piece reach one page past the BAR: refused as a whole unless the domain is permitted that page",
    `${LAYOUT} 4.3`,
  ),
  "sub-page": reason(
    "smaller than a page: the whole page is mapped, and another such BAR in the same guest page would overwrite it",
    `${LAYOUT} 4.4`,
  ),
  "gfn-rounded-up": reason("the guest address is not page-aligned: the following page is mapped", `${LAYOUT} 4.2, 4.4`),
  "mfn-rounded-up": reason(
    "the host address is not page-aligned: the following machine page is mapped, which is the wrong one",
    `${LAYOUT} 4.2, 4.4`,
    "make the host align the BAR to a page",
  ),
  "zero-address": reason("the host gave it no address or no size: the guest does not see it", `${LAYOUT} 4.1`),
  "vpci-run": reason("a contiguous run of the device's BAR frames", `${XEN} 8.5 (6)`),
  "earlier-bar": reason("belongs to an earlier BAR of the device too", `${XEN} 8.5 (2)`),
  "other-device": reason("belongs to an enabled BAR of another device too", `${XEN} 8.5 (4)`),
  "host-e820": reason("lies in a range of the host's E820 map", `${XEN} 8.5 (1)`),
  "bar-in-e820": reason(
    "overlaps a range of the host's E820 map: not mapped at all",
    `${XEN} 8.5 (1)`,
    "Xen 4.21 or later",
  ),
  "page-offset-differs": reason("guest and host address differ in their offset within a page", `${XEN} 8.5`),
  "not-identity": reason(
    "up to 4.18 vPCI maps at the host's address whatever the guest wrote",
    `${XEN} 8.5`,
    "Xen 4.19 or later",
  ),
  "no-vpci": reason("Xen has vPCI from 4.11 on", `${XEN} 8.1`, "Xen 4.11 or later"),
  "no-iomem-permission": reason("dom0 may not access all of its machine frames: -EPERM", `${XEN} 8.5 (6), 7.9`),
  // Guest RAM.
  "ram-default-hole": reason("RAM below 4 GiB ends at 0xF0000000 or earlier", `${LAYOUT} 2.2, 3`),
  "mmio-hole-out-of-range": reason(
    "mmio_hole must be 256 to 3840 MiB: ignored",
    `${LAYOUT} 3`,
    "a value in that range",
  ),
  "rdm-lowered-ram": reason("reserved device memory in low RAM moved its end down", `${LAYOUT} 3`),
  "rdm-conflict": reason(
    "reserved device memory lies in RAM below the boundary: the guest is refused",
    `${LAYOUT} 3`,
    "rdm policy relaxed, or less memory",
  ),
  "rdm-ignored": reason(
    "reserved device memory lies in RAM below the boundary: ignored by the relaxed policy",
    `${LAYOUT} 3`,
  ),
  // The bus.
  "slot-taken": unverified(
    "the virtual slot asked for is taken or does not exist: the next free one is assumed",
    `${LAYOUT} 3`,
  ),
  "slot-assumed": unverified("the next free slot is assumed", `${LAYOUT} 3`, "vslot in the guest configuration"),
  // Repetition.
  "hvmloader-decode-once": reason("hvmloader switches decoding on once, at the end", `${LAYOUT} 2.4, 5`),
  "hvmloader-decode-early": unverified(
    "hvmloader before 4.14 switches decoding on while it assigns: up to one add a BAR register",
    `${LAYOUT} 2.4, 5`,
    "Xen 4.14 or later",
  ),
  "linux-per-register": reason(
    "Linux before 6.15 switches decoding off and on around each BAR register that it sizes",
    `${LAYOUT} 5`,
    "Linux 6.15 or later in the guest",
  ),
  "linux-batched": reason("Linux from 6.15 on sizes all BARs in one off and on", `${LAYOUT} 5`),
  "linux-sriov": unverified("Linux before 6.15 does the same for each SR-IOV BAR", `${LAYOUT} 5`),
  "windows-rebalance": unverified("Windows switches decoding at least once, often two or three times", `${LAYOUT} 5`),
  "freebsd-per-register": unverified(
    "FreeBSD switches decoding off and on around each BAR register (one capture, FreeBSD 12 on Xen 4.14.3)",
    `${LAYOUT} 5`,
  ),
  "unknown-kernel": unverified("the guest's kernel is unknown: counted as Linux before 6.15", `${LAYOUT} 5`),
  "unimplemented-registers": unverified(
    "includes BAR registers that the device does not implement: they are sized too",
    `${LAYOUT} 5`,
  ),
  // Paging pool.
  "pool-configured": reason("set by shadow_memory", `${XEN} 11.1`),
  "pool-default": reason("256 pages a vCPU and 2 pages a MiB of guest memory", `${XEN} 11.1`, "shadow_memory"),
  "pool-default-hap": reason("256 pages a vCPU and 1 page a MiB of guest memory", `${XEN} 11.1`, "shadow_memory"),
  "pool-default-pv": reason("256 pages a vCPU; nothing for a PV guest's memory", `${XEN} 11.1`),
  "pool-dom0": reason("computed by Xen from dom0's vCPUs and memory, rounded up to a MiB", `${XEN} 11.1`),
  "pool-minimum": reason("256 pages, the least with which HAP can be enabled", `${XEN} 11.1`),
  // dom0's iomem permission.
  "denied-local-apic": reason("the local APIC's page or the interrupt range", `${XEN} 7.9`),
  "denied-io-apic": reason("an IO-APIC's page", `${XEN} 7.9`),
  "denied-amd-hypertransport": reason("the 12 GiB that AMD reserves for HyperTransport", `${XEN} 7.9`),
  "denied-unusable": reason("unusable in the host's E820 map", `${XEN} 7.9`),
  "denied-hpet": reason("the HPET's page, which the ACPI table wants protected", `${XEN} 7.9`),
  "denied-mmcfg": reason("the MMCFG area, which vPCI handles", `${XEN} 7.9`),
} as const satisfies Record<string, PlatformReason>;

export type PlatformCode = keyof typeof REASONS;

/** The sentence, the source and what would change it. */
export const reasonOf = (code: PlatformCode): PlatformReason => REASONS[code];

export const PLATFORM_CODES = Object.keys(REASONS) as readonly PlatformCode[];

/** Something about a result as a whole, with the numbers of this case in `says`. */
export interface Remark {
  readonly code: PlatformCode;
  readonly says: string;
  readonly unverified?: true;
}

/** A remark whose sentence is the reason's own, with an optional prefix that says where. */
export function remark(code: PlatformCode, where?: string): Remark {
  const { says, unverified: open } = reasonOf(code);
  const text = where === undefined ? says : `${where}: ${says}`;
  return open === undefined ? { code, says: text } : { code, says: text, unverified: true };
}
