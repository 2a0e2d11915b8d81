import { type Gfn, gfn, type Mfn, mfn, PAGE_SIZE } from "../address.ts";
import { type FrameRange, FrameSet } from "../ranges.ts";
import type { ByteRange } from "./guest-device.ts";
import type { Hole } from "./qemu-xen.ts";
import { type PlatformCode, type Remark, remark } from "./reasons.ts";
import { has, type ReleaseNumber } from "./release.ts";

export interface VpciBar {
  readonly index: number;
  /** Guest and host byte address, 0 to 2^52 - 1; equal for a PVH dom0. A host address of 0 means that there is none. */
  readonly guest: number;
  readonly host: number;
  readonly size: number;
}

export interface VpciInput {
  readonly release: ReleaseNumber;
  /** Memory BARs in ascending index, and the ROM if it is enabled. */
  readonly bars: readonly VpciBar[];
  readonly msix: {
    /** 1 to 2048. */
    readonly vectors: number;
    readonly table: { readonly bar: number; readonly offset: number };
    readonly pba: { readonly bar: number; readonly offset: number } | null;
  } | null;
  /** Frames of enabled BARs of the domain's other devices. */
  readonly others?: FrameSet<Gfn>;
  /** The host's E820 ranges, whatever their type. */
  readonly hostE820?: readonly ByteRange[];
  /** Machine frames that the domain may map; all when absent. */
  readonly permitted?: FrameSet<Mfn>;
}

/** A contiguous run that is handed to the mapping loop on its own. */
export interface VpciRun {
  readonly gfn: Gfn;
  readonly mfn: Mfn;
  readonly pages: number;
  /** BARs that share the run; up to 4.18 adjoining BARs merge. */
  readonly bars: readonly number[];
  readonly because: "vpci-run";
}

export interface VpciCut {
  /** Runs that are mapped, in order. */
  readonly runs: readonly VpciRun[];
  readonly holes: readonly Hole[];
  /** BARs that are not mapped at all. */
  readonly skipped: readonly { readonly bar: number; readonly because: PlatformCode }[];
  /** The run that Xen refuses: it and all later ones stay unmapped, and memory decoding goes off. */
  readonly refused: VpciRun | null;
  readonly remarks: readonly Remark[];
}

const MSIX_ENTRY = 16;

/** Frames that hold any of these bytes. */
const framesOf = (start: number, bytes: number): FrameRange => ({
  start: Math.floor(start / PAGE_SIZE),
  end: Math.floor((start + bytes - 1) / PAGE_SIZE) + 1,
});

const within = (set: FrameSet, { start, end }: FrameRange): FrameRange[] =>
  set.ranges
    .map((r) => ({ start: Math.max(r.start, start), end: Math.min(r.end, end) }))
    .filter((r) => r.start < r.end);

/** Frames that must trap, as guest frames: table and pending bits, rounded outwards to pages. */
function msixFrames(bars: readonly VpciBar[], msix: VpciInput["msix"]): { range: FrameRange; because: PlatformCode }[] {
  if (msix === null) return [];
  const parts = [
    { at: msix.table, bytes: msix.vectors * MSIX_ENTRY, because: "msix-table" as const },
    { at: msix.pba, bytes: Math.ceil(msix.vectors / 64) * 8, because: "msix-pba" as const },
  ];
  return parts.flatMap(({ at, bytes, because }) => {
    const bar = at === null ? undefined : bars.find((b) => b.index === at.bar);
    if (at === null || bar === undefined) return [];
    return [{ range: framesOf(bar.guest + at.offset, bytes), because }];
  });
}

/** A BAR's guest frames, and how far its machine frames lie from them. */
interface Mapped {
  readonly index: number;
  readonly frames: FrameRange;
  readonly delta: number;
}

