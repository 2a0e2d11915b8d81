/** An audit as SARIF 2.1.0 (OASIS Static Analysis Results Interchange Format), so that a CI can show its findings. */
import type { AuditDocument, Finding } from "../inspect/audit/audit.ts";
import type { RuleText, Severity } from "../inspect/audit/rule.ts";

const LEVELS: Readonly<Record<Severity, "error" | "warning" | "note">> = {
  fault: "error",
  risk: "warning",
  waste: "note",
  note: "note",
};

/** "reserved-bits" as "ReservedBits": SARIF wants an identifier beside the id. */
const pascal = (id: string): string =>
  id
    .split("-")
    .map((word) => word.charAt(0).toUpperCase() + word.slice(1))
    .join("");

/** A path as a relative or file URI. Backslashes are a Windows path's. */
const uriOf = (path: string): string => {
  const encoded = encodeURI(path.replaceAll("\\", "/").replace(/[\uD800-\uDFFF]/gu, "_")).replace(
    /[?#]/g,
    encodeURIComponent,
  );
  return encoded.startsWith("/") ? `file://${encoded}` : encoded;
};

const ruleOf = ({ id, severity, says, reference, fix }: RuleText) => ({
  id,
  name: pascal(id),
  shortDescription: { text: says },
  help: { text: `${fix} (${reference})` },
  defaultConfiguration: { level: LEVELS[severity] },
  properties: { severity, reference },
});

function resultOf({ rule, severity, tree, at, pages, level, entry, says }: Finding, ruleIndex: number, uri: string) {
  const address = Number(at);
  return {
    ruleId: rule,
    ruleIndex,
    level: LEVELS[severity],
    message: { text: `${tree}, address ${at}, ${pages} page(s): ${says}` },
    locations: [
      {
        physicalLocation: {
          artifactLocation: { uri },
          // An integer in SARIF: addresses that a double cannot hold stand in the message only.
          ...(Number.isSafeInteger(address) ? { address: { absoluteAddress: address, kind: "page" } } : {}),
        },
        logicalLocations: [{ name: tree, fullyQualifiedName: `${tree}/${at}`, kind: "page-table" }],
      },
    ],
    partialFingerprints: { "physmapFinding/v1": `${rule}:${tree}:${at}` },
    properties: { pages, level, entry },
  };
}

/** An audit's findings as one SARIF run. `inputs` are the paths that were read; a result's location is the first. */
export function auditSarif(document: AuditDocument, inputs: readonly string[], version: string) {
  const uris = inputs.map(uriOf);
  const { rules, findings, notes } = document;
  return {
    $schema: "https://json.schemastore.org/sarif-2.1.0.json",
    version: "2.1.0" as const,
    runs: [
      {
        tool: { driver: { name: "physmap", version, rules: rules.map(ruleOf) } },
        artifacts: uris.map((uri) => ({ location: { uri } })),
        columnKind: "utf16CodeUnits" as const,
        invocations: [
          {
            executionSuccessful: true,
            toolExecutionNotifications: notes.map((text) => ({ level: "note" as const, message: { text } })),
          },
        ],
        results: findings.map((finding) =>
          resultOf(
            finding,
            rules.findIndex(({ id }) => id === finding.rule),
            uris[0] ?? "",
          ),
        ),
      },
    ],
  };
}
