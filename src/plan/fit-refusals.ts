import { hex } from "../address.ts";
import { ERRNO, errnoName } from "../xen/constants.ts";
import type { Carried } from "./carry-out.ts";
import { type FitFinding, shadowMemory } from "./finding.ts";
import { barFrames, usable } from "./layout.ts";
import type { MappedPiece } from "./map-device.ts";
import { simulate } from "./simulate.ts";
import { plural, thousands } from "./words.ts";

interface Refused {
  readonly title: string;
  readonly mapped: MappedPiece;
  /** Its machine frames are not all those of its BAR. */
  readonly astray: boolean;
}

/** Pieces that the hypervisor refused, and whether for want of pages in the paging pool. */
export function refusals(carried: Carried): readonly FitFinding[] {
  const { scenario, simulation } = carried;
  const findings: FitFinding[] = simulation.iomem
    .filter(({ outcome }) => outcome.result < 0)
    .map(({ gfn, pages, outcome }) => ({
      code: "refused",
      severity: "fault",
      says: `iomem=: Xen refuses ${plural(pages, "page")} at guest ${hex(gfn * 4096)} (${errnoName(outcome.result)})`,
      set: null,
    }));
  const dry: Refused[] = [];
  for (const refused of refusedPieces(carried)) {
    const { result } = refused.mapped.outcome;
    // xen-mapping.md 11.2: EPT up to 4.13 reports a dry pool as -ENOENT.
    const noEnt = simulation.domain.p2m.format.name === "ept" && !scenario.release.eptNoTableIsEnomem;
    if (carried.budget && (result === ERRNO.ENOMEM || (noEnt && result === ERRNO.ENOENT))) dry.push(refused);
    else findings.push(refusal(scenario.hostPhysBits, refused));
  }
  return [...findings, ...dryPool(carried, dry)];
}

const refusedPieces = ({ simulation }: Carried): readonly Refused[] =>
  simulation.devices.flatMap(({ laid, bars }) =>
    bars.flatMap(({ laid: { bar }, pieces }) =>
      pieces
        .filter(({ outcome }) => outcome.result < 0)
        .map((mapped) => {
          const frames = usable(bar) ? barFrames(bar) : { start: 0, end: 0 };
          const { mfn, pages } = mapped.piece;
          const astray = mfn < frames.start || mfn + pages > frames.end;
          return { title: `${laid.device.bdf} BAR ${bar.index}`, mapped, astray };
        }),
    ),
  );

function refusal(hostPhysBits: number, { title, mapped, astray }: Refused): FitFinding {
  const { piece, outcome } = mapped;
  const cause =
    outcome.result === ERRNO.EPERM && astray
      ? "rounding to pages makes it reach beyond the BAR, where the domain has no permission"
      : outcome.result === ERRNO.EINVAL && piece.mfn + piece.pages > 2 ** (hostPhysBits - 12)
        ? `its machine addresses need more than the host's ${hostPhysBits} bits`
        : `after ${plural(outcome.pagesDone, "page")}`;
  return {
    code: "refused",
    severity: "fault",
    says: `${title}: Xen refuses ${plural(piece.pages, "page")} at guest ${hex(piece.gfn * 4096)} (${errnoName(outcome.result)}): ${cause}`,
    set: null,
  };
}

function dryPool({ scenario, layout, budget }: Carried, dry: readonly Refused[]): readonly FitFinding[] {
  const [first, ...others] = dry;
  if (!first || !budget) return [];
  const { outcome, piece } = first.mapped;
  const { p2mTables } = simulate(scenario, layout, { boot: false }).ledger;
  const rest = others.length > 0 ? `; none is left for ${others.map(({ title }) => title).join(", ")}` : "";
  return [
    {
      code: "pool-dry",
      severity: "fault",
      says: `${first.title}: the paging pool (${thousands(budget.pages)} pages) runs dry after ${thousands(outcome.pagesDone)} of ${thousands(piece.pages)} pages; the call fails with ${errnoName(outcome.result)}, the toolstack unmaps what it had mapped, and the tables built so far keep their pages${rest}`,
      set: { where: "xl.cfg", line: shadowMemory(budget.creation + budget.ramMost + p2mTables) },
    },
  ];
}
