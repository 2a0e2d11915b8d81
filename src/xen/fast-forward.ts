import { offsetIn, pagesOf } from "../address.ts";
import { frameField, frameHi, frameLo, LEAF } from "../format/format.ts";
import { type Domain, logHasRoom, type UpperStore } from "./domain.ts";
import { type Boundary, isScene, keptBits, lookAround, type Request, type Scene } from "./fast-forward-scene.ts";
import { alikeFrom, giveUp, lay, placeAbove, slotOf, trees } from "./fast-forward-tables.ts";
import { countsLeft, mergeUpwards } from "./iommu/merging.ts";
import { put } from "./iommu/slots.ts";
import { copyLedger, LEDGER_KINDS, type Ledger, type LedgerKind, subtractLedgers } from "./ledger.ts";
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
interface Checkpoint extends Boundary {
  readonly calls: number;
  readonly ledger: Ledger;
  readonly markers: readonly number[];
  readonly pool: number;
  /** Stores above the tables of this level since the checkpoint before. */
  readonly stores: readonly UpperStore[];
  /** The next region and the one after it are alike, and untouched. */
  readonly aheadAlike: boolean;
}

export interface Skip {
  readonly pages: number;
  readonly calls: number;
  /** Regions that went alike; 0 when nothing was skipped. */
  readonly regions: number;
  /** Calls of the request before the region that they went like, which was carried out. */
  readonly like: number;
}

const NOTHING: Skip = { pages: 0, calls: 0, regions: 0, like: 0 };
const KINDS = (Object.keys(LEDGER_KINDS) as LedgerKind[]).filter((kind) => kind !== "markerStores");

/** What a region costs that goes like the one before it, and what it stores above its own tables. */
interface Step {
  /** Where it was seen: stores are told by their place. */
  readonly region: number;
  /** Calls before it, and its own. */
  readonly first: number;
  readonly calls: number;
  readonly pool: number;
  readonly ledger: Ledger;
  readonly markers: readonly number[];
  readonly stores: readonly UpperStore[];
}