/** Why a BAR is not mapped at all; null when it is. */
function skipReason(bar: VpciBar, release: ReleaseNumber, e820: FrameSet): PlatformCode | null {
  if (bar.host === 0 || bar.size <= 0) return "zero-address";
  if (bar.guest !== bar.host && !has(release, "vpciGuestAddresses")) return "not-identity";
  if (bar.guest % PAGE_SIZE !== bar.host % PAGE_SIZE) return "page-offset-differs";
  const { start, end } = framesOf(bar.host, bar.size);
  const skips = has(release, "vpciSkipsE820Overlap") && !has(release, "vpciTrimsE820Overlap");
  return skips && e820.overlaps(start, end - start) ? "bar-in-e820" : null;
}

/**
 * The runs that vPCI maps when memory decoding goes on (xen-mapping.md 8.5, steps 1 to 6): a PVH dom0's devices.
 * Throws RangeError for addresses outside 0 to 2^52 - 1.
 */
export function cutForVpci(input: VpciInput): VpciCut {
  const { release, bars, msix, others = FrameSet.empty<Gfn>(), hostE820 = [], permitted } = input;
  const nothing: VpciCut = { runs: [], holes: [], skipped: [], refused: null, remarks: [] };
  if (!has(release, "vpci")) return { ...nothing, remarks: [remark("no-vpci")] };

  const e820 = hostE820
    .filter((r) => r.end > r.start)
    .reduce((set, { start, end }) => {
      const frames = framesOf(start, end - start);
      return set.add(frames.start, frames.end - frames.start);
    }, FrameSet.empty());

  const skipped: { bar: number; because: PlatformCode }[] = [];
  const mapped: Mapped[] = [];
  for (const bar of bars) {
    const because = skipReason(bar, release, e820);
    if (because !== null) {
      skipped.push({ bar: bar.index, because });
      continue;
    }
    const frames = framesOf(bar.guest, bar.size);
    mapped.push({ index: bar.index, frames, delta: Math.floor(bar.host / PAGE_SIZE) - frames.start });
  }

  const holes: Hole[] = [];
  const takeOut = (set: FrameSet, range: FrameRange, because: PlatformCode): FrameSet => {
    for (const { start, end } of within(set, range)) holes.push({ gfn: gfn(start), pages: end - start, because });
    return set.remove(range.start, range.end - range.start);
  };

  const perBar = has(release, "vpciSetPerBar");
  const groups = perBar ? mapped.map((m) => [m]) : mapped.length > 0 ? [mapped] : [];
  const trapped = msixFrames(bars, msix);
  const runs: VpciRun[] = [];
  let earlier = FrameSet.empty();
  for (const group of groups) {
    const delta = group[0]?.delta ?? 0;
    let set = group.reduce((s, m) => s.add(m.frames.start, m.frames.end - m.frames.start), FrameSet.empty());
    if (has(release, "vpciTrimsE820Overlap"))
      for (const r of e820.ranges) set = takeOut(set, { start: r.start - delta, end: r.end - delta }, "host-e820");
    const own = set.ranges;
    for (const r of earlier.ranges) set = takeOut(set, r, "earlier-bar");
    for (const { range, because } of trapped) set = takeOut(set, range, because);
    for (const r of others.ranges) set = takeOut(set, r, "other-device");
    earlier = own.reduce((s, r) => s.add(r.start, r.end - r.start), earlier);
    for (const { start, end } of set.ranges)
      runs.push({
        gfn: gfn(start),
        mfn: mfn(start + delta),
        pages: end - start,
        bars: group.filter((m) => m.frames.start < end && start < m.frames.end).map((m) => m.index),
        because: "vpci-run",
      });
  }

  const checked = has(release, "vpciChecksPermission") ? permitted : undefined;
  const bad = checked === undefined ? -1 : runs.findIndex((r) => !checked.contains(r.mfn, r.pages));
  const refused = runs[bad] ?? null;
  const remarks = skipped.map(({ bar, because }) => remark(because, `BAR ${bar}`));
  if (refused !== null) remarks.push(remark("no-iomem-permission", `BAR ${refused.bars.join(", ")}`));
  return { runs: refused === null ? runs : runs.slice(0, bad), holes, skipped, refused, remarks };
}
