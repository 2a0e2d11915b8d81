import type { Inventory } from "../inventory/types.ts";
import { LEDGER_KINDS, type LedgerKind } from "../xen/ledger.ts";
import type { PlanDocument } from "./document.ts";
import { overlayKeys, parseKeys } from "./keys.ts";
import { type PlanOptions, plan } from "./plan.ts";
import type { ScenarioKeys } from "./scenario.ts";

/** Several scenarios of the same inputs, side by side. The first is the inputs as they are. */
export interface CompareDocument {
  readonly physmap: 1;
  readonly kind: "compare";
  readonly scenarios: readonly {
    readonly name: string;
    readonly plan: PlanDocument;
  }[];
  /** Ledger kinds in which any scenario differs from the first, in mapping once or over a boot. */
  readonly differs: readonly LedgerKind[];
}

/**
 * Plan the inputs as they are and once with each list of `KEY=VALUE` changes. Returns a sentence when one cannot be
 * planned.
 */
export function compare(
  inventory: Inventory,
  keys: ScenarioKeys,
  changes: readonly string[],
  options: PlanOptions = {},
): CompareDocument | string {
  const scenarios: { name: string; plan: PlanDocument }[] = [];
  for (const change of [null, ...changes]) {
    const parsed = change === null ? {} : parseKeys(change);
    if (typeof parsed === "string") return `--with ${change}: ${parsed}`;
    const planned = plan(inventory, overlayKeys(keys, parsed), { ...options, advice: false });
    if (typeof planned === "string") return change === null ? planned : `--with ${change}: ${planned}`;
    scenarios.push({ name: change ?? "as it is", plan: planned.document });
  }
  const [first] = scenarios;
  const kinds = Object.keys(LEDGER_KINDS) as LedgerKind[];
  const differs = kinds.filter((kind) =>
    scenarios.some(
      ({ plan: p }) =>
        p.ledger[kind] !== first!.plan.ledger[kind] || p.boot.ledger[kind] !== first!.plan.boot.ledger[kind],
    ),
  );
  return { physmap: 1, kind: "compare", scenarios, differs };
}
