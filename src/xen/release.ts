/**
 * Xen releases as data. A behaviour that differs between releases is one row of `BEHAVIOURS`: the releases in which it
 * begins, main line first, then the point releases of older branches that got it as a back-port. The rest of the model
 * asks for the behaviour by name and never compares versions.
 *
 * Source of every row: xen-mapping.md, the section named with it.
 */

/** One hypervisor release. `tip` is the end of a stable branch, past its last point release. */
export interface ReleaseNumber {
  readonly minor: number;
  readonly point: number;
  readonly tip: boolean;
}

/** First releases with a behaviour: "4.16" main line, "4.15.2" back-port, "4.12-tip" branch tip only. */
type Since = readonly string[];

/** Never in any known release (a row that only a what-if column turns on). */
const NEVER: Since = [];

const BEHAVIOURS = {
  /** 1.2: order 9 no longer needs IOMMU table sharing in active use, only HAP. */
  mmioOrderNeedsHapOnly: ["4.12"],
  /** 2.1 step 1: the mapping loop refuses a domain that is not translated; 2.2 step 5: the domctl returns early. */
  loopRefusesPv: ["4.16"],
  /** 2.2 step 8: the domctl no longer ends with the memory-type-changed action. */
  domctlLeavesMemoryTypes: ["4.17"],
  /** 2.4: the action also serves domains with I/O permissions and no IOMMU. */
  memoryTypeCountsPermissions: ["4.13", "4.12.1", "4.11.2", "4.10.4"],
  /** 2.4: caches are flushed only where self-snoop or the IOMMU requires it, and only on EPT. */
  memoryTypeFlushConditional: ["4.21"],
  /** 2.4: a domain with a device assigned counts as having I/O permissions. */
  assignedCountsAsPermission: ["4.21"],
  /** 2.2: the domctl runs without the global lock; permission checks come last; log lines say d<N>. */
  domctlUnlocked: ["4.22", "4.21.2", "4.20.4", "4.19.6", "4.18.6", "4.17.7"],
  /** 2.2: removing needs only the caller's iomem permission. */
  removeNeedsCallerOnly: ["4.22"],
  /** 2.4, end: revoking a permission never enlarges another. Seen on real Xen 4.20.4, not on 4.17.7; when between, nobody knows. */
  revocationOnlyRemoves: ["4.20"],
  /** 3.2 step 6: existing direct MMIO is protected like grants and foreign mappings. */
  guardsDirectMmio: ["4.16", "4.15.1", "4.14.3", "4.13.4", "4.12-tip", "4.11-tip"],
  /** 3.2 step 6: mapping what is mapped already is allowed, and a no-op with the same access right. */
  toleratesIdentical: ["4.16", "4.15.1", "4.14.3", "4.13.4"],
  /** 3.2 step 7: M2P words of replaced RAM are invalidated after a successful write, not before. */
  m2pAfterWrite: ["4.16", "4.15.2", "4.14.4", "4.13.5", "4.12-tip"],
  /** 3.4: a P2M no longer starts with three tables for gfn 0. */
  startsWithRootOnly: ["4.14"],
  /** 4: shadow-mode P2Ms may hold 2 MiB entries (not for MMIO). */
  shadowSuperpages: ["4.17"],
  /**
   * A device model may map pages of its guest, not the hardware domain alone. Seen on real Xen 4.20.4, not on 4.14.6 and
   * 4.17.7; which release began it, nobody knows.
   */
  guestsMapForeign: ["4.20"],
  /** 4 (RAM): populate reports an extent that was rejected. */
  populateReportsRejection: ["4.16"],
  /** 5.1: the access field sits in bits 62:59 instead of 61:58. */
  eptAccessAt59: ["4.20"],
  /** 5.1: SNP follows the domain's IOMMU use, not the host's. */
  eptSnoopByDomain: ["4.13"],
  /** 5.2: superpage leaves lose X on CPUs with the page-size-change erratum. */
  restrictsExecSuperpages: ["4.13", "4.12.2", "4.11.3", "4.10-tip", "4.9-tip", "4.8-tip"],
  /** 5.4: direct MMIO is examined after special pages (4.15 order of steps). */
  emtSpecialPagesBeforeMmio: ["4.15"],
  /** 5.4 (4.15 order) step 2 is gone: frames that are not mfn-valid are not forced to UC with IPAT. */
  emtIgnoresMfnValid: ["4.19", "4.18.3", "4.17.5"],
  /** 5.4 step 4: special pages of a block are counted; a block of nothing else is WB with IPAT. */
  emtCountsSpecialPages: ["4.17"],
  /** 5.4 step 6: grant and foreign types are WB with IPAT. */
  emtForeignWb: ["4.16"],
  /** 5.4 (old order) step 5: special pages are WB with IPAT. */
  emtSpecialPagesWb: ["4.15", "4.14.1", "4.13.2", "4.12.4"],
  /** 5.5 step 5: EMT is computed for present entries only. */
  emtPresentOnly: ["4.19", "4.18.3", "4.17.5"],
  /** 5.5 step 3: no page for a table is -ENOMEM, not -ENOENT. */
  eptNoTableIsEnomem: ["4.14"],
  /** 6.2: no AMD-Vi bits in P2M entries of the x86 format. */
  nptWithoutIommuBits: ["4.13"],
  /** 6.6: NPT flushes wait for the P2M unlock. */
  nptFlushAtUnlock: ["4.22"],
  /** 7.2: the IOMMU context and its sharing are fixed when the domain is created. */
  iommuFixedAtCreation: ["4.13"],
  /** 7.3: EPT's superpage sizes must be a subset of VT-d's (before: equal). */
  vtdShareSubset: ["4.14", "4.13.1", "4.12.3"],
  /** 7.3, 7.4, 7.5, 7.8: IOMMU superpages, markers, coalescing, freeing of empty tables, `iommu=superpages`. */
  iommuSuperpages: ["4.17"],
  /** 7.4: requests of an order (later a count) with collected flush flags. */
  iommuRequests: ["4.12"],
  /** 7.4: a failed request of several pages flushes everything. */
  iommuFailureFlushesAll: ["4.15"],
  /** 7.6: direct MMIO gets IOMMU rights at all. */
  iommuMapsMmio: ["4.9"],
  /** 7.6: direct MMIO's IOMMU rights derive from the access right. */
  iommuRightsFromAccess: ["4.16", "4.15.1", "4.14.3", "4.13.4", "4.12-tip", "4.11-tip"],
  /** 11.2: IOMMU failures are returned by the P2M writers. */
  iommuErrorsReturned: ["4.8"],
  /** 7.5: AMD-Vi no longer merges 4 KiB mappings as they come. */
  amdWithoutMerging: ["4.12"],
  /** 7.5, 7.10: merging only while the domain is created; commands only when a present entry changes. */
  amdMergesWhileCreated: ["4.12", "4.11.1", "4.10.3", "4.9.4", "4.8.5", "4.7-tip"],
  /** 7.9: strict mode enters a PV hardware domain's memory as it is allocated, not as it is typed. */
  dom0EntersAllocations: ["4.17"],
  /** 7.9: a PV hardware domain's devices may only read what it may only read. */
  dom0MapsReadOnly: ["4.17"],
  /** 7.9: the identity map is made of ranges wherever they lie, in a PVH one through the mapping loop. */
  dom0MapsByRanges: ["4.19"],
  /** 7.9: nothing is identity mapped that the hardware domain may not have. */
  dom0MapsPermittedOnly: ["4.21", "4.20.1", "4.19.2"],
  /**
   * 7.11: assigning a device before anything is mapped takes VT-d's root only; before, the tables on the way to dfn 0
   * too. Seen on real Xen 4.14.6 and 4.17.7; which release ended it, nobody knows.
   */
  vtdAssignTakesRootOnly: ["4.17"],
  /**
   * A device that a domain first gets no longer takes five pages for good; with VT-d one is needed for a moment, and again
   * to take the device away. Seen on real Xen 4.14.6 against 4.17.7 and 4.20.4; which release changed it, nobody knows.
   */
  quarantineKeepsNothing: ["4.17"],
  /** 7.10: tables of fixed depth. */
  amdFixedDepth: ["4.13", "4.12.2", "4.11.4", "4.10-tip", "4.9-tip", "4.8-tip"],
  /** 10.4: an unmap no longer makes tables just to look for the entry. */
  amdUnmapOnlyLooks: ["4.9", "4.8-tip"],
  /** 7.10: the split of a superpage keeps its rights. */
  amdSplitKeepsRights: ["4.16"],
  /** 7.10: the depth follows the domain's physical address width. Seen on Debian's 4.20.4 too, not on its 4.17.7. */
  amdDepthByDomainWidth: ["4.22", "4.20.4"],
  /** 1.4, the patch as posted: the 1 GiB branch asks that the IOMMU needs no synchronisation. */
  mmio1gNeedsNoSync: NEVER,
} as const satisfies Record<string, Since>;

