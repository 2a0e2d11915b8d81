import { type FrameRange, FrameSet } from "../ranges.ts";
import { roundUp } from "./guest-device.ts";
import type { PlatformCode } from "./reasons.ts";
import { has, type ReleaseNumber } from "./release.ts";

/** Pages of 4 KiB in a MiB, and the least with which HAP can be enabled. */
const PAGES_PER_MIB = 256;

export interface PoolInput {
  readonly release: ReleaseNumber;
  readonly kind: "hvm" | "pvh" | "pv" | "pvh-dom0";
  readonly hap: boolean;
  /** 1 or more. */
  readonly vcpus: number;
  /** Max memory (`maxmem`, else `memory`), MiB; for dom0 its own RAM. */
  readonly maxMemMiB: number;
  /** xl.cfg `shadow_memory`, MiB; null when not given. */
  readonly shadowMemoryMiB: number | null;
}

export interface Pool {
  /** 4 KiB pages. */
  readonly pages: number;
  readonly because: PlatformCode;
}

/** The paging pool a domain gets (xen-mapping.md 11.1). */
export function pagingPool({ release, kind, hap, vcpus, maxMemMiB, shadowMemoryMiB }: PoolInput): Pool {
  const onePage = has(release, "poolOnePagePerMiB");
  const perMiB = onePage && hap ? 1 : 2;
  const computed = PAGES_PER_MIB * vcpus + perMiB * maxMemMiB;
  if (kind === "pvh-dom0") return { pages: roundUp(computed, PAGES_PER_MIB), because: "pool-dom0" };
  const least = (pages: number, because: PlatformCode): Pool =>
    hap && kind !== "pv" && pages < PAGES_PER_MIB
      ? { pages: PAGES_PER_MIB, because: "pool-minimum" }
      : { pages, because };
  if (shadowMemoryMiB !== null) return least(shadowMemoryMiB * PAGES_PER_MIB, "pool-configured");
  if (onePage && kind === "pv") return { pages: PAGES_PER_MIB * vcpus, because: "pool-default-pv" };
  return least(computed, perMiB === 1 ? "pool-default-hap" : "pool-default");
}

const NESTED_P2MS = 10;
const ALTP2M_VIEWS = 10;
/** Up to 4.13 each P2M starts with a PDPT, PD and PT for gfn 0. */
const FIRST_TABLES = 3;

export interface PoolUse {
  /** Roots of the host P2M, of the nested P2Ms and of the altp2m views, with the tables each starts with. */
  readonly p2mPages: number;
  /** Of these, the host P2M's own: its root, and up to 4.13 three more. */
  readonly hostP2mPages: number;
  /** One monitor table a vCPU. */
  readonly monitorPages: number;
  readonly pages: number;
}

/**
 * What a HAP domain's creation takes from its pool before anything is mapped (xen-mapping.md 11.1). `altp2mViews` is
 * what the guest was created with (4.21 and later); earlier releases make 10 wherever Xen's `altp2m` option is on.
 */
export function takenAtCreation(input: {
  readonly release: ReleaseNumber;
  readonly vcpus: number;
  readonly altp2m: boolean;
  readonly altp2mViews?: number;
}): PoolUse {
  const { release, vcpus, altp2m, altp2mViews = ALTP2M_VIEWS } = input;
  const views = !altp2m ? 0 : has(release, "altp2mViewsPerGuest") ? altp2mViews : ALTP2M_VIEWS;
  const hostP2mPages = has(release, "p2mStartsWithRootOnly") ? 1 : 1 + FIRST_TABLES;
  const p2mPages = (1 + NESTED_P2MS + views) * hostP2mPages;
  return { p2mPages, hostP2mPages, monitorPages: vcpus, pages: p2mPages + vcpus };
}

export interface TableCount {
  /** Tables whose entries cover 4 KiB, 2 MiB and 1 GiB. The root is not counted. */
  readonly pt: number;
  readonly pd: number;
  readonly pdpt: number;
  readonly pages: number;
}

/**
 * P2M tables below the root for ranges mapped with leaves of a single order (0, 9 or 18) each; tables shared between
 * ranges count once (xen-mapping.md 10.3, 11.1).
 */
export function tablesFor(ranges: readonly (FrameRange & { readonly order: 0 | 9 | 18 })[]): TableCount {
  const at = (bits: number): number =>
    ranges
      .filter((r) => r.order < bits && r.end > r.start)
      .reduce((set, { start, end }) => {
        const first = Math.floor(start / 2 ** bits);
        return set.add(first, Math.floor((end - 1) / 2 ** bits) + 1 - first);
      }, FrameSet.empty()).pages;
  const [pt, pd, pdpt] = [at(9), at(18), at(27)];
  return { pt, pd, pdpt, pages: pt + pd + pdpt };
}
