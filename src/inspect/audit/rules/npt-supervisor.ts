import type { Rule } from "../rule.ts";

export const nptSupervisor: Rule = {
  id: "npt-supervisor",
  severity: "fault",
  says: "An NPT entry lacks the user bit: the nested walk is a user access, so every guest access faults.",
  reference: "page-table-formats.md 2.3",
  fix: "Set U/S in entries of every level.",
  entry: ({ faults, lo, tree }) =>
    // Xen's mark for recalculation clears A as well: a rule of its own.
    faults.some(({ code }) => code === "supervisor-entry") && !(tree.owner === "xen" && (lo & 0x20) === 0)
      ? "U/S is clear"
      : null,
};
