import { hex } from "../address.ts";
import type { Decision } from "../xen/domain.ts";
import { REASONS, type ReasonCode } from "../xen/reasons.ts";
import type { PlanBar, PlanDevice, PlanDocument, PlanPiece, PlanRange } from "./document.ts";
import { barFrames, usable } from "./layout.ts";
import { type MappedBar, type MappedDevice, standing } from "./map-device.ts";
import type { MappedRange } from "./simulate.ts";

const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
const hex16 = (id: number): string => id.toString(16).padStart(4, "0");

/** A device as the plan's document has it. */
export function deviceOf({ laid, bars }: MappedDevice): PlanDevice {
  const { bdf, vendorId, deviceId, name } = laid.device;
  const all = bars.flatMap(({ pieces }) => pieces.flatMap(standing));
  return {
    bdf,
    id: vendorId === null || deviceId === null ? null : `${hex16(vendorId)}:${hex16(deviceId)}`,
    name,
    bars: bars.map((bar) => barOf(bar, all)),
  };
}

function barOf({ laid, pieces }: MappedBar, all: readonly Decision[]): PlanBar {
  const { bar, guest, placed, problem, holes } = laid;
  // A dom0's run may cover several BARs: each shows its own part.
  const own = placed === "identity" ? within(laid, all) : pieces.flatMap(standing);
  return {
    index: bar.index,
    size: bar.size,
    host: bar.address === null ? null : hex(bar.address),
    guest: guest === null ? null : hex(guest),
    prefetchable: bar.prefetchable,
    width: bar.width,
    placed,
    ...(problem === null ? {} : { problem }),
    hypercalls: sum(pieces.map(({ outcome }) => outcome.hypercalls)),
    pieces: own.map(pieceOf),
    holes: holes.map(({ gfn, pages, because }) => ({ gfn: hex(gfn), pages, because })),
  };
}

/** The parts of decisions that lie in a BAR mapped at its machine address. */
function within({ bar }: MappedBar["laid"], decisions: readonly Decision[]): readonly Decision[] {
  if (!usable(bar)) return [];
  const { start, end } = barFrames(bar);
  return decisions.flatMap((decision) => {
    const from = Math.max(start, decision.gfn);
    const to = Math.min(end, decision.gfn + decision.pages);
    if (from >= to) return [];
    const skip = from - decision.gfn;
    return [
      { ...decision, gfn: from as Decision["gfn"], mfn: (decision.mfn + skip) as Decision["mfn"], pages: to - from },
    ];
  });
}

const pieceOf = ({ gfn, mfn, pages, order, because }: Decision): PlanPiece => ({
  gfn: hex(gfn),
  mfn: hex(mfn),
  pages,
  order,
  entries: Math.ceil(pages / 2 ** order),
  because,
});

/** A range of `iomem=` as the plan's document has it. */
export const rangeOf = (range: MappedRange): PlanRange => ({
  gfn: hex(range.gfn),
  mfn: hex(range.mfn),
  pages: range.pages,
  hypercalls: range.outcome.hypercalls,
  pieces: standing(range).map(pieceOf),
});

/** Reasons by the pages that they decided, most first. */
export function reasonsOf(devices: readonly MappedDevice[]): PlanDocument["reasons"] {
  const pages = new Map<ReasonCode, number>();
  for (const { bars } of devices)
    for (const { pieces } of bars)
      for (const { decisions } of pieces)
        for (const decision of decisions)
          pages.set(decision.because, (pages.get(decision.because) ?? 0) + decision.pages);
  return [...pages]
    .sort((a, b) => b[1] - a[1])
    .map(([code, count]) => ({ code, says: REASONS[code].says, pages: count }));
}