export type Behaviour = keyof typeof BEHAVIOURS;

/** A release with its behaviours resolved. Everything in the model that depends on a release asks here. */
export interface Release extends ReleaseNumber, Readonly<Record<Behaviour, boolean>> {
  /** As given or completed: "4.17.5", "4.12-tip", "as-posted". */
  readonly name: string;
}

const FIRST_MINOR = 7;
const LAST_MINOR = 22;

/** The newest release that the model knows. */
export const NEWEST = `4.${LAST_MINOR}.0`;

/** Every main-line release known, oldest first. */
export const MAIN_RELEASES: readonly string[] = Array.from(
  { length: LAST_MINOR - FIRST_MINOR + 1 },
  (_, i) => `4.${FIRST_MINOR + i}`,
);

function parseNumber(text: string): ReleaseNumber | null {
  // "4.17", "4.17.5", "4.17.3-pre", "4.14.5-18", "4.12-tip", "4.22-unstable", "4.20-rc"
  const match = /^4\.(\d{1,3})(?:\.(\d{1,3}))?(-tip)?(?:[-.+ ].{0,64})?$/.exec(text);
  if (!match) return null;
  return { minor: Number(match[1]), point: Number(match[2] ?? 0), tip: match[3] !== undefined };
}

const known = new Map<string, ReleaseNumber>();

