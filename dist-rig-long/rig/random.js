import { compareScript, isEqual } from "./compare.js";
import { generate } from "./generate.js";
import { runMany } from "./run.js";
import { targetOf } from "./target.js";
/** Memory of the machine, MiB: room for RAM in 1 GiB pieces where there is an IOMMU to see them. */
export const memoryFor = (target) => (target === "ept" ? 512 : 8192);
const BATCH = { npt: 250, amdvi: 250, vtd: 250, ept: 140 };
/** Every fourth batch runs under one of these, so that they are all seen again and again. */
const VARIANTS = {
    npt: ["hap_2mb=0", "hap_1gb=0", "hap_2mb=0 hap_1gb=0", "iommu=no-superpages"],
    amdvi: ["iommu=no-superpages", "hap_1gb=0", "hap_2mb=0", "hap_2mb=0 hap_1gb=0"],
    vtd: ["iommu=no-superpages", "hap_1gb=0", "hap_2mb=0", "iommu=no-snoop"],
    ept: ["ept=exec-sp", "hap_2mb=0", "hap_1gb=0"],
};
/** The command line of a batch: Xen's defaults mostly. */
export function variantOf(target, batch) {
    if (batch % 4 !== 3)
        return "";
    const variants = VARIANTS[target];
    return variants[Math.floor(batch / 4) % variants.length];
}
function count(outcomes, run) {
    const add = (key) => {
        outcomes[key] = (outcomes[key] ?? 0) + 1;
    };
    for (const result of run.results) {
        add(result.error ?? (result.result > 0 ? "pages" : "0"));
        if (result.crashed)
            add("crashed");
        if (result.undo)
            add("undone");
    }
}
/**
 * Runs random sequences on a real hypervisor and compares each with the model. Batches have a seed each, from `seed` on:
 * a batch is repeated by its own seed and number alone.
 */
export async function runRandom(options) {
    const { target, xen } = options;
    const memoryMiB = memoryFor(target);
    const outcomes = {};
    const different = [];
    let [sequences, operations, p2mEntries, iommuEntries] = [0, 0, 0, 0];
    let build = "";
    for (let batch = 0; sequences < options.count; batch++) {
        const seed = options.seed + batch;
        const size = Math.min(BATCH[target], options.count - sequences);
        const scripts = generate(target, xen, size, seed, variantOf(target, seed));
        const runs = await runMany(scripts, { memoryMiB });
        for (const [index, run] of runs.entries()) {
            const script = scripts[index];
            const comparison = compareScript(script, run, targetOf(script.hypervisor, { memoryMiB }));
            count(outcomes, run);
            operations += script.operations.length;
            p2mEntries += comparison.entries.p2m;
            iommuEntries += comparison.entries.iommu;
            if (!isEqual(comparison))
                different.push({ seed, index, script, run, comparison });
            build = String(run.snapshot.source.xen);
        }
        sequences += size;
        options.progress?.(sequences, different.length);
    }
    return { tally: { sequences, operations, p2mEntries, iommuEntries, outcomes, build }, different };
}
