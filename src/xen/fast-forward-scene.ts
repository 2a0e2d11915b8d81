import { type Mfn, pagesOf } from "../address.ts";
import type { Domain } from "./domain.ts";
import {
  areMoved,
  markerMask,
  NO_MARKER,
  type Samples,
  sampleAround,
  slotOf,
  trees,
  wayFlags,
} from "./fast-forward-tables.ts";

/*
 * What decides how a long request goes on, for fast-forward.ts: where it looks the same, it goes on the same way.
 */

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

/** The first hypercall boundary in a region. */
export interface Boundary {
  readonly region: number;
  /** Pages from the region's start, and from the request's. */
  readonly offset: number;
  readonly done: number;
  readonly iommuRoot: Mfn | null;
}

/** All that decides how a request goes on from the first boundary in a region, told by its distance from there. */
export interface Scene {
  readonly region: number;
  readonly offset: number;
  readonly iommuRoot: Mfn | null;
  readonly amdMerging: boolean;
  readonly decision: readonly [order: number, because: string] | null;
  /** Whether the frames to be mapped are read-only, RAM, special. */
  readonly frames: readonly boolean[];
  /** Flags of the P2M's pointers on the way: marks may wait there. */
  readonly way: readonly number[];
  /** By tree; null where it has no table there. */
  readonly samples: readonly (Samples | null)[];
}

export function lookAround(request: Request, level: number, { region, offset, done, iommuRoot }: Boundary): Scene {
  const { domain, add } = request;
  const { mmioRo, ram, special } = domain.machine;
  const last = domain.decisions.at(-1);
  return {
    region,
    offset,
    iommuRoot,
    amdMerging: domain.amdMerging,
    decision: add && last ? [last.order, last.because] : null,
    frames: add ? [mmioRo, ram, special].map((set) => set.has(request.mfn + done)) : [],
    way: wayFlags(domain.p2m, level, region),
    samples: trees(domain).map((tree) => (slotOf(tree, level, region) ? sampleAround(tree, level, region) : null)),
  };
}

/** Whether it looks as it did when regions were skipped before. */
export function isScene(request: Request, level: number, now: Boundary, known: Scene): boolean {
  const index = now.region & 511;
  if (now.offset !== known.offset || now.iommuRoot !== known.iommuRoot || index === 0 || index === 511) return false;
  const found = lookAround(request, level, now);
  const pages = (now.region - known.region) * pagesOf(9 * level);
  return (
    found.amdMerging === known.amdMerging &&
    sameList(found.decision ?? [], known.decision ?? []) &&
    sameList(found.frames, known.frames) &&
    sameList(found.way, known.way) &&
    found.samples.every((samples, i) => {
      const before = known.samples[i];
      return samples && before ? areMoved(before, samples, pages, keptBits(request.domain, i)) : samples === before;
    })
  );
}

const sameList = (a: readonly unknown[], b: readonly unknown[]): boolean =>
  a.length === b.length && a.every((value, i) => value === b[i]);

/** Bits of the table above that are not told by what is below: markers, in the IOMMU's tree, which comes second. */
export const keptBits = (domain: Domain, tree: number): { lo: number; hi: number } =>
  tree === 0 ? NO_MARKER : markerMask(domain);
