import { readFileSync } from "node:fs";
import { hex } from "../src/address.ts";
import { readScript, type Script } from "../src/plan/script.ts";
import type { RigHypervisor, RigScript, ScriptOperation } from "./script.ts";
import { targetOf } from "./target.ts";

/** What a command line says of the hypervisor; it wins over the script. */
export interface HypervisorOptions {
  readonly xen?: string | undefined;
  readonly cpu?: "amd" | "intel" | undefined;
  /** null: none. */
  readonly iommu?: "amdvi" | "vtd" | null | undefined;
}

function operationOf(operation: Script["operations"][number], index: number): ScriptOperation {
  const { op } = operation;
  if (op === "set_up_hardware_domain" || op === "map_mmio")
    throw new Error(`operation ${index + 1}: ${op} is done by a real hypervisor's boot (npm run rig -- --dom0)`);
  return Object.fromEntries(
    Object.entries(operation).map(([key, value]) =>
      (key === "gfn" || key === "mfn" || key === "fromGfn") && (typeof value === "number" || typeof value === "bigint")
        ? [key, hex(value)]
        : [key, typeof value === "bigint" ? Number(value) : value],
    ),
  ) as ScriptOperation;
}

/** Of a script's hypervisor, what the rig decides itself. */
const OF_THE_MACHINE = [
  "cpus",
  "readOnly",
  "memoryMap",
  "ownFrames",
  "ioApics",
  "configWindows",
  "vtdRegisters",
] as const;

/** What a script says of its machine that is not so on the rig's: names of its fields. */
export const notTaken = ({ hypervisor }: Script): string[] =>
  OF_THE_MACHINE.filter((key) => hypervisor[key] !== undefined);

/**
 * A script of the contract as the rig carries it out. Throws for a hypervisor that the rig does not have, and for an
 * operation that only boot does.
 */
export function rigScript(script: Script, options: HypervisorOptions = {}): RigScript {
  const { cmdline, physBits } = script.hypervisor;
  const iommu = options.iommu === undefined ? script.hypervisor.iommu : options.iommu;
  const hypervisor: RigHypervisor = {
    xen: options.xen ?? script.hypervisor.xen,
    cpu: options.cpu ?? script.hypervisor.cpu ?? "intel",
    ...(iommu === undefined ? {} : { iommu }),
    ...(cmdline === undefined ? {} : { cmdline }),
    ...(physBits === undefined ? {} : { physBits }),
  };
  // Without an IOMMU the hypervisor makes no domain that wants one.
  const noIommu = targetOf(hypervisor).iommuFormat === null;
  return {
    hypervisor,
    domains: script.domains.map((domain) => ({
      ...domain,
      guest: domain.guest ?? "hvm",
      iommu: noIommu ? "none" : (domain.iommu ?? "default"),
    })),
    operations: script.operations.map(operationOf),
  };
}

/** Reads a script's file. Throws with the file's name and what is wrong with it. */
export function readScriptFile(file: string): Script {
  try {
    const read = readScript(JSON.parse(readFileSync(file, "utf8")));
    if (typeof read === "string") throw new Error(read);
    return read;
  } catch (error) {
    throw new Error(`${file}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
