/** Byte offsets of what leads from the hypervisor's list of domains to the roots of their page tables. */
export interface Offsets {
  /** In struct domain. The domain id is its first 16-bit word. */
  readonly nextDomain: number;
  readonly p2m: number;
  readonly amdRoot: number;
  readonly amdLevels: number;
  readonly vtdRoot: number;
  readonly vtdWidth: number;
  /** In the P2M's structure. */
  readonly p2mRootMfn: number;
}

export type XenVersion = "4.14" | "4.17" | "4.20";

/** A hypervisor that the rig can boot: where Debian has it, and how its memory is read. */
export interface XenRelease {
  readonly version: XenVersion;
  readonly suite: string;
  readonly packages: readonly string[];
  /** Paths inside the unpacked packages. A symbol file may be compressed. */
  readonly image: string;
  readonly symbols: string;
  /** Up to 4.16 the name that the processor gives as its maker's decides which IOMMU is looked for (rig.md 2). */
  readonly vtdBesideAmd: boolean;
  readonly offsets: Offsets;
}

const DEBUG = "usr/lib/debug";

/**
 * Offsets: rig.md 4 for 4.14 and 4.17; those of 4.20 are read off the debug information that Debian ships in
 * xen-hypervisor-4.20-amd64-dbg.
 */
export const RELEASES: readonly XenRelease[] = [
  {
    version: "4.14",
    suite: "bullseye",
    packages: ["xen-hypervisor-4.14-amd64", "libxen-dev"],
    image: "boot/xen-4.14-amd64.gz",
    symbols: `${DEBUG}/xen-syms-4.14.6.gz`,
    vtdBesideAmd: false,
    offsets: {
      nextDomain: 144,
      p2m: 1944,
      p2mRootMfn: 40,
      amdRoot: 424,
      amdLevels: 416,
      vtdRoot: 368,
      vtdWidth: 384,
    },
  },
  {
    version: "4.17",
    suite: "bookworm",
    packages: ["xen-hypervisor-4.17-amd64", "xen-hypervisor-4.17-amd64-dbg", "libxen-dev"],
    image: "boot/xen-4.17-amd64.gz",
    symbols: `${DEBUG}/boot/xen-syms-4.17-amd64`,
    vtdBesideAmd: true,
    offsets: {
      nextDomain: 136,
      p2m: 1208,
      p2mRootMfn: 80,
      amdRoot: 416,
      amdLevels: 408,
      vtdRoot: 408,
      vtdWidth: 416,
    },
  },
  {
    version: "4.20",
    suite: "trixie",
    packages: ["xen-hypervisor-4.20-amd64", "xen-hypervisor-4.20-amd64-dbg", "libxen-dev"],
    image: "boot/xen-4.20-amd64.gz",
    symbols: `${DEBUG}/boot/xen-syms-4.20-amd64`,
    vtdBesideAmd: true,
    offsets: {
      nextDomain: 144,
      p2m: 1168,
      p2mRootMfn: 72,
      amdRoot: 408,
      amdLevels: 400,
      vtdRoot: 400,
      vtdWidth: 408,
    },
  },
];

/** The release that a version such as "4.17" or "4.17.7" belongs to. Throws where the rig has none. */
export function releaseOf(version: string): XenRelease {
  const release = RELEASES.find((r) => version === r.version || version.startsWith(`${r.version}.`));
  if (release) return release;
  throw new Error(`the rig has no Xen ${version}: choose one of ${RELEASES.map((r) => r.version).join(", ")}`);
}