/** How regions went that were skipped before, and what it looked like then. */
interface Lesson {
  readonly step: Step;
  readonly scene: Scene;
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
 * What the requests of a domain have taught, by level, as long as all is as it was that they depend on and that scenes do
 * not tell. One device's region is mapped like another's.
 */
const taught = new WeakMap<Domain, { readonly state: string; readonly lessons: Map<number, Lesson> }>();

function lessonsFor({ domain, gfn, add }: Request): Map<number, Lesson> {
  const { devices, mtrrsSet, started, iommuMode, permissions, pool, highestGfn } = domain;
  // Above the highest gfn look-ups do not walk.
  const isAbove = gfn > highestGfn;
  const state = [add, isAbove, devices.size, mtrrsSet, started, iommuMode, permissions.frames.isEmpty, pool.pages].join(
    " ",
  );
  const known = taught.get(domain);
  if (known?.state === state) return known.lessons;
  const lessons = new Map<number, Lesson>();
  taught.set(domain, { state, lessons });
  return lessons;
}

/**
 * Watch a request. The returned function is asked at each hypercall boundary, with the pages and calls done so far, and
 * answers how many it has accounted for without carrying them out. `alone`: nothing that earlier requests taught counts,
 * so that `Skip.like` tells calls of this one.
 */
export function watch(request: Request, alone: boolean): (done: number, calls: number) => Skip {
  const { domain } = request;
  if (domain.machine.stepwise || Number.isFinite(domain.machine.iommuPages)) return () => NOTHING;
  const sizes: Seen[] = LEVELS.map((level) => ({ level, checkpoints: [], stores: [] }));
  const lessons = alone ? new Map<number, Lesson>() : lessonsFor(request);
  domain.upperStores = [];
  return (done, calls) => {
    const stores = domain.upperStores ?? [];
    if (stores.length > 0) {
      for (const seen of sizes) seen.stores.push(...stores.filter(({ level }) => level > seen.level));
      domain.upperStores = [];
    }
    for (const seen of sizes) {
      const region = Math.floor((request.gfn + done) / pagesOf(9 * seen.level));
      if (seen.checkpoints.at(-1)?.region === region) continue;
      seen.checkpoints = [...seen.checkpoints.slice(-3), takeCheckpoint(request, seen, region, done, calls)];
      seen.stores = [];
      const skip = skipAhead(request, seen, lessons);
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
    ledger: copyLedger(domain.ledger),
    markers: [...domain.markerStores],
    pool: domain.pool.used,
    iommuRoot: domain.iommu?.tree.root ?? null,
    stores: seen.stores,
    aheadAlike:
      (region & 511) < 510 && trees(domain).every((tree) => alikeFrom(domain, tree, seen.level, region + 1, 2) === 2),
  };
}

/** Account for as many regions as will certainly go like the last one, and say how much that was. */
function skipAhead(request: Request, seen: Seen, lessons: Map<number, Lesson>): Skip {
  const { domain } = request;
  const { level, checkpoints } = seen;
  const now = checkpoints.at(-1)!;
  // A log that is still being written must not miss lines.
  if (logHasRoom(domain) || !decisionGoesOn(request, now.done)) return NOTHING;
  const lesson = lessons.get(level);
  const known = lesson && isScene(request, level, now, lesson.scene) ? lesson : null;
  const step = known ? known.step : stepOf(request, level, checkpoints);
  if (!step) return NOTHING;
  // Alike from the start of the oldest region that is repeated; of a known one, from here on.
  const [oldest = now] = known ? [] : checkpoints.slice(1);
  const count = room(request, level, now, step, known ? now.done : oldest.done - oldest.offset);
  if (count <= 0) return NOTHING;
  const scene = known?.scene ?? lookAround(request, level, now);
  repeat(request, level, now, step, count, scene);
  lessons.set(level, { step, scene });
  return { pages: count * pagesOf(9 * level), calls: count * step.calls, regions: count, like: step.first };
}

/** What the last region cost, if the last three went alike and the ones ahead were as those were before; else null. */
function stepOf(request: Request, level: number, checkpoints: readonly Checkpoint[]): Step | null {
  const [before, c0, c1, c2] = checkpoints;
  // The oldest region whose tables are repeated must have been like the others before it was gone through.
  if (!before || !c0 || !c1 || !c2 || before.region + 1 !== c0.region || !before.aheadAlike) return null;
  const steady =
    // The table above must hold the last two regions.
    (c2.region & 511) >= 2 &&
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
  const decision = request.domain.decisions.at(-1);
  // Mapping notes one decision that covers everything since the first checkpoint.
  if (!steady || (request.add && decision!.gfn > request.gfn + c0.done)) return null;
  return {
    region: c2.region,
    first: c1.calls,
    calls: c2.calls - c1.calls,
    pool: c2.pool - c1.pool,
    ledger: subtractLedgers(c2.ledger, c1.ledger),
    markers: c2.markers.map((n, l) => n - c1.markers[l]!),
    stores: c2.stores,
  };
}

/** How many regions after the present one there is room for that are alike; `from` are the pages done where they begin to be. */
function room(request: Request, level: number, now: Checkpoint, step: Step, from: number): number {
  const { domain, add } = request;
  const size = pagesOf(9 * level);
  // The table above must hold all that follow, and enough must be left for the rules that look at what is left.
  let most = Math.min(511 - (now.region & 511), Math.floor((request.pages - now.done) / size) - 1);
  // One call follows what is skipped.
  most = Math.min(most, Math.floor((request.maxCalls - now.calls - 1) / step.calls));
  if (add) {
    const uniform = uniformFrames(domain.machine, request.mfn + from) - (now.done - from);
    most = Math.min(most, Math.floor(uniform / size) - 1);
  }
  // Counts that an earlier mapping left make the table above whole before its last region.
  const merges = step.stores.filter(({ op }) => op === "merge").length;
  if (merges > 0) most = Math.min(most, Math.floor(countsLeft(domain, now.region * size, level + 1) / merges));
  if (step.pool > 0) most = Math.min(most, Math.floor((domain.pool.pages - domain.pool.used) / step.pool));
  for (const tree of trees(domain)) {
    if (most <= 0) return 0;
    most = Math.min(most, alikeFrom(domain, tree, level, now.region + 1, most));
    // Where leaves stand ahead of a mapping, a table may complete in another order than the recorded one.
    if (add && slotOf(tree, level, now.region + 1)?.kind === LEAF) return 0;
  }
  return most;
}

/** Mapping has noted a decision for what was done last, so that it can be noted for more. */
function decisionGoesOn({ domain, gfn, add }: Request, done: number): boolean {
  const last = domain.decisions.at(-1);
  return !add || (last !== undefined && last.gfn + last.pages === gfn + done);
}

/** Book `count` regions like the last, and describe their tables. */
function repeat(request: Request, level: number, now: Checkpoint, step: Step, count: number, scene: Scene): void {
  const { domain, add } = request;
  const { ledger } = domain;
  const size = pagesOf(9 * level);
  for (const kind of KINDS) ledger[kind] += count * step.ledger[kind];
  for (let l = 1; l <= level; l++) {
    const each = step.markers[l] ?? 0;
    domain.markerStores[l] = (domain.markerStores[l] ?? 0) + count * each;
    ledger.markerStores += count * each;
  }
  domain.pool.used += count * step.pool;
  if (add) {
    domain.highestGfn = Math.max(domain.highestGfn, request.gfn + now.done + count * size - 1);
    domain.decisions.at(-1)!.pages += count * size;
  }
  const present = now.region;
  const moved = present - scene.region;
  trees(domain).forEach((tree, i) => {
    const samples = scene.samples[i];
    // Nothing is entered into a tree without a table there.
    if (!samples) return;
    giveUp(tree, level, present, count);
    const first = placeAbove(tree, level, present);
    // Markers and merge counts above depend on the place, so those stores are made one by one.
    if (i > 0)
      for (let j = 1; j <= count; j++)
        for (const stored of step.stores) storeAgain(domain, first, stored, present - step.region + j, size);
    lay(tree, level, present, count, samples, moved, keptBits(domain, i));
  });
}

function storeAgain(domain: Domain, first: number, stored: UpperStore, regions: number, size: number): void {
  const pages = regions * size;
  if (stored.op === "merge") {
    mergeUpwards(domain, stored.dfn + pages, stored.mfn + pages, 1, stored.level);
    return;
  }
  const { lo, hi, kind } = stored;
  const frame = frameField(lo, hi) + (kind === "leaf" ? pages : 0);
  const to = { lo: ((lo & 0xfff) | frameLo(frame)) >>> 0, hi: ((hi & 0xfff0_0000) | frameHi(frame)) >>> 0 };
  put(domain, first + ((stored.slot + regions) & 511), to.lo, to.hi, stored.level, kind);
}
