import { describe, expect, it } from "vitest";
import { readScript } from "../../src/plan/index.ts";
import { asJson, faultsOf } from "./helpers.ts";
import { OUTPUTS } from "./outputs.ts";

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };
type Path = readonly (string | number)[];

/** Every place in a document, the whole left out. Of lists the first three, which are as good as all. */
function* places(value: Json, path: Path = []): Generator<readonly [Path, Json]> {
  if (path.length > 0) yield [path, value];
  if (Array.isArray(value)) for (const [i, each] of value.slice(0, 3).entries()) yield* places(each, [...path, i]);
  else if (value !== null && typeof value === "object")
    for (const [key, each] of Object.entries(value)) yield* places(each as Json, [...path, key]);
}

/** The document with the value at a place replaced. */
function withAt(document: Json, [step, ...rest]: Path, put: (value: Json) => Json): Json {
  if (step === undefined) return put(document);
  const copy = (Array.isArray(document) ? [...document] : { ...(document as object) }) as Record<string | number, Json>;
  copy[step] = withAt(copy[step]!, rest, put);
  return copy as unknown as Json;
}

/** A value of a type that no property allows in place of this one. */
const wrongFor = (value: Json): Json => (Array.isArray(value) || typeof value === "boolean" ? 0.5 : [[]]);
/** Places whose content is free: a snapshot's source, and words that users write. */
const isFree = (path: Path): boolean => (path[0] === "source" || path[0] === "from") && path.length > 1;

const cache = new Map<string, Json>();
const documentOf = (name: string, make: () => unknown): Json => {
  const ready = cache.get(name);
  if (ready !== undefined) return ready;
  const document = asJson(make()) as Json;
  cache.set(name, document);
  return document;
};

describe("documents and their schemas", () => {
  it.each(OUTPUTS.map((output) => [output[0], output[1], output] as const))("%s: %s", (kind, name, [, , make]) => {
    const document = documentOf(`${kind} ${name}`, make);
    expect(document).toMatchObject({ physmap: 1, kind });
    expect(faultsOf(kind, document)).toEqual([]);
  });

  // One document a kind is spoilt everywhere: the first, which is the richest.
  const firsts = OUTPUTS.filter(([kind], i) => OUTPUTS.findIndex((other) => other[0] === kind) === i);
  it.each(firsts.map((output) => [output[0], output] as const))(
    "%s: a value of another type is rejected anywhere",
    (kind, [, name, make]) => {
      const document = documentOf(`${kind} ${name}`, make);
      const accepted = [...places(document)]
        .filter(([path]) => !isFree(path))
        .filter(
          ([path, value]) =>
            faultsOf(
              kind,
              withAt(document, path, () => wrongFor(value)),
            ).length === 0,
        )
        .map(([path]) => path.join("."));
      expect(accepted).toEqual([]);
    },
  );

  it.each(
    firsts
      .map((output) => [output[0], output] as const)
      .filter(([kind]) => kind !== "collect" && kind !== "calibration"),
  )("%s: a property too many is rejected in every object", (kind, [, name, make]) => {
    const document = documentOf(`${kind} ${name}`, make);
    const objects = [[[], document] as const, ...places(document)].filter(
      ([path, value]) => value !== null && typeof value === "object" && !Array.isArray(value) && path[0] !== "source",
    );
    const accepted = objects
      .filter(([path]) => {
        const spoilt = withAt(document, path, (value) => ({ ...(value as object), "Not a name": {} }));
        return faultsOf(kind, spoilt).length === 0;
      })
      .map(([path]) => path.join("."));
    expect(accepted).toEqual([]);
  });

  it("a promised property that is missing is rejected", () => {
    const [, name, make] = OUTPUTS[0]!;
    const document = documentOf(`plan ${name}`, make) as { readonly [key: string]: Json };
    for (const key of Object.keys(document)) {
      const { [key]: _, ...rest } = document;
      expect(faultsOf("plan", rest), key).not.toEqual([]);
    }
  });
});

