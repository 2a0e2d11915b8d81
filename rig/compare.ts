import { type Snapshot as ReadSnapshot, type SnapshotTree, snapshotTrees } from "../src/image/snapshot.ts";
import { type CompareOptions, compareTrees, type Difference } from "../src/inspect/compare.ts";
import type { Tree } from "../src/radix/tree.ts";
import type { FrameRange } from "../src/ranges.ts";
import { compareResults, type ResultDifference } from "./compare-results.ts";
import { type ModelRun, runOnModel } from "./model-run.ts";
import type { Observed } from "./observe.ts";
import type { RigScript } from "./script.ts";
import { type Target, targetOf } from "./target.ts";
import { ramOf } from "./targets-model.ts";

/** A tree in which hypervisor (left) and model (right) differ, or that one of them lacks. */
export interface TreeDifference {
  readonly domain: number;
  readonly what: "p2m" | "iommu";
  readonly says: string;
  readonly entry?: Difference;
}

/** How one script's run on a real hypervisor and its run on the model compare. */
export interface ScriptComparison {
  readonly results: readonly ResultDifference[];
  readonly trees: readonly TreeDifference[];
  /** Domains that the hypervisor did not make: nothing about the script is proven. */
  readonly refused: readonly string[];
  /** Entries that were compared, by what they belong to. */
  readonly entries: { readonly p2m: number; readonly iommu: number };
  readonly model: ModelRun;
}

/** Whether hypervisor and model came to the same. */
export const isEqual = (c: ScriptComparison): boolean =>
  c.results.length === 0 && c.trees.length === 0 && c.refused.length === 0;

/** RAM that the model hands out when it is not told which (src/xen/machine.ts). */
const isModelRam = (mfn: number): boolean => mfn >= 0x2000_0000 && mfn < 0x3000_0000;

/** Guest frames that a script's operations name. */
function touched(script: RigScript, domain: number): FrameRange[] {
  return script.operations.flatMap((o): FrameRange[] => {
    if (o.domain !== domain || !("gfn" in o)) return [];
    const start = Number(o.gfn);
    const order = "order" in o ? (o.order ?? 0) : 0;
    const pages = o.op === "memory_mapping" ? o.pages : 2 ** order * (("extents" in o ? o.extents : 1) ?? 1);
    return start < 2 ** 36 ? [{ start, end: Math.min(start + pages, 2 ** 36) }] : [];
  });
}

/** Up to 4.14 (at least) an EPT domain with a vCPU starts with its APIC page mapped here, which the model leaves out. */
const APIC_PAGE = 0xfee00;
const startsWithApicPage = (target: Target): boolean => target.p2mFormat === "ept" && target.release.version === "4.14";

/**
 * Where nobody saw which frames the hypervisor chose (Bochs), RAM is renamed one to one. Where a domain starts with an
 * APIC page, only what the script touched is compared.
 */
function optionsFor(target: Target, script: RigScript, domain: number): CompareOptions {
  if (target.emulator !== "bochs") return {};
  const ram = ramOf(target);
  return {
    ...(startsWithApicPage(target) ? { ranges: touched(script, domain) } : {}),
    chosenLeft: (mfn) => ram.some(({ start, end }) => mfn >= start && mfn < end),
    chosenRight: isModelRam,
  };
}

/** A table that only the APIC page needs. */
const isForApicPage = (target: Target, { frame, pages, level, says }: Difference): boolean =>
  startsWithApicPage(target) &&
  level > 1 &&
  frame <= APIC_PAGE &&
  APIC_PAGE < frame + pages &&
  says === "a table against empty";

const LIMIT = 64;

const isEmpty = ({ memory, root }: Tree): boolean => memory.frame(root)?.every((word) => word === 0) ?? false;

/** A script's run on a real hypervisor beside the model's. Throws when the script is none of the contract's. */
export function compareScript(
  script: RigScript,
  observed: Observed,
  target: Target = targetOf(script.hypervisor),
): ScriptComparison {
  const refused = observed.domains
    .filter(({ result }) => result !== 0)
    .map(({ id, step, error }) => `domain ${id} was not made: ${step ?? "creation"} gave ${error ?? "an error"}`);
  const model = runOnModel(script, target, String(observed.snapshot.source.xen), observed.results);
  const trees: TreeDifference[] = [];
  const entries = { p2m: 0, iommu: 0 };
  const left = snapshotTrees(observed.snapshot as ReadSnapshot);
  const find = (domain: number, what: string): SnapshotTree | undefined =>
    left.find((root) => root.domain === domain && root.what === what)?.tree;
  const compare = (domain: number, what: "p2m" | "iommu", xen: Tree | undefined, own: Tree | null): void => {
    if (!xen && !own) return;
    // The hypervisor takes a page for an IOMMU root when it is first needed; until then it stands for an empty one.
    if (what === "iommu" && !xen && own && isEmpty(own)) return;
    if (!xen || !own) {
      trees.push({ domain, what, says: `only the ${xen ? "hypervisor" : "model"} has tables` });
      return;
    }
    const options = { ...optionsFor(target, script, domain), limit: LIMIT };
    const { differences, compared } = compareTrees(xen, own, options);
    entries[what] += compared;
    for (const entry of differences.filter((d) => !isForApicPage(target, d)))
      trees.push({ domain, what, says: entry.says, entry });
  };
  for (const { domain, p2m, iommu } of refused.length > 0 ? [] : model.domains) {
    // A destroyed domain leaves no tables to look at.
    if (domain.destroyed && !find(domain.id, "p2m") && !find(domain.id, "iommu")) continue;
    compare(domain.id, "p2m", find(domain.id, "p2m"), domain.kind === "pv" ? null : p2m);
    compare(domain.id, "iommu", find(domain.id, "iommu"), iommu);
  }
  const missing = observed.snapshot.source.missing;
  if (Array.isArray(missing) && missing.length > 0)
    refused.push(`the snapshot lacks ${missing.length} tables, the first at ${String(missing[0])}`);
  return { results: compareResults(observed.results, model.results), trees, refused, entries, model };
}
