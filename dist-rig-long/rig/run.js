import { runBoot } from "./boot.js";
import { concernsDom0 } from "./script.js";
import { bootKey, targetOf } from "./target.js";
/**
 * Runs scripts on a real hypervisor. All those that agree on the machine share a boot, but for those that concern dom0,
 * which have one each. Rejects when a package or the hypervisor is missing, for a script that the rig cannot carry out,
 * and when a machine dies on the way.
 */
export async function runMany(scripts, options = {}) {
    const boots = new Map();
    scripts.forEach((script, index) => {
        const target = targetOf(script.hypervisor, options);
        const key = concernsDom0(script) ? `script ${index}` : bootKey(target);
        const boot = boots.get(key) ?? { target, members: [] };
        boot.members.push(index);
        boots.set(key, boot);
    });
    const runs = [];
    for (const { target, members } of boots.values()) {
        const { log, observed } = await runBoot(target, members.map((index) => scripts[index]), { timeoutMs: options.timeoutMs ?? 300_000, look: options.look ?? true });
        members.forEach((index, i) => {
            runs[index] = { ...observed[i], log };
        });
    }
    return runs;
}
/** Runs one script on a real hypervisor. Rejects like `runMany`. */
export async function runOnXen(script, options = {}) {
    const [run] = await runMany([script], options);
    return run;
}
