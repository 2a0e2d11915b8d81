import { TABLE } from "../../../format/format.ts";
import type { EntryFact, Rule } from "../rule.ts";

/** Rights that a table pointer needs, as "rwx" shows them; IOMMU tables have no execute right. */
const WANTED = { ept: "rwx", npt: "rwx", vtd: "rw-", amdvi: "rw-" } as const;

function lacking({ tree, lo, hi, kind, visit, faults }: EntryFact): string | null {
  // A marked or misconfigured entry is spoken of elsewhere.
  if (kind !== TABLE || faults.length > 0) return null;
  const { format } = tree.tree;
  const { access } = format.decode({ lo, hi }, visit.level);
  return access === WANTED[format.name] ? null : `the pointer's rights are ${access}, for all that lies below`;
}

export const tableRights: Rule = {
  id: "table-lacks-rights",
  severity: "risk",
  says: "A table pointer takes rights away from everything below it; hypervisors give them all and decide in the leaf.",
  reference: "page-table-formats.md 1.5, 2.3, 3.4, 4.2",
  fix: "If devices or the guest fault below here, this entry is why; neither Xen nor KVM writes such a pointer.",
  entry: lacking,
};
