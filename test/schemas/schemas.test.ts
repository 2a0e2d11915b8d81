import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { textOf } from "../../scripts/schemas/all.mjs";
import { made, pathOf, validator } from "./helpers.ts";

/** The kinds of document that there are. */
const KINDS = [
  "audit",
  "batch-error",
  "batch-host",
  "calibration",
  "collect",
  "compare",
  "diff",
  "dumps",
  "explore",
  "plan",
  "roots",
  "run",
  "script",
  "snapshot",
  "tables",
  "trace",
  "walk",
  "why",
];
/** Documents that are read, and in which later versions may have more. */
const LENIENT = ["batch-host", "calibration", "collect"];

type Node = Readonly<Record<string, unknown>>;
const isNode = (value: unknown): value is Node => typeof value === "object" && value !== null;

/** Every subschema with its path. Constants are no schemas. */
function* nodes(node: Node, path = ""): Generator<readonly [string, Node]> {
  yield [path, node];
  for (const [key, value] of Object.entries(node))
    if (isNode(value) && key !== "const" && key !== "enum") yield* nodes(value, `${path}/${key}`);
}

describe("the schemas that ship", () => {
  it("are one a document kind, and what the source of today gives (npm run schemas)", () => {
    expect(readdirSync(pathOf("schemas")).sort()).toEqual(KINDS.map((kind) => `${kind}.schema.json`));
    expect(Object.keys(made).sort()).toEqual(KINDS);
    for (const [kind, schema] of Object.entries(made))
      expect(readFileSync(pathOf(`schemas/${kind}.schema.json`), "utf8"), kind).toBe(textOf(schema));
  });

  it.each(KINDS)("%s: compiles in ajv's strict mode, and starts with version and kind", (kind) => {
    expect(() => validator(kind)).not.toThrow();
    expect(made[kind]).toMatchObject({
      $schema: "https://json-schema.org/draft/2020-12/schema",
      $id: `urn:physmap:1:${kind}`,
      properties: { physmap: { const: 1 }, kind: { const: kind } },
      required: expect.arrayContaining(["physmap", "kind"]),
    });
  });

  it.each(KINDS)("%s: every property is described", (kind) => {
    for (const [path, node] of nodes(made[kind]!)) {
      if (!isNode(node.properties) || path.endsWith("/properties")) continue;
      for (const [name, property] of Object.entries(node.properties))
        expect((property as Node).description, `${kind}${path}: ${name}`).toMatch(/^.{8,}/);
    }
  });

  it.each(KINDS.filter((kind) => !LENIENT.includes(kind)))(
    "%s: objects are closed, but where growth is promised",
    (kind) => {
      const open = [...nodes(made[kind]!)]
        .filter(([path, node]) => node.type === "object" && isNode(node.properties) && !path.endsWith("/properties"))
        .filter(([, node]) => node.additionalProperties !== false)
        .map(([path]) => path);
      // "ledger may hold more kinds than these".
      expect(open).toEqual(["plan", "compare", "run"].includes(kind) ? ["/$defs/ledger"] : []);
    },
  );

  it("ask of a ledger exactly the kinds whose names stay", () => {
    const { ledger } = made.plan!.$defs as { ledger: Node };
    expect(ledger.required).toEqual([
      "hypercalls",
      "iterations",
      "p2mEntries",
      "iommuEntries",
      "p2mTables",
      "iommuTables",
      "m2pUpdates",
      "iotlbFlushes",
      "tlbFlushes",
    ]);
  });
});
