import type { Gfn, Mfn } from "../address.ts";
import { FORMATS } from "../format/index.ts";
import type { WritableTree } from "../radix/tree.ts";
import type { FrameSet } from "../ranges.ts";
import { FrameSet as Frames } from "../ranges.ts";
import { type Ledger, newLedger } from "./ledger.ts";
import { M2p } from "./m2p.ts";
import type { Machine } from "./machine.ts";
import type { ReasonCode } from "./reasons.ts";

export type GuestKind = "hvm" | "pvh" | "pv";

/** A domain's own IOMMU tables. The root's page is taken from the heap when they are first needed. */
export interface IommuTables {
  tree: WritableTree;
  rootTaken: boolean;
}

/** How a domain's IOMMU tables relate to its P2M (7.2). "none": no IOMMU context. */
export type IommuMode = "none" | "shared" | "sync";

/** One stretch of decisions that came out alike. */
export interface Decision {
  readonly gfn: Gfn;
  readonly mfn: Mfn;
  pages: number;
  readonly order: number;
  readonly because: ReasonCode;
}

export interface Domain {
  readonly id: number;
  readonly machine: Machine;
  readonly kind: GuestKind;
  /** HAP enabled for the domain: EPT or NPT. False: shadow mode (HVM) or PV. */
  readonly hap: boolean;
  readonly hardwareDomain: boolean;
  readonly vcpus: number;
  /** The guest's vCPU 0 has set up its MTRRs (firmware has run). */
  mtrrsSet: boolean;
  /** False until the domain is first unpaused. */
  started: boolean;
  crashed: boolean;
  destroyed: boolean;
  readonly ledger: Ledger;
  readonly permissions: { frames: FrameSet<Mfn> };

  /** The P2M; for a PV guest an empty tree that nothing is entered into. */
  readonly p2m: WritableTree;
  /** Highest gfn ever mapped; only grows (3.4). */
  highestGfn: number;
  /** Paging pool, pages. */
  readonly pool: { pages: number; used: number };
  readonly m2p: M2p;
  /** Pages of RAM that the domain owns, reachable or not. */
  ownedPages: number;
  readonly maxPages: number;

  /** What the toolstack asked for; decides the mode when the context is made. */
  readonly wantsSharing: boolean;
  iommuMode: IommuMode;
  /** Own IOMMU tables; null when shared or none. */
  iommu: IommuTables | null;
  /** AMD-Vi up to 4.11: merging is still possible (7.5). */
  amdMerging: boolean;
  readonly devices: Set<string>;
  /** Pages of the domain heap that it took, so that little is left (`take_memory`). */
  hoard: number;
  /** The guest that this domain is the device model of, once it is one. */
  deviceModelOf: number | null;

  /** How each piece was decided, in order; cleared by whoever reads it. */
  readonly decisions: Decision[];
  /** A 2 MiB region that was demoted to 4 KiB: explains its other pages, as long as they follow each other. */
  demotion: { next: number; readonly until: number; readonly because: ReasonCode } | null;
  /** Lines that the hypervisor would log, newest last, and how many are kept at most. */
  readonly log: string[];
  readonly logLimit: number;

  /** Contiguity-marker stores by table level: the ledger's, told apart for what repeats. */
  readonly markerStores: number[];
  /** Stores into IOMMU tables above the leaf tables, while somebody watches for repetition; else null. */
  upperStores: UpperStore[] | null;
}

/** A store into an IOMMU table above the leaf tables, as it happened. */
export type UpperStore =
  | {
      readonly op: "put";
      readonly level: number;
      readonly slot: number;
      readonly lo: number;
      readonly hi: number;
      readonly kind: "empty" | "leaf" | "table";
    }
  /** A table became a leaf of `level` by merging, and the pointers above were counted on. */
  | { readonly op: "merge"; readonly level: number; readonly dfn: number; readonly mfn: number };

export interface DomainSpec {
  readonly id?: number;
  readonly guest?: GuestKind;
  readonly hap?: boolean;
  /** none: no context; default: what `passthrough=enabled` chooses; share_pt, sync_pt: as asked. */
  readonly iommu?: "none" | "default" | "share_pt" | "sync_pt";
  readonly hardwareDomain?: boolean;
  readonly vcpus?: number;
  /** Paging pool in pages; default unlimited for PV, 256 pages otherwise. */
  readonly poolPages?: number;
  readonly maxMemKiB?: number;
  readonly mtrrsSet?: boolean;
  readonly started?: boolean;
  /** Lines of log to keep. Default 1000; 0 for those who do not read it. */
  readonly logLimit?: number;
}

