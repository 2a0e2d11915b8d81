import type { Gfn, Mfn } from "../address.ts";
import { type BootMaps, bootMaps } from "../platform/boot.ts";
import { ACCESS_RWX } from "../xen/constants.ts";
import { continueCalls } from "../xen/continue.ts";
import type { Decision, Domain } from "../xen/domain.ts";
import { memoryMapping } from "../xen/domctl.ts";
import { addLedgers, copyLedger, type Ledger, newLedger, scaleLedger, subtractLedgers } from "../xen/ledger.ts";
import { type LibraryResult, libraryMemoryMapping } from "../xen/libxc.ts";
import { mapMmioRegions, unmapMmioRegions } from "../xen/map-mmio.ts";
import { guestBar, type LaidBar, type LaidDevice, type LaidPiece } from "./layout.ts";
import type { SeenByModel } from "./scenario.ts";

/** A contiguous range handed over at once: the stretches of like decisions, and what the library call returned. */
export interface Mapped {
  readonly decisions: readonly Decision[];
  readonly outcome: LibraryResult;
}

/** Consecutive frames: `pages` from a gfn on, at as many from an mfn on. */
export interface Stretch {
  readonly gfn: number;
  readonly mfn: number;
  readonly pages: number;
}

export interface MappedPiece extends Mapped {
  readonly piece: LaidPiece;
}

export interface MappedBar {
  readonly laid: LaidBar;
  readonly pieces: readonly MappedPiece[];
}

export interface MappedDevice {
  readonly laid: LaidDevice;
  readonly bars: readonly MappedBar[];
  readonly boot: BootMaps;
  /** Mapping it once. */
  readonly ledger: Ledger;
}

/** Decisions that stand: those of a call that failed and was undone do not. */
export const standing = ({ decisions, outcome }: Mapped): readonly Decision[] => (outcome.undo ? [] : decisions);

/** Map a range by the library call, and take what was decided. */
export function mapRange(domain: Domain, gfn: number, mfn: number, pages: number): Mapped {
  const outcome = libraryMemoryMapping(domain, gfn, mfn, pages, true);
  return { outcome, decisions: domain.decisions.splice(0) };
}

/** Map a device's pieces once, in the device model's way or, for dom0, in vPCI's: the loop itself, no hypercall. */
export function mapDevice(scenario: SeenByModel, domain: Domain, laid: LaidDevice): MappedDevice {
  const before = copyLedger(domain.ledger);
  const bars = laid.bars.map(
    (bar): MappedBar => ({
      laid: bar,
      pieces: bar.pieces.map((piece) => {
        const outcome = move(scenario, domain, piece, true);
        return { piece, outcome, decisions: domain.decisions.splice(0) };
      }),
    }),
  );
  return { laid, bars, boot: bootOf(scenario, laid), ledger: subtractLedgers(domain.ledger, before) };
}

/** How often a boot maps and unmaps a device. */
export function bootOf({ guest, release }: Pick<SeenByModel, "guest" | "release">, { device }: LaidDevice): BootMaps {
  if (guest.kind !== "hvm") return { adds: guest.kind === "pvh" ? 1 : 0, deletes: 0, steps: [] };
  const rom = device.bars.find((bar) => bar.kind === "rom");
  return bootMaps({
    release,
    guestKernel: guest.kernel === "unknown" ? "linux<6.15" : guest.kernel,
    device: { bars: device.bars.filter((bar) => bar !== rom).map(guestBar), rom: rom?.size ?? null },
  });
}

/** One call of a request that is continued: a hypercall, or for dom0 one round of vPCI's loop. Returns as they do. */
export const callOf =
  ({ guest }: Pick<SeenByModel, "guest">, domain: Domain, { gfn, mfn, pages }: Stretch, add: boolean) =>
  (done: number): number => {
    if (guest.kind !== "pvh") return memoryMapping(domain, gfn + done, mfn + done, pages - done, add);
    const [at, to] = [(gfn + done) as Gfn, (mfn + done) as Mfn];
    return add
      ? mapMmioRegions(domain, at, pages - done, to, ACCESS_RWX)
      : unmapMmioRegions(domain, at, pages - done, to);
  };

/** Map or unmap one piece. */
function move(scenario: SeenByModel, domain: Domain, piece: LaidPiece, add: boolean): LibraryResult {
  const { gfn, mfn, pages } = piece;
  if (scenario.guest.kind !== "pvh") return libraryMemoryMapping(domain, gfn, mfn, pages, add);
  const call = callOf(scenario, domain, piece, add);
  const { pagesDone, firstReturn, lastReturn } = continueCalls(domain, gfn, mfn, pages, add, call);
  return { result: Math.min(lastReturn ?? 0, 0), pagesDone, hypercalls: 0, firstReturn, lastReturn };
}

/**
 * What one removal and one mapping of a mapped device cost. The tables that are there by then may change orders; later
 * rounds cost the same as this one. A crashed guest repeats nothing.
 */
export function repeatOnce(scenario: SeenByModel, domain: Domain, { bars }: MappedDevice): Ledger {
  if (domain.crashed) return newLedger();
  const before = copyLedger(domain.ledger);
  for (const add of [false, true])
    for (const { pieces } of bars) for (const { piece } of pieces) move(scenario, domain, piece, add);
  domain.decisions.length = 0;
  return subtractLedgers(domain.ledger, before);
}

/** What a boot costs: the first mapping, as many rounds as there are removals, and mappings that follow no removal. */
export const bootLedger = (once: Ledger, round: Ledger, { adds, deletes }: BootMaps): Ledger =>
  addLedgers(once, addLedgers(scaleLedger(round, deletes), scaleLedger(once, Math.max(0, adds - 1 - deletes))));
