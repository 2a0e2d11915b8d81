import { snapshotTrees } from "../src/image/snapshot.js";
import { compareTrees } from "../src/inspect/compare.js";
import { compareResults } from "./compare-results.js";
import { runOnModel } from "./model-run.js";
import { targetOf } from "./target.js";
import { ramOf } from "./targets-model.js";
/** Whether hypervisor and model came to the same. */
export const isEqual = (c) => c.results.length === 0 && c.trees.length === 0 && c.refused.length === 0;
/** RAM that the model hands out when it is not told which (src/xen/machine.ts). */
const isModelRam = (mfn) => mfn >= 0x2000_0000 && mfn < 0x3000_0000;
/** Guest frames that a script's operations name. */
function touched(script, domain) {
    return script.operations.flatMap((o) => {
        if (o.domain !== domain || !("gfn" in o))
            return [];
        const start = Number(o.gfn);
        const order = "order" in o ? (o.order ?? 0) : 0;
        const pages = o.op === "memory_mapping" ? o.pages : 2 ** order * (("extents" in o ? o.extents : 1) ?? 1);
        return start < 2 ** 36 ? [{ start, end: Math.min(start + pages, 2 ** 36) }] : [];
    });
}
/**
 * Where nobody saw which frames the hypervisor chose (Bochs), RAM is renamed one to one; and an EPT domain holds what
 * its creation put there, so that only what the script touched is compared.
 */
function optionsFor(target, script, domain) {
    if (target.emulator !== "bochs")
        return {};
    const ram = ramOf(target);
    return {
        ranges: touched(script, domain),
        chosenLeft: (mfn) => ram.some(({ start, end }) => mfn >= start && mfn < end),
        chosenRight: isModelRam,
    };
}
const LIMIT = 64;
const isEmpty = ({ memory, root }) => memory.frame(root)?.every((word) => word === 0) ?? false;
/** A script's run on a real hypervisor beside the model's. Throws when the script is none of the contract's. */
export function compareScript(script, observed, target = targetOf(script.hypervisor)) {
    const refused = observed.domains
        .filter(({ result }) => result !== 0)
        .map(({ id, step, error }) => `domain ${id} was not made: ${step ?? "creation"} gave ${error ?? "an error"}`);
    const model = runOnModel(script, target, String(observed.snapshot.source.xen), observed.results);
    const trees = [];
    const entries = { p2m: 0, iommu: 0 };
    const left = snapshotTrees(observed.snapshot);
    const find = (domain, what) => left.find((root) => root.domain === domain && root.what === what)?.tree;
    const compare = (domain, what, xen, own) => {
        if (!xen && !own)
            return;
        // The hypervisor takes a page for an IOMMU root when it is first needed; until then it stands for an empty one.
        if (what === "iommu" && !xen && own && isEmpty(own))
            return;
        if (!xen || !own) {
            trees.push({ domain, what, says: `only the ${xen ? "hypervisor" : "model"} has tables` });
            return;
        }
        const options = { ...optionsFor(target, script, domain), limit: LIMIT };
        const { differences, compared } = compareTrees(xen, own, options);
        entries[what] += compared;
        for (const entry of differences)
            trees.push({ domain, what, says: entry.says, entry });
    };
    for (const { domain, p2m, iommu } of refused.length > 0 ? [] : model.domains) {
        // A destroyed domain leaves no tables to look at.
        if (domain.destroyed && !find(domain.id, "p2m") && !find(domain.id, "iommu"))
            continue;
        compare(domain.id, "p2m", find(domain.id, "p2m"), domain.kind === "pv" ? null : p2m);
        compare(domain.id, "iommu", find(domain.id, "iommu"), iommu);
    }
    const missing = observed.snapshot.source.missing;
    if (Array.isArray(missing) && missing.length > 0)
        refused.push(`the snapshot lacks ${missing.length} tables, the first at ${String(missing[0])}`);
    return { results: compareResults(observed.results, model.results), trees, refused, entries, model };
}