/** Nested P2M roots that every HAP domain holds from its creation on (11.1). */
const NESTED_P2MS = 10;
const ALTP2M_VIEWS = 10;
const LOG_LINES = 1000;
/** One more than the highest table level, so that levels are indices. */
const LEVELS = 7;

/** Translated domains have a P2M; PV guests do not. */
export const isTranslated = (domain: Domain): boolean => domain.kind !== "pv";

/** The domain uses the IOMMU (7.2, first row). */
export const usesIommu = (domain: Domain): boolean => domain.iommuMode !== "none";

/** Has any iomem permission; in 4.21 and later an assigned device counts too (2.4). */
export const hasIoPermission = (domain: Domain): boolean =>
  !domain.permissions.frames.isEmpty || (domain.machine.release.assignedCountsAsPermission && domain.devices.size > 0);

/** Create a domain as the toolstack does: root tables, what creation takes from the pool, IOMMU context by release. */
export function makeDomain(machine: Machine, spec: DomainSpec = {}): Domain {
  const { release } = machine;
  const kind = spec.guest ?? "hvm";
  const hap = kind !== "pv" && machine.hap && (spec.hap ?? true);
  const format = hap && machine.cpu === "intel" ? FORMATS.ept : FORMATS.npt;
  const root = machine.memory.allocate();
  const tree: WritableTree = { format, memory: machine.memory, root, levels: 4 };
  const p2ms = 1 + NESTED_P2MS + (machine.options.altp2m && machine.cpu === "intel" ? ALTP2M_VIEWS : 0);
  const used = p2ms * (release.startsWithRootOnly ? 1 : 4) + (spec.vcpus ?? 1);
  const wanted = spec.iommu ?? "default";
  return {
    id: spec.id ?? 1,
    machine,
    kind,
    hap,
    hardwareDomain: spec.hardwareDomain ?? false,
    vcpus: spec.vcpus ?? 1,
    mtrrsSet: spec.mtrrsSet ?? false,
    started: spec.started ?? false,
    crashed: false,
    destroyed: false,
    ledger: newLedger(),
    permissions: { frames: Frames.empty<Mfn>() },
    p2m: tree,
    highestGfn: 0,
    pool: { pages: kind === "pv" ? Number.POSITIVE_INFINITY : (spec.poolPages ?? 256), used },
    m2p: new M2p(),
    ownedPages: 0,
    maxPages: spec.maxMemKiB === undefined ? Number.POSITIVE_INFINITY : Math.floor(spec.maxMemKiB / 4),
    wantsSharing: wanted === "default" || wanted === "share_pt",
    iommuMode: "none",
    iommu: null,
    amdMerging: !release.amdWithoutMerging,
    devices: new Set(),
    hoard: 0,
    deviceModelOf: null,
    decisions: [],
    demotion: null,
    log: [],
    logLimit: spec.logLimit ?? LOG_LINES,
    markerStores: new Array<number>(LEVELS).fill(0),
    upperStores: null,
  };
}

/** Whether another line would be kept; spares hot paths the making of lines that would not. */
export const logHasRoom = (domain: Domain): boolean => domain.log.length < domain.logLimit;

/** A line of the hypervisor's console, without its prefix. */
export function logLine(domain: Domain, line: string): void {
  if (logHasRoom(domain)) domain.log.push(line);
}

/** The domain as this release's log lines name it (2.3). */
export const domainTag = (domain: Domain): string =>
  `${domain.machine.release.domctlUnlocked ? "d" : "dom"}${domain.id}`;

export function crash(domain: Domain): void {
  domain.crashed = true;
}

/** Note how a block was decided; like decisions that continue each other become one. */
export function note(domain: Domain, gfn: Gfn, mfn: Mfn, pages: number, order: number, because: ReasonCode): void {
  const last = domain.decisions[domain.decisions.length - 1];
  if (
    last &&
    last.because === because &&
    last.order === order &&
    last.gfn + last.pages === gfn &&
    last.mfn + last.pages === mfn
  )
    last.pages += pages;
  else domain.decisions.push({ gfn, mfn, pages, order, because });
}
