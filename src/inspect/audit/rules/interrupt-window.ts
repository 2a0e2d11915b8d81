import { hitOnRun } from "../facts.ts";
import type { Hit, Rule } from "../rule.ts";

const WINDOW = { start: 0xfee00, end: 0xfef00 };

export const interruptWindow: Rule = {
  id: "interrupt-window",
  severity: "note",
  says: "IOMMU entries cover 0xfee00000 to 0xfeefffff: writes of devices there are interrupts and never translated.",
  reference: "page-table-formats.md 3.7, 10 (5)",
  fix: "Harmless, and of no use; RAM or a BAR of the guest here is out of its devices' reach.",
  *check({ trees }): Generator<Hit> {
    for (const tree of trees.filter(({ what }) => what === "iommu"))
      for (const run of tree.runs) {
        const start = Math.max(run.start, WINDOW.start);
        const pages = Math.min(run.start + run.pages, WINDOW.end) - start;
        if (run.maps !== null && pages > 0) yield hitOnRun(tree, run, "lies in the interrupt window", start, pages);
      }
  },
};