describe("values that are wrong in themselves", () => {
  const plan = (): Json => documentOf(`plan ${OUTPUTS[0]![1]}`, OUTPUTS[0]![2]);
  const spoilt: readonly (readonly [what: string, path: Path, value: Json])[] = [
    ["another version", ["physmap"], 2],
    ["another kind", ["kind"], "plans"],
    ["an address in upper case", ["devices", 0, "bars", 0, "host"], "0xC8000000"],
    ["an address as a number", ["devices", 0, "bars", 0, "host"], 0xc8000000],
    ["an order that no entry has", ["devices", 0, "bars", 0, "pieces", 0, "order"], 12],
    ["a reason that is none", ["devices", 0, "bars", 0, "pieces", 0, "because"], "no-such-reason"],
    ["half a page", ["devices", 0, "bars", 0, "pieces", 0, "pages"], 0.5],
    ["a negative count", ["ledger", "hypercalls"], -1],
    ["minutes", ["time", "unit"], "min"],
    ["two seconds instead of three", ["advice", 0, "saves", "seconds"], [1, 2]],
    ["a BDF without a domain", ["devices", 0, "bdf"], "82:00.0"],
    ["no P2M format", ["p2m", "format"], "x86"],
  ];
  it.each(spoilt)("%s", (_, path, value) => {
    expect(
      faultsOf(
        "plan",
        withAt(plan(), path, () => value),
      ),
    ).not.toEqual([]);
  });

  it("later ledger kinds are let pass, with a count", () => {
    expect(
      faultsOf(
        "plan",
        withAt(plan(), ["ledger"], (l) => ({ ...(l as object), cupsOfTea: 3 })),
      ),
    ).toEqual([]);
    expect(
      faultsOf(
        "plan",
        withAt(plan(), ["ledger"], (l) => ({ ...(l as object), cupsOfTea: "3" })),
      ),
    ).not.toEqual([]);
  });

  it("snapshots: entries beyond 511, words beyond 64 bits and runs without a step are rejected", () => {
    const with_ = (entries: Json): Json => ({
      physmap: 1,
      kind: "snapshot",
      source: {},
      roots: [],
      frames: { "0x1": entries },
    });
    for (const good of [{ "511": "0x1" }, { "0-511": ["0x1000", "-0x1"] }, {}])
      expect(faultsOf("snapshot", with_(good))).toEqual([]);
    for (const bad of [
      { "512": "0x1" },
      { "1": "0x11112222333344445" },
      { "1": "1" },
      { "0-511": "0x1" },
      { "0-511": ["0x1"] },
      { "0-511": ["-0x1", "0x1"] },
      { "3": ["0x1", "0x1"] },
    ])
      expect(faultsOf("snapshot", with_(bad)), JSON.stringify(bad)).not.toEqual([]);
  });

  it("scripts: the schema and the reader agree", () => {
    const script = OUTPUTS.find(([kind]) => kind === "script")![2]() as Json;
    const changes: readonly (readonly [Path, Json])[] = [
      [["operations", 0, "gfn"], "0xABCDEF"],
      [["operations", 0, "gfn"], "0X10"],
      [["operations", 0, "gfn"], "10"],
      [["operations", 0, "gfn"], -1],
      [["operations", 0, "gfn"], "0x12345678123456789"],
      [["operations", 0, "order"], 19],
      [["operations", 0, "mfn"], null],
      [["operations", 0, "op"], "populat"],
      [["operations", 3, "undoOnFailur"], true],
      [["domains", 0, "p2mPoolMiB"], 0.5],
      [["domains", 0, "poolMiB"], 1],
      [["hypervisor", "iommu"], null],
      [["hypervisor", "iommu"], "smmu"],
      [["hypervisor", "readOnly"], [["0x1", 2, 3]]],
      [["hypervisor", "readOnly"], [["0x1"]]],
      [["physmap"], 2],
    ];
    const verdicts = changes.map(([path, value]) => {
      const changed = withAt(script, path, () => value);
      return [faultsOf("script", changed).length === 0, typeof readScript(changed) !== "string"];
    });
    expect(verdicts.filter(([schema, reader]) => schema !== reader)).toEqual([]);
    expect(verdicts.filter(([schema]) => schema)).toHaveLength(5);
  });
});
