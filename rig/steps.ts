import type { FormatTarget } from "./generate.ts";
import type { XenVersion } from "./releases.ts";

/** Random sequences, or the named scenarios, of a target on a release. */
export interface Step {
  readonly target: FormatTarget;
  readonly xen: XenVersion;
  /** 0: the named scenarios instead. */
  readonly count: number;
}

const random = (target: FormatTarget, xen: XenVersion, count: number): Step => ({ target, xen, count });
const named = (target: FormatTarget, xen: XenVersion): Step => random(target, xen, 0);

/**
 * What CI has time for, about ten minutes: every format on every release, the named scenarios of one machine each for
 * the releases beside 4.17. An AMD machine gives NPT, too; Bochs (EPT) takes three times as long as QEMU.
 */
export const SLICE: readonly Step[] = [
  named("npt", "4.17"),
  named("amdvi", "4.17"),
  named("ept", "4.17"),
  named("amdvi", "4.14"),
  named("vtd", "4.20"),
  random("amdvi", "4.17", 1250),
  random("vtd", "4.17", 1000),
  random("ept", "4.17", 280),
  random("amdvi", "4.14", 250),
  random("vtd", "4.14", 250),
  random("ept", "4.14", 140),
  random("amdvi", "4.20", 250),
  random("vtd", "4.20", 250),
  random("ept", "4.20", 140),
];

/** Ways that a dom0 boots, a few seconds each. */
export const SLICE_OF_DOM0: readonly (readonly [XenVersion, readonly string[]])[] = [
  [
    "4.17",
    ["pv-dom0-vtd-relaxed", "pv-dom0-amdvi-strict", "pv-dom0-amdvi-inclusive", "pvh-dom0-bar-8g", "pvh-dom0-msix"],
  ],
  ["4.14", ["pv-dom0-amdvi-relaxed", "pvh-dom0-reserved"]],
  ["4.20", ["pv-dom0-vtd-strict", "pvh-dom0-msix"]],
];

/** Everything that docs/confirmed.md speaks of. The AMD machine gives NPT and AMD-Vi from the same boots. */
export const FULL: readonly Step[] = [
  ...(["4.17", "4.14", "4.20"] as const).flatMap((xen) => {
    const most = xen === "4.17" ? 2000 : 500;
    return (["amdvi", "vtd", "ept"] as const).flatMap((target) => [named(target, xen), random(target, xen, most)]);
  }),
  ...(["4.17", "4.14", "4.20"] as const).map((xen) => named("npt", xen)),
];
