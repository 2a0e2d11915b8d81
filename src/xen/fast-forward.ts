import { type Mfn, offsetIn, pagesOf } from "../address.ts";
import { frameField, frameHi, frameLo, LEAF } from "../format/format.ts";
import { type Domain, logHasRoom, type UpperStore } from "./domain.ts";
import { alikeFrom, lay, lift, markerMask, NO_MARKER, slotOf, trees } from "./fast-forward-tables.ts";
import { mergeUpwards } from "./iommu/merging.ts";
import { put } from "./iommu/slots.ts";
import { LEDGER_KINDS, type Ledger, type LedgerKind } from "./ledger.ts";
import { uniformFrames } from "./machine.ts";

/*
 * A long request does the same thing again and again: one region of 2 MiB, 1 GiB or 512 GiB after the other. When two
 * regions in a row have cost exactly the same, and everything ahead is as it was before them, the next ones need not be
 * carried out: their cost is added and their tables are described. The rules themselves are never asked in another way;
 * what is skipped is what they would only repeat.
 */

/** Levels of the tables that are repeated: PT (2 MiB), PD (1 GiB), PDPT (512 GiB). */
const LEVELS = [3, 2, 1] as const;

/** State at the first hypercall boundary inside a region. */
interface Checkpoint {
  readonly region: number;
  /** Pages from the region's start, and from the request's. */
  readonly offset: number;
  readonly done: number;
  readonly calls: number;
  readonly ledger: Ledger;
  readonly markers: readonly number[];
  readonly pool: number;
  readonly iommuRoot: Mfn | null;
  /** Stores above the tables of this level since the checkpoint before. */
  readonly stores: readonly UpperStore[];
  /** The next region and the one after it are alike, and untouched. */
  readonly aheadAlike: boolean;
}

export interface Skip {
  readonly pages: number;
  readonly calls: number;
  /** Regions, each of which cost what the one before them did; 0 when nothing was skipped. */
  readonly regions: number;
}

const NOTHING: Skip = { pages: 0, calls: 0, regions: 0 };
const KINDS = (Object.keys(LEDGER_KINDS) as LedgerKind[]).filter((kind) => kind !== "markerStores");

/** A request under way: frames are those of its start. */
export interface Request {
  readonly domain: Domain;
  readonly gfn: number;
  readonly mfn: number;
  readonly pages: number;
  readonly add: boolean;
  /** Calls that may be made; infinite without a limit. */
  readonly maxCalls: number;
}

/** What has been seen of one size of region. */
interface Seen {
  readonly level: number;
  /** The last four checkpoints at most, one region after the other. */
  checkpoints: Checkpoint[];
  /** Stores above this level since the last one. */
  stores: UpperStore[];
}

/**
 * Watch a request. The returned function is asked at each hypercall boundary, with the pages and calls done so far, and
 * answers how many it has accounted for without carrying them out.
 */
export function watch(request: Request): (done: number, calls: number) => Skip {
  const { domain } = request;
  if (domain.machine.stepwise || Number.isFinite(domain.machine.iommuPages)) return () => NOTHING;
  const sizes: Seen[] = LEVELS.map((level) => ({ level, checkpoints: [], stores: [] }));
  domain.upperStores = [];
  return (done, calls) => {
    const stores = domain.upperStores ?? [];
    for (const seen of sizes) seen.stores.push(...stores.filter(({ level }) => level > seen.level));
    domain.upperStores = [];
    for (const seen of sizes) {
      const region = Math.floor((request.gfn + done) / pagesOf(9 * seen.level));
      if (seen.checkpoints.at(-1)?.region === region) continue;
      seen.checkpoints = [...seen.checkpoints.slice(-3), takeCheckpoint(request, seen, region, done, calls)];
      seen.stores = [];
      const skip = skipAhead(request, seen);
      if (skip === NOTHING) continue;
      for (const other of sizes) if (other.level <= seen.level) other.checkpoints = [];
      domain.upperStores = [];
      return skip;
    }
    return NOTHING;
  };
}

/** Stop recording what a watched request stores above the leaf tables. */
export const unwatch = ({ domain }: Request): void => {
  domain.upperStores = null;
};

function takeCheckpoint(request: Request, seen: Seen, region: number, done: number, calls: number): Checkpoint {
  const { domain } = request;
  return {
    region,
    offset: offsetIn(request.gfn + done, 9 * seen.level),
    done,
    calls,
    ledger: { ...domain.ledger },
    markers: [...domain.markerStores],
    pool: domain.pool.used,
    iommuRoot: domain.iommu?.tree.root ?? null,
    stores: seen.stores,
    aheadAlike:
      (region & 511) < 510 && trees(domain).every((tree) => alikeFrom(domain, tree, seen.level, region + 1, 2) === 2),
  };
}

/** Account for as many regions as will certainly go like the last one, and say how much that was. */
function skipAhead(request: Request, { level, checkpoints }: Seen): Skip {
  const [before, c0, c1, c2] = checkpoints;
  if (!before || !c0 || !c1 || !c2) return NOTHING;
  // The oldest region whose tables are repeated must have been like the others before it was gone through.
  if (before.region + 1 !== c0.region || !before.aheadAlike) return NOTHING;
  const count = repetitions(request, level, c0, c1, c2);
  if (count <= 0) return NOTHING;
  repeat(request, level, c1, c2, count);
  return { pages: count * pagesOf(9 * level), calls: count * (c2.calls - c1.calls), regions: count };
}

