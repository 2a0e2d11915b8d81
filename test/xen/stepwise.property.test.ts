import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { treesEqual } from "./helpers.ts";
import { longScenario, runScenario, type Scenario, scenario, stateOf } from "./scripts.ts";

function check(chosen: Scenario): void {
  const stretches = runScenario(chosen, false);
  const steps = runScenario(chosen, true);
  expect(stateOf(stretches)).toEqual(stateOf(steps));
  const [fast, slow] = [stretches, steps].map(({ world }) => world.domains.get(1)!);
  expect(treesEqual(fast!.p2m, slow!.p2m)).toEqual([]);
  expect(treesEqual(fast!.iommu?.tree ?? null, slow!.iommu?.tree ?? null)).toEqual([]);
}

describe("stretches of blocks and single blocks", () => {
  it("give the same results, ledger, log, decisions and tables for any script", () => {
    fc.assert(fc.property(scenario, check), { numRuns: 300 });
  }, 90_000);

  it("do so for long requests, too, where one region after the other is alike", () => {
    fc.assert(fc.property(longScenario, check), { numRuns: 20 });
  }, 90_000);
});
