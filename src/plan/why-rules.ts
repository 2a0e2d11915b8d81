import { hex } from "../address.ts";
import { reasonOf } from "../platform/reasons.ts";
import type { Decision } from "../xen/domain.ts";
import { REASONS } from "../xen/reasons.ts";
import type { LaidBar, Layout } from "./layout.ts";
import type { Planned } from "./plan.ts";
import { plural } from "./words.ts";

/** What stands behind a guest frame. */
export interface WhyRules {
  /** The BAR that it belongs to; null for RAM and holes. */
  readonly bar: { readonly bdf: string; readonly index: number; readonly offset: string } | null;
  readonly rules: readonly Rule[];
}

interface Rule {
  readonly code: string;
  readonly says: string;
  /** What would change it; null where nothing in the user's hands does. */
  readonly change: string | null;
}

const rule = (code: string, says: string, change: string | null = null): Rule => ({ code, says, change });

const PLACES = {
  given: rule("given", "You put the BAR at this guest address."),
  observed: rule("observed", "hvmloader's own message in the log tells where it put the BAR."),
  identity: rule("identity", "A PVH dom0 has its BARs at their machine addresses."),
} as const;

function placeRule(placed: NonNullable<LaidBar["placed"]>): Rule {
  if (placed === "given" || placed === "observed" || placed === "identity") return PLACES[placed];
  const { says, change } = reasonOf(placed);
  return rule(placed, says, change);
}

const decided = (decisions: readonly Decision[], gfn: number): readonly Rule[] =>
  decisions
    .filter((d) => gfn >= d.gfn && gfn < d.gfn + d.pages)
    .map(({ because }) => rule(because, REASONS[because].says, REASONS[because].change));

/** The BAR, the cut and the order of one guest frame, each with its rule. */
export function rulesOf({ simulation, layout }: Planned, gfn: number): WhyRules {
  for (const { laid, bars } of simulation.devices)
    for (const { laid: bar } of bars) {
      if (bar.guest === null || bar.bar.size === null) continue;
      const offset = gfn * 4096 - Math.floor(bar.guest / 4096) * 4096;
      if (offset < 0 || offset >= Math.max(bar.bar.size, 4096)) continue;
      const hole = bar.holes.find((h) => gfn >= h.gfn && gfn < h.gfn + h.pages);
      // Runs of a dom0 may belong to several of the device's BARs.
      const pieces = bars.flatMap((other) => other.pieces);
      const failed = pieces.find(
        ({ piece, outcome }) => outcome.result < 0 && gfn >= piece.gfn && gfn < piece.gfn + piece.pages,
      );
      return {
        bar: { bdf: laid.device.bdf, index: bar.bar.index, offset: hex(offset) },
        rules: [
          ...(bar.placed ? [placeRule(bar.placed)] : []),
          ...(hole ? [rule(hole.because, reasonOf(hole.because).says, reasonOf(hole.because).change)] : []),
          ...(failed ? [rule("refused", "Xen refuses the call that would map it; the plan's Fit part says why.")] : []),
          ...decided(
            pieces.flatMap(({ decisions }) => decisions),
            gfn,
          ),
        ],
      };
    }
  const iomem = simulation.iomem.find((range) => gfn >= range.gfn && gfn < range.gfn + range.pages);
  if (iomem)
    return {
      bar: null,
      rules: [rule("iomem", "A range of xl.cfg's iomem= lies here."), ...decided(iomem.decisions, gfn)],
    };
  if (isRam(layout, gfn))
    return {
      bar: null,
      rules: [
        rule("guest-ram", "This is RAM of the guest; its machine address is the model's choice, not your host's."),
      ],
    };
  const devices = plural(simulation.devices.length, "planned device");
  return { bar: null, rules: [rule("nothing-here", `No BAR of the ${devices} and no RAM of the guest lies here.`)] };
}

/** Whether a frame is RAM of an HVM guest; the window of the VGA's memory is not. */
export function isRam({ ram }: Layout, gfn: number): boolean {
  if (!ram || (gfn >= 0xa0 && gfn < 0xc0)) return false;
  const address = gfn * 4096;
  return address < ram.lowRamEnd || (ram.highRamEnd !== null && address >= 2 ** 32 && address < ram.highRamEnd);
}
