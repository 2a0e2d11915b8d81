/** Scripts with what a real hypervisor made of them: kept by the rig (rig/README.md), checked here without an emulator. */
import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { compareScript, isEqual } from "../../rig/compare.ts";
import type { Regression } from "../../rig/regression.ts";
import { differenceLines } from "../../rig/show.ts";
import { targetOf } from "../../rig/target.ts";

const folder = new URL(".", import.meta.url).pathname;
const names = readdirSync(folder).filter((name) => name.endsWith(".json"));

describe("what real Xen did", () => {
  it("is there, for every table format", () => {
    const targets = new Set(names.map((name) => name.split("-")[0]));
    for (const target of ["amdvi", "vtd", "ept"]) expect(targets).toContain(target);
  });

  it.each(names)("%s", (name) => {
    const { script, memoryMiB, ...observed } = JSON.parse(readFileSync(`${folder}/${name}`, "utf8")) as Regression;
    const comparison = compareScript(script, observed, targetOf(script.hypervisor, { memoryMiB }));
    expect(differenceLines(comparison)).toEqual([]);
    expect(isEqual(comparison)).toBe(true);
    expect(observed.results).toHaveLength(script.operations.length);
  });
});
