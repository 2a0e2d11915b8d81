import { runBoot } from "./boot.ts";
import type { Observed } from "./observe.ts";
import { type RigScript, wantsOwnBoot } from "./script.ts";
import { bootKey, type Target, targetOf } from "./target.ts";

export interface RigOptions {
  /** Memory of the machine. Default 2048 in QEMU, 512 in Bochs. */
  readonly memoryMiB?: number;
  /** Further QEMU devices, as its -device takes them: "pci-testdev,membar=8G". */
  readonly devices?: readonly string[];
  /** See which frames the hypervisor chose for each populate (QEMU only). Default true. */
  readonly look?: boolean;
  /** Longest time without news from the payload. Default 300 s. */
  readonly timeoutMs?: number;
}

/** What a script came to on the real hypervisor. */
export interface RigRun extends Observed {
  /** The hypervisor's console of the boot, which other scripts may have shared. */
  readonly log: string;
}

/**
 * Runs scripts on a real hypervisor. All those that agree on the machine share a boot, but for those that want one of
 * their own. Rejects when a package or the hypervisor is missing, for a script that the rig cannot carry out,
 * and when a machine dies on the way.
 */
export async function runMany(scripts: readonly RigScript[], options: RigOptions = {}): Promise<RigRun[]> {
  const boots = new Map<string, { target: Target; members: number[] }>();
  scripts.forEach((script, index) => {
    const target = targetOf(script.hypervisor, options);
    const key = wantsOwnBoot(script) ? `script ${index}` : bootKey(target);
    const boot = boots.get(key) ?? { target, members: [] };
    boot.members.push(index);
    boots.set(key, boot);
  });
  const runs: RigRun[] = [];
  for (const { target, members } of boots.values()) {
    const { log, observed } = await runBoot(
      target,
      members.map((index) => scripts[index]!),
      { timeoutMs: options.timeoutMs ?? 300_000, look: options.look ?? true },
    );
    members.forEach((index, i) => {
      runs[index] = { ...observed[i]!, log };
    });
  }
  return runs;
}

/** Runs one script on a real hypervisor. Rejects like `runMany`. */
export async function runOnXen(script: RigScript, options: RigOptions = {}): Promise<RigRun> {
  const [run] = await runMany([script], options);
  return run!;
}
