import type { Rule } from "../rule.ts";

export const recalculationPending: Rule = {
  id: "recalculation-pending",
  severity: "note",
  says: "Xen has marked an entry: at the next access its memory type or its rights are computed anew.",
  reference: "xen-mapping.md 5.7, 6.5",
  fix: "Nothing: it happens by itself. What the entries below say is not yet final.",
  entry({ faults, lo, tree }) {
    if (faults.some(({ code }) => code === "recalculation-mark")) return "EPT memory type 7";
    const isMarked = faults.some(({ code }) => code === "supervisor-entry") && (lo & 0x20) === 0;
    return isMarked && tree.owner === "xen" ? "NPT user and accessed bits are clear" : null;
  },
};
