import type { ReleaseNumber } from "../xen/release.ts";

export type { ReleaseNumber };

/*
 * What differs between Xen 4.x releases for the platform room, as data. The only file here that looks at a version
 * number. Releases before 4.7 are treated as 4.7.
 */

interface Row {
  /** "4.19": that branch and every later one. "4.18.3" and "4.18-tip": their own branch only, from there on. */
  readonly since: readonly string[];
  readonly source: string;
  /** Branches whose first point release with the change is not known; the rows above name the latest possible one. */
  readonly pointUnconfirmed?: readonly string[];
}

const ROWS = {
  hugeBarsSkipLowHole: {
    since: ["4.19", "4.18.3", "4.17.5"],
    pointUnconfirmed: ["4.18", "4.17"],
    source: "guest-mmio-layout.md 2.1 (5), 2.3",
  },
  decodeSwitchedOnOnce: { since: ["4.14"], source: "guest-mmio-layout.md 2.4" },
  platformBarAtHoleEnd: { since: ["4.21"], source: "guest-mmio-layout.md 2.1" },
  vpci: { since: ["4.11"], source: "xen-mapping.md 8.1, 8.5" },
  vpciSetPerBar: { since: ["4.19"], source: "xen-mapping.md 8.5 (1)" },
  vpciGuestAddresses: { since: ["4.19"], source: "xen-mapping.md 8.5" },
  vpciChecksPermission: { since: ["4.18"], source: "xen-mapping.md 8.5 (6)" },
  vpciSkipsE820Overlap: { since: ["4.17"], source: "xen-mapping.md 8.5 (1)" },
  vpciTrimsE820Overlap: { since: ["4.21", "4.20.1", "4.19.3"], source: "xen-mapping.md 0.3, 8.5 (1)" },
  poolOnePagePerMiB: { since: ["4.17"], source: "xen-mapping.md 11.1" },
  p2mStartsWithRootOnly: { since: ["4.14"], source: "xen-mapping.md 11.1" },
  altp2mViewsPerGuest: { since: ["4.21"], source: "xen-mapping.md 11.1" },
  dom0AmdHoleAtTop: { since: ["4.16", "4.15.2", "4.14.4"], source: "xen-mapping.md 7.9" },
  dom0OnlyApicPageDenied: { since: ["4.21", "4.20.1", "4.19.2", "4.18.5"], source: "xen-mapping.md 7.9" },
  pvhDom0DeniedIoApicsAndMmcfg: { since: ["4.21", "4.20.1", "4.19.2"], source: "xen-mapping.md 7.9" },
} as const satisfies Record<string, Row>;

export type Behaviour = keyof typeof ROWS;

interface Since {
  readonly minor: number;
  readonly point: number | undefined;
  readonly tip: boolean;
}

/** What was parsed: there are few, and they are asked for at every host. */
const known = new Map<string, Since>();

function parseSince(text: string): Since {
  const [version = "", tip] = text.split("-");
  const [, minor = 0, point] = version.split(".").map(Number);
  const since = { minor, point, tip: tip !== undefined };
  known.set(text, since);
  return since;
}

function reaches(release: ReleaseNumber, text: string): boolean {
  const { minor, point, tip } = known.get(text) ?? parseSince(text);
  if (tip) return release.minor === minor && release.tip;
  if (point !== undefined) return release.minor === minor && (release.tip || release.point >= point);
  return release.minor >= minor;
}

/**
 * Whether a release contains a change, given where it first appeared: "4.19" means that branch and all later ones,
 * "4.18.3" and "4.18-tip" mean a back-port, which says nothing of other branches (xen-mapping.md 0.3).
 */
export const atLeast = (release: ReleaseNumber, ...since: readonly string[]): boolean =>
  since.some((one) => reaches(release, one));

/** Whether a release shows a behaviour. */
export const has = (release: ReleaseNumber, behaviour: Behaviour): boolean =>
  atLeast(release, ...ROWS[behaviour].since);

/** Whether the answer of `has` for this point release is an inference: the first one with the change is not known. */
export function isUnconfirmed(release: ReleaseNumber, behaviour: Behaviour): boolean {
  const row: Row = ROWS[behaviour];
  return !release.tip && (row.pointUnconfirmed ?? []).includes(`4.${release.minor}`);
}
