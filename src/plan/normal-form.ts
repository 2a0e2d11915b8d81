import type { Bar } from "../inventory/types.ts";
import { FrameSet } from "../ranges.ts";
import { USUAL_RAM } from "../xen/machine.ts";
import { barFrames, type LaidPiece, type Layout, usable } from "./layout.ts";
import type { Scenario } from "./scenario.ts";
import { readOnlyFrames } from "./simulate.ts";

/**
 * Where devices lie in machine memory matters to the hypervisor only as far as alignment, neighbours, RAM and the
 * address width go. So hosts whose devices lie elsewhere, but alike, are one host to the model: in normal form the BARs
 * are moved to the lowest places above all RAM, in their order.
 *
 * They are moved by whole regions: of 1 GiB, since orders up to 1 GiB look at both addresses; of 512 GiB where IOMMU
 * tables may come to hold 1 GiB entries, since those merge by their places among 512 (xen-mapping.md 7.5, 7.8). What
 * lies in one region, or in regions that meet, keeps its distance; what shares a region with RAM stays.
 */
export interface NormalForm {
  /** How many frames up a machine frame goes. */
  readonly shiftOf: (mfn: number) => number;
}

const GIB_FRAMES = 2 ** 18;
const TOP_ENTRY_FRAMES = 2 ** 27;
const LOWEST = Math.max(...USUAL_RAM.map(({ end }) => end));

const AS_IT_IS: NormalForm = { shiftOf: () => 0 };

/** The normal form of a guest's devices; nothing moves where machine addresses are the guest's own, or `iomem=` names some. */
export function normalForm(scenario: Scenario, layout: Layout): NormalForm {
  const { guest, devices, hostPhysBits } = scenario;
  if (guest.kind !== "hvm" || guest.iomem.length > 0) return AS_IT_IS;
  const bars = devices
    .flatMap((device) => device.bars)
    .filter(({ kind, address }) => kind === "memory" && address !== null);
  const unit = regionOf(scenario, layout);
  if (unit === null || !bars.every(usable)) return AS_IT_IS;

  let next = LOWEST;
  const pieces = piecesOf(layout).map(({ mfn, pages }) => ({ start: mfn, end: mfn + pages }));
  const whole = [...bars.map(barFrames), ...pieces, ...readOnlyFrames(scenario)].map(({ start, end }) => ({
    start: Math.floor(start / unit) * unit,
    end: Math.ceil(end / unit) * unit,
  }));
  const shifts = FrameSet.from(whole)
    .ranges.filter((region) => !USUAL_RAM.some((ram) => region.start < ram.end && ram.start < region.end))
    .map(({ start, end }) => {
      const by = next - start;
      // A region between them, so that none become neighbours.
      next += end - start + unit;
      return { start, end, by };
    });
  const highest = 2 ** (hostPhysBits - 12);
  if (next > highest || shifts.some(({ end }) => end > highest)) return AS_IT_IS;
  return { shiftOf: (mfn) => shifts.find(({ start, end }) => mfn >= start && mfn < end)?.by ?? 0 };
}

const piecesOf = ({ devices }: Layout): readonly LaidPiece[] =>
  devices.flatMap(({ bars }) => bars.flatMap((bar) => bar.pieces));

/** Frames of a region that is moved as a whole; null where entries of 512 GiB might arise, whose places matter too. */
function regionOf({ release, cpu }: Scenario, layout: Layout): number | null {
  const mayMerge = (frames: number): boolean => {
    const aligned = piecesOf(layout).filter(({ gfn, mfn }) => (mfn - gfn) % frames === 0);
    return aligned.reduce((sum, { pages }) => sum + pages, 0) >= frames;
  };
  if (mayMerge(TOP_ENTRY_FRAMES)) return null;
  const largeInIommu = release.iommuSuperpages || cpu === "amd";
  return largeInIommu && mayMerge(GIB_FRAMES) ? TOP_ENTRY_FRAMES : GIB_FRAMES;
}

/** A scenario and its layout with all machine addresses in normal form. */
export function inNormalForm(
  scenario: Scenario,
  layout: Layout,
  { shiftOf }: NormalForm,
): { readonly scenario: Scenario; readonly layout: Layout } {
  const moveBar = (bar: Bar): Bar =>
    bar.kind === "memory" && bar.address !== null
      ? { ...bar, address: bar.address + 4096 * shiftOf(Math.floor(bar.address / 4096)) }
      : bar;
  const moveDevice = (device: Scenario["devices"][number]) => ({ ...device, bars: device.bars.map(moveBar) });
  return {
    scenario: { ...scenario, devices: scenario.devices.map(moveDevice) },
    layout: {
      ...layout,
      devices: layout.devices.map(({ device, bars }) => ({
        device: moveDevice(device),
        bars: bars.map((laid) => ({
          ...laid,
          bar: moveBar(laid.bar),
          pieces: laid.pieces.map((piece) => ({ ...piece, mfn: piece.mfn + shiftOf(piece.mfn) })),
        })),
      })),
    },
  };
}
