import type { Advice } from "../plan/advice.ts";
import type { PlanDocument } from "../plan/document.ts";
import type { LedgerKind } from "../xen/ledger.ts";
import { titled, wrap } from "./layout.ts";
import type { Style } from "./style.ts";
import { plural, seconds, thousands } from "./units.ts";

/** Seconds of a boot below which an advice is shown only when everything is asked for. */
const MINOR = 0.1;
const MOST = 6;

/** What to change, best first. */
export function adviceBlock({ advice, boot }: PlanDocument, style: Style, verbose: boolean): string[] {
  const isMajor = ({ mends, saves }: Advice): boolean => mends !== undefined || saves.seconds[1] >= MINOR;
  const shown = verbose ? advice : advice.filter(isMajor).slice(0, MOST);
  const left = advice.length - shown.length;
  if (shown.length === 0) {
    const minor = left > 0 ? ` (${plural(left, "switch", "switches")} would save less than ${MINOR} s: -v)` : "";
    return titled(style, "Advice", `nothing that you could change would save much${minor}`);
  }
  const lines = shown.flatMap((item, i) => [
    ...wrap(`${i + 1}. ${item.says}: ${gain(item, boot.time.likely)}`, style.width, "  ", "     "),
    // Never broken: it is there to be copied.
    style.good(`       ${item.write.where}:  ${item.write.line}`),
    ...fewer(item, style),
  ]);
  const rest = left > 0 ? [style.dim(`  … and ${thousands(left)} more that would save less (-v shows all)`)] : [];
  return [style.bold("Advice"), ...lines, ...rest];
}

/** What a change brings, of a boot's likely seconds. */
export function gain({ mends, saves }: Advice, total: number): string {
  if (mends !== undefined) return `${plural(mends, "more BAR is", "more BARs are")} mapped then`;
  const [, likely] = saves.seconds;
  const share = total > 0 ? ` (${Math.round((100 * likely) / total)}%)` : "";
  return `saves ${seconds(likely)} of a boot's ${seconds(total)}${share}`;
}

/** Counts that tell most, in this order. */
export const TELLING: readonly (readonly [LedgerKind, string])[] = [
  ["hypercalls", "hypercalls"],
  ["cacheFlushes", "cache-flush rounds"],
  ["p2mEntries", "P2M entries"],
  ["iommuEntries", "IOMMU entries"],
  ["specialPageTests", "special-page tests"],
];
export const MOST_COUNTS = 3;

function fewer({ saves }: Advice, style: Style): string[] {
  const parts = TELLING.filter(([kind]) => saves[kind] !== undefined)
    .slice(0, MOST_COUNTS)
    .map(([kind, title]) => `${thousands(saves[kind] ?? 0)} ${title}`);
  if (parts.length === 0) return [];
  return wrap(`fewer in each mapping: ${parts.join(", ")}`, style.width, "       ", "         ").map(style.dim);
}
