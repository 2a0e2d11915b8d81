import { describe, expect, it } from "vitest";
import { DOM0_CASES } from "../../rig/dom0.ts";
import { RELEASES } from "../../rig/releases.ts";
import { FULL, SLICE, SLICE_OF_DOM0 } from "../../rig/steps.ts";

const releases = RELEASES.map(({ version }) => version);
const sequencesOf = (steps: typeof SLICE, target: string, xen: string): number =>
  steps.filter((step) => step.target === target && step.xen === xen).reduce((sum, { count }) => sum + count, 0);

describe("the slice that CI runs", () => {
  it.each(releases)("has random sequences of every format, and named scenarios, on %s", (xen) => {
    for (const target of ["amdvi", "vtd", "ept"]) expect(sequencesOf(SLICE, target, xen)).toBeGreaterThanOrEqual(140);
    expect(SLICE.some((step) => step.xen === xen && step.count === 0)).toBe(true);
    expect(SLICE_OF_DOM0.some(([release]) => release === xen)).toBe(true);
  });

  it("boots dom0s that there are", () => {
    const names = DOM0_CASES.map(({ name }) => name);
    for (const [, chosen] of SLICE_OF_DOM0) expect(names).toEqual(expect.arrayContaining([...chosen]));
  });
});

it.each([
  ["4.17", 2000],
  ["4.14", 500],
  ["4.20", 500],
] as const)("everything is %s with %i sequences of every format, and all named scenarios", (xen, count) => {
  for (const target of ["amdvi", "vtd", "ept"]) expect(sequencesOf(FULL, target, xen)).toBe(count);
  const named = FULL.filter((step) => step.xen === xen && step.count === 0).map(({ target }) => target);
  expect(named.sort()).toEqual(["amdvi", "ept", "npt", "vtd"]);
});
