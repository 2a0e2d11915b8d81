import { DEFAULT_MAX_KIB, DEFAULT_POOL_MIB, type Member, NOBODY_SLOT, type Round } from "./rounds.ts";
import type { RigScript, ScriptDomain, ScriptOperation } from "./script.ts";

/** What a line of the payload's script is about. A line's tag is its index in the list of these. */
export interface Tag {
  /** Index into the scripts of the boot. */
  readonly script: number;
  readonly kind: "domain" | "operation" | "look" | "checkpoint";
  /** Index into the script's domains or operations; the round's number for a checkpoint. */
  readonly index: number;
}

export interface ScriptText {
  readonly text: string;
  readonly tags: readonly Tag[];
}

export interface TextOptions {
  readonly nonce: number;
  /** How the payload waits for the host: for a word in its mailbox, or at a breakpoint. */
  readonly wait: "word" | "breakpoint";
  /** Stop after each populate, so that the host can see which frames the hypervisor chose. */
  readonly look: boolean;
}

/** XEN_DOMCTL_CDF_* and XEN_DOMCTL_IOMMU_* of the public headers. */
const CDF = { hvm: 1, hap: 2, iommu: 0x20 } as const;
const IOMMU_NO_SHAREPT = 1;
/** rig.md 3: an HVM guest wants all emulation but virtual PCI; a PVH guest its local APIC alone. */
const EMULATION = { hvm: 0x3ff, pvh: 1, pv: 0 } as const;

const hex = (n: number): string => n.toString(16);

/** A "0x…" string of up to 64 bits as the payload reads it. Throws RangeError for anything else. */
function address(text: string): string {
  const digits = /^0x0*([0-9a-f]{1,16})$/i.exec(text)?.[1];
  if (digits === undefined) throw new RangeError(`"${text}" is no address (expected "0x" and up to 16 hex digits)`);
  return digits.toLowerCase();
}

/** A count below 2^53. */
function count(n: number): string {
  if (!Number.isSafeInteger(n) || n < 0) throw new RangeError(`${n} is no count`);
  return hex(n);
}

function domainLine(domain: ScriptDomain, slot: number): string {
  const translated = domain.guest !== "pv";
  const iommu = domain.iommu ?? "default";
  const flags =
    (translated ? CDF.hvm : 0) |
    (translated && (domain.hap ?? true) ? CDF.hap : 0) |
    (iommu === "none" ? 0 : CDF.iommu);
  const pool = Math.ceil((domain.p2mPoolMiB ?? DEFAULT_POOL_MIB) * 256);
  const options = iommu === "sync_pt" ? IOMMU_NO_SHAREPT : 0;
  const numbers = [slot, flags, options, EMULATION[domain.guest], domain.vcpus ?? 1];
  return ["domain", ...numbers.map(hex), count(domain.maxMemKiB ?? DEFAULT_MAX_KIB), count(pool)].join(" ");
}

/** The payload's slot of a script's domain; a domain that the script has not declared is nobody. */
const slotOf = (domain: number, member: Member): string =>
  hex(domain === 0 ? 0 : (member.slots.get(domain) ?? NOBODY_SLOT));

function operationLine(operation: ScriptOperation, member: Member): string {
  const slot = slotOf(operation.domain, member);
  const o = operation;
  switch (o.op) {
    case "memory_mapping": {
      const range = [address(o.gfn), address(o.mfn), count(o.pages), o.add ? "1" : "0"];
      if (o.raw) return ["raw", slot, ...range].join(" ");
      return ["map", slot, ...range, count(o.maxCalls ?? 0), o.undoOnFailure ? "1" : "0"].join(" ");
    }
    case "iomem_permission":
      return ["permit", slot, address(o.mfn), count(o.pages), o.allow ? "1" : "0"].join(" ");
    case "populate":
      return ["populate", slot, address(o.gfn), count(o.order), count(o.extents ?? 1)].join(" ");
    case "decrease_reservation":
      return ["decrease", slot, address(o.gfn), count(o.order ?? 0), count(o.extents ?? 1)].join(" ");
    case "remove_from_physmap":
      return ["remove", slot, address(o.gfn)].join(" ");
    case "take_memory":
      return ["take", slot, count(o.leave)].join(" ");
    case "map_foreign":
      return ["foreign", slot, address(o.gfn), slotOf(o.from, member), address(o.fromGfn), count(o.pages)].join(" ");
    case "assign_device":
    case "deassign_device": {
      // A device that the machine does not have, where the rig has none left: the hypervisor says so.
      const device = member.devices.get(o.device ?? "") ?? 0xffff;
      return [o.op === "assign_device" ? "assign" : "deassign", slot, hex(device)].join(" ");
    }
    case "destroy":
      return ["destroy", slot].join(" ");
  }
}

/** The payload's script (payload/script.h) for the rounds of a boot. Throws RangeError for an address out of range. */
export function scriptText(scripts: readonly RigScript[], rounds: readonly Round[], options: TextOptions): ScriptText {
  const lines = [`physmap-rig ${hex(options.nonce)} ${options.wait === "word" ? 0 : 1}`];
  const tags: Tag[] = [];
  const add = (line: string, tag: Tag): void => {
    lines.push(`${hex(tags.length)} ${line}`);
    tags.push(tag);
  };
  rounds.forEach((round, number) => {
    for (const member of round.members) {
      const script = scripts[member.script]!;
      script.domains.forEach((domain, index) => {
        const slot = member.slots.get(domain.id) ?? NOBODY_SLOT;
        add(domainLine(domain, slot), { script: member.script, kind: "domain", index });
      });
      script.operations.forEach((operation, index) => {
        const line = operationLine(operation, member);
        add(line, { script: member.script, kind: "operation", index });
        if (options.look && operation.op === "populate")
          add(`look ${slotOf(operation.domain, member)}`, { script: member.script, kind: "look", index });
      });
    }
    add("checkpoint", { script: -1, kind: "checkpoint", index: number });
  });
  return { text: `${lines.join("\n")}\n`, tags };
}