/** A number of the tables; there are few of them, and each is asked for with every release. */
function numberOf(entry: string): ReleaseNumber {
  const number = known.get(entry) ?? parseNumber(entry)!;
  known.set(entry, number);
  return number;
}

/** Whether a release has a behaviour that began in `since`. */
function begins(release: ReleaseNumber, since: Since): boolean {
  const main = since[0];
  if (main === undefined) return false;
  if (release.minor >= numberOf(main).minor) return true;
  return since.slice(1).some((entry) => {
    const port = numberOf(entry);
    return port.minor === release.minor && (release.tip || (!port.tip && release.point >= port.point));
  });
}

const KEYS = Object.keys(BEHAVIOURS) as Behaviour[];
/** Copies of one object have one shape, whatever the release, so that asking for a behaviour is cheap in hot code. */
const BLANK = {
  ...(Object.fromEntries(KEYS.map((key) => [key, false])) as Record<Behaviour, boolean>),
  minor: 0,
  point: 0,
  tip: false,
  name: "",
};

const resolvedBefore = new Map<string, Release>();

function resolve(number: ReleaseNumber, name: string, overrides: Partial<Record<Behaviour, boolean>> = {}): Release {
  const before = resolvedBefore.get(name);
  if (before) return before;
  const { minor, point, tip } = number;
  const resolved = Object.assign({ ...BLANK }, { minor, point, tip, name });
  for (const key of KEYS) resolved[key] = overrides[key] ?? begins(number, BEHAVIOURS[key]);
  resolvedBefore.set(name, resolved);
  return resolved;
}

/**
 * A release by name: "4.11", "4.17.5", "4.12-tip" (a stable branch's end), a version as `xl info` prints it
 * ("4.17.3-pre", "4.14.5-18"), or "as-posted", the tree to which the patch of December 2018 was sent, with the patch.
 * "4.17" is 4.17.0. Returns a sentence for people when there is no such release.
 */
export function parseRelease(text: string): Release | string {
  const name = text.trim();
  if (name === "as-posted") return resolve({ minor: 12, point: 0, tip: false }, name, { mmio1gNeedsNoSync: true });
  const number = parseNumber(name);
  if (!number || number.minor < FIRST_MINOR || number.minor > LAST_MINOR)
    return `unknown Xen release "${name.slice(0, 40)}": expected 4.${FIRST_MINOR} to 4.${LAST_MINOR}, with or without a point release (4.17.5), a branch's end (4.12-tip), or as-posted`;
  return resolve(number, number.tip ? `4.${number.minor}-tip` : `4.${number.minor}.${number.point}`);
}

/** As `parseRelease`; throws RangeError with the sentence. */
export function release(text: string): Release {
  const parsed = parseRelease(text);
  if (typeof parsed === "string") throw new RangeError(parsed);
  return parsed;
}

/** "4.17.5" style comparison for rows that live outside this table (firmware, toolstack): main line, then back-ports. */
export const isSince = (number: ReleaseNumber, ...since: readonly string[]): boolean => begins(number, since);

/** Behaviours in which two releases differ; what a note on an imprecise release ("4.17") is made of. */
export const differences = (a: Release, b: Release): readonly Behaviour[] => KEYS.filter((key) => a[key] !== b[key]);
