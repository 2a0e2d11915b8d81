import type { Scenario } from "./scenarios/builders.ts";
import { DRY_ASSIGN } from "./scenarios/dry-assign.ts";
import { DRY_IOMMU } from "./scenarios/dry-iommu.ts";
import { FOREIGN } from "./scenarios/foreign.ts";
import { IOMMU } from "./scenarios/iommu.ts";
import { RAM } from "./scenarios/ram.ts";
import { RANGES } from "./scenarios/ranges.ts";
import { REFUSALS } from "./scenarios/refusals.ts";

export type { Scenario } from "./scenarios/builders.ts";

/** The named scenarios: everything that people or the specification make a point of. */
export const SCENARIOS: readonly Scenario[] = [
  ...RANGES,
  ...RAM,
  ...REFUSALS,
  ...IOMMU,
  ...FOREIGN,
  ...DRY_IOMMU,
  ...DRY_ASSIGN,
];
