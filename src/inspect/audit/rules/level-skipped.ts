import { TABLE } from "../../../format/format.ts";
import type { Rule } from "../rule.ts";

export const levelSkipped: Rule = {
  id: "level-skipped",
  severity: "note",
  says: "An AMD-Vi pointer skips levels: legal, but neither Xen nor Linux writes such, and emulated IOMMUs read them otherwise.",
  reference: "page-table-formats.md 4.4",
  fix: "Check who wrote it; do not rely on it under an emulator.",
  entry: ({ tree, lo, hi, kind, visit }) =>
    kind === TABLE && tree.tree.format.nextLevelOf(lo, hi, visit.level) < visit.level - 1
      ? `leads from level ${visit.level} to level ${tree.tree.format.nextLevelOf(lo, hi, visit.level)}`
      : null,
};
