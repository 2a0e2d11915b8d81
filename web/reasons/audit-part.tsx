import type { AuditDocument, Finding } from "../../src/inspect/audit/audit.ts";
import { size, thousands } from "../../src/report/units.ts";
import { addressText } from "../map/scale.ts";
import { picture, spaceIndex, tree, zoomTo } from "../state/store.ts";

/** Findings of one rule that are listed before "more". */
const LISTED = 12;

/** What the audit found, worst first, each place one click away. */
export function AuditPart({ audit }: { readonly audit: AuditDocument }) {
  const { counts } = audit;
  return (
    <>
      <p class="verdict">
        {counts.fault} fault{counts.fault === 1 ? "" : "s"}, {counts.risk} risk{counts.risk === 1 ? "" : "s"},{" "}
        {counts.waste} wasteful, {counts.note} note{counts.note === 1 ? "" : "s"}
      </p>
      {audit.rules.length === 0 && <p>Nothing is wrong with these tables.</p>}
      <ul class="findings">
        {audit.rules.map(({ id, severity, says, fix, findings }) => {
          const own = audit.findings.filter(({ rule }) => rule === id);
          return (
            <li key={id} class={`finding ${severity}`}>
              <p>
                <span class={`tag ${severity}`}>{severity}</span> <b>{says}</b> <code class="code">{id}</code>
              </p>
              <p class="change">{fix}</p>
              <ul class="places">
                {own.slice(0, LISTED).map((finding) => (
                  <li key={`${finding.tree} ${finding.at} ${finding.says}`}>
                    <button type="button" class="link" onClick={() => goToFinding(audit, finding)}>
                      {finding.tree} {addressText(Number(finding.at) / 4096)}
                    </button>{" "}
                    <span class="dim">
                      {size(finding.pages * 4096)}: {finding.says}
                    </span>
                  </li>
                ))}
              </ul>
              {findings > LISTED && <p class="dim small">and {thousands(findings - LISTED)} more</p>}
            </li>
          );
        })}
      </ul>
    </>
  );
}

/** Show the tree that a finding is of, and the place in it. The trees' ids are their places in the audit's list. */
function goToFinding({ trees }: AuditDocument, finding: Finding): void {
  const id = trees.findIndex(({ name }) => name === finding.tree);
  const spaces = picture.value?.spaces ?? [];
  const index = spaces.findIndex(({ p2m, iommu }) => p2m?.id === id || iommu?.id === id);
  if (index >= 0) {
    spaceIndex.value = index;
    tree.value = spaces[index]!.iommu?.id === id ? "iommu" : "p2m";
  }
  zoomTo(Math.floor(Number(finding.at) / 4096), finding.pages);
}
