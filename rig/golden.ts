import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { projectRoot } from "./cache.ts";
import type { FormatTarget } from "./generate.ts";
import type { RigScript } from "./script.ts";

/** A recorded golden's script, to be carried out again. */
export interface GoldenScript {
  readonly name: string;
  readonly target: FormatTarget;
  readonly script: RigScript;
}

/** Goldens of dom0's own tables are no operations to carry out again: boot makes them (test/golden/dom0.test.ts). */
export const DOM0_PREFIX = "dom0_";

interface GoldenFile {
  readonly hypervisor: {
    readonly xen: string;
    readonly cpu: "intel" | "amd";
    readonly iommu: "vtd" | "amdvi" | null;
    readonly cmdline: string;
  };
  readonly script: Pick<RigScript, "domains" | "operations">;
}

/** Options of the recorded boot that decide how things are mapped; the rest (console, dom0) is the rig's business. */
const MATTERS = /^(?:hap|hap_2mb|hap_1gb|ept|iommu)=/;

const targetOfGolden = ({ cpu, iommu }: GoldenFile["hypervisor"]): FormatTarget | undefined => {
  if (cpu === "intel") return iommu === null ? "ept" : undefined;
  return iommu === null ? "npt" : iommu;
};

/**
 * The goldens' scripts (test/golden/) as the rig's own hypervisor `xen` carries them out: those that were recorded on
 * the same release and that have operations.
 */
export function goldenScripts(xen: string): GoldenScript[] {
  const folder = join(projectRoot(), "test", "golden");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith(".json.gz") && !name.startsWith(DOM0_PREFIX))
    .flatMap((file): GoldenScript[] => {
      const golden = JSON.parse(gunzipSync(readFileSync(join(folder, file))).toString("utf8")) as GoldenFile;
      const { hypervisor, script } = golden;
      const target = targetOfGolden(hypervisor);
      if (!hypervisor.xen.startsWith(`${xen}.`) || script.operations.length === 0 || target === undefined) return [];
      const cmdline = hypervisor.cmdline.split(/\s+/).filter((word) => MATTERS.test(word));
      return [
        {
          name: file.slice(0, -".json.gz".length),
          target,
          script: {
            ...script,
            hypervisor: { xen, cpu: hypervisor.cpu, iommu: hypervisor.iommu, cmdline: cmdline.join(" ") },
          },
        },
      ];
    });
}
