import { outline } from "../radix/outline.ts";
import type { Tree } from "../radix/tree.ts";
import type { Carried } from "./carry-out.ts";
import { barFrames, type LaidBar, usable } from "./layout.ts";
import { replay } from "./replay.ts";

/** Consecutive frames that lead to consecutive ones by leaves of one order with one right. */
export interface Span {
  readonly start: number;
  readonly pages: number;
  /** The machine frame that the first leads to. */
  readonly maps: number;
  /** log2 of the pages of each leaf. */
  readonly order: number;
  /** What the leaves allow, as the format says it: "rw-". */
  readonly access: string;
}

/** Frames where a device would see something else than the guest's processors. */
export interface MapDifference {
  readonly start: number;
  readonly pages: number;
  readonly code: "p2m-only" | "iommu-only" | "elsewhere" | "rights";
  readonly says: string;
}

/** One thing in the guest's physical address space. Frames are guest frame numbers. */
export interface MapBlock {
  readonly what: "ram" | "bar" | "iomem";
  readonly start: number;
  readonly pages: number;
  /** The device and BAR index; null for RAM and `iomem=` ranges. */
  readonly bar: { readonly bdf: string; readonly index: number } | null;
  /** Leaves below, as far as they lie in the block; RAM is not told in leaves. */
  readonly p2m: readonly Span[];
  readonly iommu: readonly Span[];
  readonly cuts: readonly { readonly start: number; readonly pages: number; readonly because: string }[];
  readonly differences: readonly MapDifference[];
}

/** Where everything lies in the guest's physical address space once a plan's BARs are mapped, ascending. */
export interface AddressMap {
  readonly blocks: readonly MapBlock[];
  /** Whose tables the IOMMU walks: its own, the P2M's, or none. */
  readonly iommu: "own" | "shared" | "none";
  /** Formats by name; null where there are no such tables. */
  readonly formats: { readonly p2m: string | null; readonly iommu: string | null };
  /** Guest physical address width, bits. */
  readonly physBits: number;
  /** BARs that have no place. */
  readonly unplaced: readonly { readonly bdf: string; readonly index: number; readonly because: string }[];
}

/**
 * The address map of a plan: `plan(…)`'s own result will do. The BARs are mapped once on a model of their own, and what
 * is shown is read back from its tables, P2M and IOMMU each for itself.
 */
export function addressMapOf({
  scenario,
  layout,
  budget,
}: Pick<Carried, "scenario" | "layout" | "budget">): AddressMap {
  const model = replay(scenario, layout, budget?.forBars);
  model.advance(Number.POSITIVE_INFINITY);
  const { domain } = model;
  const own = domain.iommu?.tree ?? null;
  const translated = scenario.guest.kind !== "pv";
  const mapped = translated ? spansOf(domain.p2m) : [];
  const reached = own === null ? [] : spansOf(own);
  const blockOf = (what: MapBlock["what"], start: number, pages: number, laid?: LaidBar, bdf = ""): MapBlock => {
    const p2m = what === "ram" ? [] : within(mapped, start, pages);
    const iommu = what === "ram" ? [] : within(reached, start, pages);
    return {
      what,
      start,
      pages,
      bar: laid ? { bdf, index: laid.bar.index } : null,
      p2m,
      iommu,
      cuts: (laid?.holes ?? []).map(({ gfn, pages: n, because }) => ({ start: gfn, pages: n, because })),
      differences: own === null || !translated ? [] : differences(p2m, iommu),
    };
  };
  const blocks: MapBlock[] = [];
  if (layout.ram) {
    const { lowRamEnd, highRamEnd } = layout.ram;
    if (lowRamEnd >= 4096) blocks.push(blockOf("ram", 0, Math.floor(lowRamEnd / 4096)));
    if (highRamEnd !== null) blocks.push(blockOf("ram", 2 ** 20, Math.floor(highRamEnd / 4096) - 2 ** 20));
  }
  for (const { gfn, pages } of scenario.guest.iomem) blocks.push(blockOf("iomem", gfn, pages));
  const unplaced: { bdf: string; index: number; because: string }[] = [];
  for (const { device, bars } of layout.devices)
    for (const laid of bars) {
      const { bar, guest } = laid;
      if (guest === null || !usable(bar)) {
        unplaced.push({ bdf: device.bdf, index: bar.index, because: laid.problem ?? "it has no guest address" });
        continue;
      }
      const { start, end } = barFrames({ address: guest, size: bar.size });
      blocks.push(blockOf("bar", start, end - start, laid, device.bdf));
    }
  return {
    blocks: blocks.sort((a, b) => a.start - b.start),
    iommu: own ? "own" : domain.iommuMode === "shared" ? "shared" : "none",
    formats: { p2m: translated ? domain.p2m.format.name : null, iommu: own?.format.name ?? null },
    physBits: scenario.guest.physBits,
    unplaced,
  };
}