/** How many regions after the present one will go like the last two; 0 when that is not certain. */
function repetitions(request: Request, level: number, c0: Checkpoint, c1: Checkpoint, c2: Checkpoint): number {
  const { domain, add } = request;
  const size = pagesOf(9 * level);
  const steady =
    c1.region === c0.region + 1 &&
    c2.region === c1.region + 1 &&
    c0.offset === c2.offset &&
    c1.offset === c2.offset &&
    c0.aheadAlike &&
    c1.aheadAlike &&
    c2.aheadAlike &&
    c0.iommuRoot === c2.iommuRoot &&
    c1.pool - c0.pool === c2.pool - c1.pool &&
    KINDS.every((kind) => c1.ledger[kind] - c0.ledger[kind] === c2.ledger[kind] - c1.ledger[kind]) &&
    c2.markers.every((n, l) => l > level || n - c1.markers[l]! === c1.markers[l]! - c0.markers[l]!) &&
    // RAM that goes is remembered elsewhere, and above the parent nothing may have happened.
    c2.ledger.m2pUpdates === c1.ledger.m2pUpdates &&
    c2.stores.every((s) => s.level === level + 1);
  // A log that is still being written must not miss lines.
  if (!steady || logHasRoom(domain) || !decisionsContinue(request, c0, c2)) return 0;

  const present = c2.region;
  // The table above must hold the last two regions and all that follow.
  let most = Math.min(511 - (present & 511), (present & 511) < 2 ? 0 : Number.POSITIVE_INFINITY);
  // Enough must be left for the rules that look at what is left.
  most = Math.min(most, Math.floor((request.pages - c2.done) / size) - 1);
  // One call follows what is skipped.
  most = Math.min(most, Math.floor((request.maxCalls - c2.calls - 1) / (c2.calls - c1.calls)));
  if (add) {
    // Alike from the start of the oldest region that is repeated.
    const from = c0.done - c0.offset;
    most = Math.min(
      most,
      Math.floor((uniformFrames(domain.machine, request.mfn + from) - (c2.done - from)) / size) - 1,
    );
  }
  const perRegion = c2.pool - c1.pool;
  if (perRegion > 0) most = Math.min(most, Math.floor((domain.pool.pages - domain.pool.used) / perRegion));
  for (const tree of trees(domain)) {
    if (most <= 0 || !slotOf(tree, level, present)) return 0;
    most = Math.min(most, alikeFrom(domain, tree, level, present + 1, most));
    // Where leaves stand ahead of a mapping, a table may complete in another order than the recorded one.
    if (add && slotOf(tree, level, present + 1)?.kind === LEAF) return 0;
  }
  return most;
}

/** Mapping notes one decision that covers everything since the first checkpoint. */
function decisionsContinue({ domain, gfn, add }: Request, c0: Checkpoint, c2: Checkpoint): boolean {
  if (!add) return true;
  const last = domain.decisions.at(-1);
  return last !== undefined && last.gfn <= gfn + c0.done && last.gfn + last.pages === gfn + c2.done;
}

/** Book `count` regions like the last, and describe their tables. */
function repeat(request: Request, level: number, c1: Checkpoint, c2: Checkpoint, count: number): void {
  const { domain, add } = request;
  const { ledger } = domain;
  const size = pagesOf(9 * level);
  for (const kind of KINDS) ledger[kind] += count * (c2.ledger[kind] - c1.ledger[kind]);
  for (let l = 1; l <= level; l++) {
    const each = (c2.markers[l] ?? 0) - (c1.markers[l] ?? 0);
    domain.markerStores[l] = (domain.markerStores[l] ?? 0) + count * each;
    ledger.markerStores += count * each;
  }
  domain.pool.used += count * (c2.pool - c1.pool);
  if (add) {
    domain.highestGfn = Math.max(domain.highestGfn, request.gfn + c2.done + count * size - 1);
    domain.decisions.at(-1)!.pages += count * size;
  }
  const present = c2.region;
  if (domain.iommu) {
    const { tree } = domain.iommu;
    const samples = lift(tree, level, present, count);
    const { words } = slotOf(tree, level, present)!;
    // Markers and merge counts above depend on the place, so those stores are made one by one.
    for (let j = 1; j <= count; j++) for (const stored of c2.stores) storeAgain(domain, words, stored, j, size);
    lay(tree, level, present, count, samples, markerMask(domain));
  }
  lay(domain.p2m, level, present, count, lift(domain.p2m, level, present, count), NO_MARKER);
}

function storeAgain(domain: Domain, words: Uint32Array, stored: UpperStore, regions: number, size: number): void {
  const pages = regions * size;
  if (stored.op === "merge") {
    mergeUpwards(domain, stored.dfn + pages, stored.mfn + pages, 1, stored.level);
    return;
  }
  const { lo, hi, kind } = stored;
  const frame = frameField(lo, hi) + (kind === "leaf" ? pages : 0);
  const to = { lo: ((lo & 0xfff) | frameLo(frame)) >>> 0, hi: ((hi & 0xfff0_0000) | frameHi(frame)) >>> 0 };
  put(domain, words, stored.index + regions, to.lo, to.hi, stored.level, kind);
}
