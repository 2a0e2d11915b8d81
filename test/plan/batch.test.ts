import { readdirSync, readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeCollect, readInputs } from "../../src/inventory/index.ts";
import { batchHostSchema, plan, planLine } from "../../src/plan/index.ts";
import { faultsOf, pathOf } from "../schemas/helpers.ts";

const QUICK = { advice: false } as const;
const NIC = "examples/msix-nic";
const INPUTS = readdirSync(pathOf(NIC))
  .filter((name) => !name.endsWith(".md"))
  .map((name) => ({ name, text: readFileSync(pathOf(`${NIC}/${name}`), "utf8") }));

const answer = (document: unknown, keys = {}) => planLine(JSON.stringify(document), 7, keys, QUICK);
const errorOf = (document: unknown): string => {
  const { text, planned } = answer(document);
  expect(planned).toBe(false);
  expect(faultsOf("batch-error", JSON.parse(text))).toEqual([]);
  return JSON.parse(text).error;
};

describe("a host of a batch", () => {
  it("is planned as the plan command would, on one line", () => {
    const { text, planned } = answer({ inputs: INPUTS, keys: { xen: "4.17.5" } });
    const alone = plan(readInputs(INPUTS), { xen: "4.17.5" }, QUICK);
    if (typeof alone === "string") throw new Error(alone);
    expect(planned).toBe(true);
    expect(text).not.toContain("\n");
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify(alone.document)));
  });

  it("carries its name into the plan and into an error", () => {
    const document = JSON.parse(answer({ name: "rack 3", inputs: INPUTS }).text);
    expect(document.host).toBe("rack 3");
    expect(Object.keys(document).slice(0, 2)).toEqual(["physmap", "kind"]);
    expect(faultsOf("plan", document)).toEqual([]);
    expect(JSON.parse(answer({ name: "rack 3", inputs: INPUTS, keys: { xen: "5" } }).text)).toMatchObject({
      physmap: 1,
      kind: "batch-error",
      line: 7,
      name: "rack 3",
    });
  });

  it("may be a collect document, as the line or as its inputs", () => {
    const lspci = INPUTS.find(({ name }) => name === "lspci.txt")!.text;
    const collect = makeCollect({ lspci, missing: [] });
    const line = JSON.parse(answer(collect).text);
    expect(line.kind).toBe("plan");
    expect(line.devices.length).toBeGreaterThan(0);
    expect(JSON.parse(answer({ inputs: collect }).text).devices).toEqual(line.devices);
  });

  it("takes keys as options do, and they win over those of the command line", () => {
    const keys = { xen: "4.17.5", hap: true, "mmio-hole": 1024, device: ["5e:00.0"] };
    const { scenario, devices } = JSON.parse(answer({ inputs: INPUTS, keys }, { xen: "4.12" }).text);
    expect(scenario).toMatchObject({ xen: "4.17.5", hap: true, mmioHoleMiB: 1024 });
    expect(devices.map(({ bdf }: { bdf: string }) => bdf)).toEqual(["0000:5e:00.0"]);
    expect(JSON.parse(answer({ inputs: INPUTS }, { xen: "4.12.4" }).text).scenario.xen).toBe("4.12.4");
  });

  it.each([
    ["no JSON", "{", /^not JSON: /],
    ["no object", 7, /^not a host: /],
    ["null", null, /^not a host: /],
    ["no inputs", { name: "a" }, /at inputs/],
    ["an empty list", { inputs: [] }, /at inputs/],
    ["an input without a text", { inputs: [{ name: "a" }] }, /at inputs/],
    ["an unknown property", { inputs: INPUTS, keyz: {} }, /at keyz/],
    ["an unknown key", { inputs: INPUTS, keys: { release: "4.12" } }, /^at keys\.release: no scenario key/],
    ["a wrong value", { inputs: INPUTS, keys: { cpu: "arm" } }, /^at keys\.cpu: expected intel or amd/],
    ["a key of every object", { inputs: INPUTS, keys: { constructor: "x" } }, /no scenario key "constructor"/],
    ["no device", { inputs: [{ name: "a.txt", text: "nothing\n" }] }, /no PCI device in the inputs/],
  ])("says what is wrong: %s", (_, document, expected) => {
    const text = typeof document === "string" ? document : JSON.stringify(document);
    const { text: told, planned } = planLine(text, 7, {}, QUICK);
    expect(planned).toBe(false);
    expect(JSON.parse(told).error).toMatch(expected);
    expect(told).not.toContain("\n");
  });

  it("never throws, and always answers with one line of JSON that its schema knows", () => {
    const odd = fc.oneof(
      fc.string(),
      fc.json(),
      fc.record({ inputs: fc.jsonValue(), keys: fc.jsonValue() }).map((host) => JSON.stringify(host)),
    );
    fc.assert(
      fc.property(odd, (text) => {
        const { text: told } = planLine(text, 1, {}, QUICK);
        expect(faultsOf("batch-error", JSON.parse(told))).toEqual([]);
      }),
      { numRuns: 200 },
    );
    expect(errorOf({ inputs: "x" })).toMatch(/inputs/);
  });

  it("has a schema that lets through what is read", () => {
    const host = {
      physmap: 1,
      kind: "batch-host",
      name: "a",
      inputs: INPUTS,
      keys: { hap: true, device: ["5e:00.0"] },
    };
    expect(faultsOf("batch-host", host)).toEqual([]);
    expect(faultsOf("batch-host", { ...host, keyz: 1 })).not.toEqual([]);
    expect(batchHostSchema.type).toBe("strict_object");
  });
});