/** A block that is cut up more finely than this is told only so far. */
const MOST_SPANS = 2 ** 16;

/** What a tree maps, ascending. */
function spansOf(tree: Tree): Span[] {
  const spans: Span[] = [];
  for (const { start, pages, maps, order, level, lo, hi } of outline(tree)) {
    if (maps === null) continue;
    spans.push({ start, pages, maps, order, access: tree.format.decode({ lo, hi }, level).access });
    if (spans.length === MOST_SPANS) break;
  }
  return spans;
}

/** The parts of spans that lie in a range. */
const within = (spans: readonly Span[], start: number, pages: number): Span[] =>
  spans.flatMap((span) => {
    const from = Math.max(start, span.start);
    const to = Math.min(start + pages, span.start + span.pages);
    return from < to ? [{ ...span, start: from, pages: to - from, maps: span.maps + (from - span.start) }] : [];
  });

/** Whether an access right lets read and write through alike. */
const rights = ({ access }: Span): string => access.replace(/[^rw]/g, "");

/** Where two ascending lists of spans lead to different frames, with different rights, or only one leads anywhere. */
function differences(p2m: readonly Span[], iommu: readonly Span[]): MapDifference[] {
  const edges = [...new Set([...p2m, ...iommu].flatMap(({ start, pages }) => [start, start + pages]))];
  edges.sort((a, b) => a - b);
  const found: (Wrong & { start: number; pages: number })[] = [];
  let [i, j] = [0, 0];
  for (const [k, start] of edges.slice(0, -1).entries()) {
    while (p2m[i] && p2m[i]!.start + p2m[i]!.pages <= start) i++;
    while (iommu[j] && iommu[j]!.start + iommu[j]!.pages <= start) j++;
    const wrong = difference(covering(p2m[i], start), covering(iommu[j], start));
    if (wrong === null) continue;
    const last = found.at(-1);
    const pages = edges[k + 1]! - start;
    if (last && last.says === wrong.says && last.start + last.pages === start) last.pages += pages;
    else found.push({ start, pages, ...wrong });
  }
  return found;
}

const covering = (span: Span | undefined, frame: number): Span | null => (span && span.start <= frame ? span : null);

type Wrong = Pick<MapDifference, "code" | "says">;

function difference(p2m: Span | null, iommu: Span | null): Wrong | null {
  if (!p2m) return iommu ? { code: "iommu-only", says: "only the IOMMU maps this" } : null;
  if (!iommu)
    return { code: "p2m-only", says: "only the P2M maps this: the guest's processors reach it, devices do not" };
  if (p2m.maps - p2m.start !== iommu.maps - iommu.start)
    return { code: "elsewhere", says: "the IOMMU leads devices to other machine frames" };
  if (rights(p2m) !== rights(iommu))
    return { code: "rights", says: `the P2M allows ${p2m.access}, the IOMMU ${iommu.access}` };
  return null;
}
