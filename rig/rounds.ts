import { pagesOf } from "../src/address.ts";
import type { RigScript, ScriptDomain } from "./script.ts";

/** Scripts whose domains stand side by side until one snapshot of them all is taken. */
export interface Round {
  readonly members: readonly Member[];
}

/** A script of a round, and what stands for its domains and devices there. */
export interface Member {
  /** Index into the scripts of the boot. */
  readonly script: number;
  /** The payload's slot of each domain id of the script. */
  readonly slots: ReadonlyMap<number, number>;
  /** The machine's device (as the hypervisor numbers it) for each that the script names. */
  readonly devices: ReadonlyMap<string, number>;
}

export interface RoundLimits {
  /** MiB that the domains of a round may take together. */
  readonly memoryMiB: number;
  /** Devices that can be assigned: segment, bus, device and function as one number. */
  readonly devices: readonly number[];
  readonly domains: number;
  /** Operations, so that their results fit into the mailbox. */
  readonly operations: number;
}

/** The payload's last slot (payload/domains.h): 0 is dom0, and a round's domains never reach this one. */
export const NOBODY_SLOT = 4095;
/** Structures that a domain needs beside its memory and its pool. */
const DOMAIN_MIB = 1;

export const DEFAULT_POOL_MIB = 4;
export const DEFAULT_MAX_KIB = 2 ** 20;

const poolMiB = (domain: ScriptDomain): number => domain.p2mPoolMiB ?? DEFAULT_POOL_MIB;

/** Devices that a script's assignments name; an assignment without a name means the first. */
export const devicesOf = (script: RigScript): string[] => [
  ...new Set(
    script.operations.flatMap((o) => (o.op === "assign_device" || o.op === "deassign_device" ? [o.device ?? ""] : [])),
  ),
];

/** MiB that a script's domains may take at the most: pools, RAM, and IOMMU tables in 4 KiB leaves; or all there is. */
export function memoryOf(script: RigScript): number {
  if (script.operations.some(({ op }) => op === "take_memory")) return Number.POSITIVE_INFINITY;
  const fixed = script.domains.reduce((sum, domain) => sum + poolMiB(domain) + DOMAIN_MIB, 0);
  const asked = script.operations.reduce(
    (sum, o) => sum + (o.op === "populate" ? (pagesOf(o.order) * (o.extents ?? 1)) / 256 : 0),
    0,
  );
  const most = script.domains.reduce((sum, domain) => sum + (domain.maxMemKiB ?? DEFAULT_MAX_KIB) / 1024, 0);
  const mapped = script.operations.reduce((sum, o) => sum + (o.op === "memory_mapping" && o.add ? o.pages : 0), 0);
  return fixed + Math.min(asked, most) + Math.min((mapped * 8) / 2 ** 20, 512);
}

/** Deals scripts out to rounds, in their order. A script that is too large by itself has a round of its own. */
export function planRounds(scripts: readonly RigScript[], limits: RoundLimits): Round[] {
  const rounds: Round[] = [];
  let members: Member[] = [];
  let memory = 0;
  let slot = 1;
  let device = 0;
  let operations = 0;
  const close = (): void => {
    if (members.length > 0) rounds.push({ members });
    members = [];
    memory = 0;
    slot = 1;
    device = 0;
    operations = 0;
  };
  scripts.forEach((script, index) => {
    const needs = memoryOf(script);
    const names = devicesOf(script);
    if (
      memory + needs > limits.memoryMiB ||
      device + names.length > limits.devices.length ||
      slot + script.domains.length > limits.domains ||
      operations + script.operations.length > limits.operations
    )
      close();
    members.push({
      script: index,
      slots: new Map(script.domains.map((domain, i) => [domain.id, slot + i])),
      devices: new Map(
        names.flatMap((name, i) => {
          const real = limits.devices[device + i];
          return real === undefined ? [] : [[name, real]];
        }),
      ),
    });
    memory += needs;
    slot += script.domains.length;
    device += names.length;
    operations += script.operations.length;
  });
  close();
  return rounds;
}
