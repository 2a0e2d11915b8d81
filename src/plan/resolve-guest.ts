import type { GuestConfig, Note } from "../inventory/types.ts";
import type { Release } from "../xen/release.ts";
import type { Passthrough, ScenarioGuest, ScenarioKeys } from "./scenario.ts";

const DEFAULT_MEMORY_MIB = 8192;

/** The guest as keys and its configuration say. Returns a sentence when they contradict each other. */
export function resolveGuest(
  config: GuestConfig | null,
  keys: ScenarioKeys,
  release: Release,
  hostPhysBits: number,
  notes: Note[],
): ScenarioGuest | string {
  const assume = (says: string): void => void notes.push({ kind: "assumed", says });
  const kind = keys.guest ?? config?.type?.value ?? "hvm";
  const memoryMiB = keys.memoryMiB ?? config?.memoryMiB?.value ?? DEFAULT_MEMORY_MIB;
  if (keys.memoryMiB === undefined && !config?.memoryMiB && kind === "hvm")
    assume("a guest with 8 GiB of memory: no guest configuration tells (give xl.cfg, or --memory)");
  const kernel = keys.guestKernel ?? "unknown";
  if (kernel === "unknown" && kind === "hvm")
    assume("a guest kernel that sizes BARs as Linux before 6.15 does: no input tells (give --guest-kernel)");

  const hap = keys.hap ?? config?.hap?.value ?? true;
  let passthrough: Passthrough = keys.passthrough ?? config?.passthrough?.value ?? "enabled";
  if (passthrough !== "enabled" && !release.iommuFixedAtCreation) {
    notes.push({
      kind: "info",
      says: `passthrough=${passthrough} is ignored: Xen ${release.name} has no such setting`,
    });
    passthrough = "enabled";
  }
  if (passthrough === "share_pt" && kind === "hvm" && !hap)
    return "hap=off contradicts passthrough=share_pt: only EPT tables can be shared; set hap=on, or passthrough=sync_pt";

  const vga = config?.vga?.value;
  return {
    kind,
    pvhGuest: kind === "pvh" && keys.guest === undefined,
    name: config?.name?.value ?? null,
    hap,
    passthrough,
    physBits: keys.physBits ?? hostPhysBits,
    memoryMiB,
    maxMemMiB: Math.max(memoryMiB, config?.maxMemMiB?.value ?? memoryMiB),
    vcpus: keys.vcpus ?? config?.vcpus?.value ?? 1,
    mmioHoleMiB: keys.mmioHoleMiB ?? config?.mmioHoleMiB?.value ?? null,
    shadowMemoryMiB: keys.shadowMemoryMiB ?? config?.shadowMemoryMiB?.value ?? null,
    kernel,
    vga: vga === "none" || vga === "stdvga" ? vga : "cirrus",
    videoRamMiB: config?.videoRamMiB?.value ?? (vga === "stdvga" ? 16 : 8),
    xenPlatformPci: config?.xenPlatformPci?.value ?? true,
    iomem: (config?.iomem ?? []).map(({ mfn, pages, gfn }) => ({ mfn, pages, gfn: gfn ?? mfn })),
    asObserved: keys.mmioHoleMiB === undefined && keys.memoryMiB === undefined && keys.physBits === undefined,
  };
}
