import { type Gfn, hex } from "../address.ts";
import { P2M_TYPES } from "../format/software-bits.ts";
import type { Inventory, Note } from "../inventory/types.ts";
import { type WhyTree, whyTree } from "../radix/steps.ts";
import { widthOf } from "../radix/tree.ts";
import { ACCESS_NAMES } from "../xen/constants.ts";
import { lookUp } from "../xen/p2m/lookup.ts";
import { populate } from "../xen/ram.ts";
import type { PlanScenario } from "./document.ts";
import { type Planned, plan } from "./plan.ts";
import type { ScenarioKeys } from "./scenario.ts";
import { isRam, rulesOf, type WhyRules } from "./why-rules.ts";

/** The way from one guest address to its machine address, and the rules behind it. */
export interface WhyDocument extends WhyRules {
  readonly physmap: 1;
  readonly kind: "why";
  /** The scenario that was carried out, and what was assumed for it. */
  readonly scenario: PlanScenario;
  readonly notes: readonly Note[];
  readonly gfn: string;
  readonly address: string;
  readonly p2m: WhyTree & { readonly type: string; readonly access: string };
  /** "shared" where the IOMMU walks the P2M; null without an IOMMU context. */
  readonly iommu: WhyTree | "shared" | null;
}

/** Why a guest frame leads where it leads. Returns a sentence when the inputs cannot be planned or the frame cannot be. */
export function why(inventory: Inventory, keys: ScenarioKeys, gfn: Gfn): WhyDocument | string {
  const planned = plan(inventory, keys, { advice: false, boot: false });
  if (typeof planned === "string") return planned;
  const { domain } = planned.simulation;
  if (domain.kind === "pv") return "a PV guest has no P2M to walk; plan an HVM guest (--guest hvm)";
  const rules = rulesOf(planned, gfn);
  const beyond = widthFault(planned, gfn, rules);
  if (beyond !== null) return beyond;
  if (rules.bar === null) enterRamAt(planned, gfn);
  const { type, access } = lookUp(domain, gfn);
  return {
    physmap: 1,
    kind: "why",
    scenario: planned.document.scenario,
    notes: planned.document.notes,
    gfn: hex(gfn),
    address: hex(gfn * 4096),
    ...rules,
    p2m: {
      ...whyTree(domain.p2m, gfn),
      type: P2M_TYPES[type] ?? `type ${type}`,
      access: ACCESS_NAMES[access] ?? `access ${access}`,
    },
    iommu: domain.iommu ? whyTree(domain.iommu.tree, gfn) : domain.iommuMode === "shared" ? "shared" : null,
  };
}

/** A frame that the P2M cannot hold, or that lies beyond what the guest can address and is no BAR. */
function widthFault({ simulation, scenario }: Planned, gfn: number, { bar }: WhyRules): string | null {
  const { format, levels } = simulation.domain.p2m;
  const says = (whose: string, frames: number): string =>
    `gfn ${hex(gfn)} lies beyond ${whose}: the last frame is ${hex(frames - 1)}`;
  if (gfn >= widthOf(format, levels)) return says("what the P2M translates", widthOf(format, levels));
  const { physBits } = scenario.guest;
  if (bar === null && gfn >= 2 ** (physBits - 12))
    return says(`the guest's ${physBits} physical address bits`, 2 ** (physBits - 12));
  return null;
}

/** Enter RAM that the plan left out because it shares no table with a BAR, so that a walk finds it. Changes the plan's model. */
export function enterRamAt({ simulation: { domain }, layout }: Planned, gfn: number): void {
  if (!isRam(layout, gfn) || whyTree(domain.p2m, gfn).maps !== null) return;
  domain.pool.pages = Number.POSITIVE_INFINITY;
  const order = gfn < 512 ? 0 : 18;
  populate(domain, (Math.floor(gfn / 2 ** order) * 2 ** order) as Gfn, order, 1, null);
}
