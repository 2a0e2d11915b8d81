import { hex } from "../src/address.ts";
import { type Snapshot as ReadSnapshot, snapshotTrees } from "../src/image/snapshot.ts";
import { compareTrees } from "../src/inspect/compare.ts";
import { readScript, runScript } from "../src/plan/script.ts";
import type { Tree } from "../src/radix/tree.ts";
import type { MachineSpec } from "../src/xen/machine.ts";
import { dom0Script } from "./dom0-scripts.ts";
import { type RigRun, runOnXen } from "./run.ts";
import type { RigHypervisor } from "./script.ts";
import { type Target, targetOf } from "./target.ts";
import { modelSpec } from "./targets-model.ts";

/** What of dom0's own tables was compared. */
export interface Dom0Run {
  readonly name: string;
  readonly says: string;
  readonly build: string;
  readonly target: Target;
  readonly entries: number;
  readonly differences: readonly string[];
  /** The model's script, and the hypervisor's tables. */
  readonly script: Readonly<Record<string, unknown>>;
  readonly snapshot: RigRun["snapshot"];
}

/** A dom0 that is looked at as boot leaves it. */
export interface Dom0Case {
  readonly name: string;
  readonly says: string;
  readonly hypervisor: Omit<RigHypervisor, "xen">;
  readonly devices?: readonly string[];
  readonly largeBar?: number;
}

const GIB = 2 ** 30;
const MODES: Readonly<Record<string, string>> = {
  relaxed: "",
  strict: "dom0-iommu=strict",
  passthrough: "dom0-iommu=passthrough",
  inclusive: "dom0-iommu=map-inclusive",
  "without-reserved": "dom0-iommu=map-reserved=0",
  "strict-inclusive": "dom0-iommu=strict,map-inclusive",
  none: "dom0-iommu=none",
  "without-superpages": "iommu=no-superpages",
};
const IOMMUS = { amdvi: { cpu: "amd" }, vtd: { cpu: "intel", iommu: "vtd" } } as const;
const LARGE = (gib: number): string => `pci-testdev,membar=${gib}G`;

const pv = Object.entries(IOMMUS).flatMap(([format, machine]) =>
  Object.entries(MODES).map(
    ([mode, cmdline]): Dom0Case => ({
      name: `pv-dom0-${format}-${mode}`,
      says: `a PV dom0, ${cmdline === "" ? "by default" : cmdline}`,
      hypervisor: { ...machine, cmdline },
    }),
  ),
);

const pvh = (name: string, says: string, rest: Partial<Dom0Case>): Dom0Case => ({
  name: `pvh-dom0-${name}`,
  says: `a PVH dom0, ${says}`,
  hypervisor: { cpu: "amd", cmdline: "dom0=pvh" },
  ...rest,
});

/** Each in a boot of its own. */
export const DOM0_CASES: readonly Dom0Case[] = [
  ...pv,
  pvh("reserved", "its reserved ranges, RAM and low memory", {}),
  pvh("bar-8g", "a device with a BAR of 8 GiB", { devices: [LARGE(8)], largeBar: 8 * GIB }),
  pvh("bar-32g", "a device with a BAR of 32 GiB", { devices: [LARGE(32)], largeBar: 32 * GIB }),
  pvh("msix", "a device with an MSI-X table and pending bits, which stay unmapped", { devices: ["e1000e"] }),
  pvh("hap-2mb-off", "hap_2mb=0 hap_1gb=0", {
    hypervisor: { cpu: "amd", cmdline: "dom0=pvh hap_2mb=0 hap_1gb=0" },
    devices: ["e1000e"],
  }),
];

const LIMIT = 16;

/** dom0's tables in a snapshot beside those of the model's script for it: whole trees, bit by bit. */
export function compareDom0(
  script: Readonly<Record<string, unknown>>,
  snapshot: Pick<ReadSnapshot, "roots" | "frames">,
  spec: Partial<MachineSpec>,
): { readonly entries: number; readonly differences: readonly string[] } {
  const read = readScript(script);
  if (typeof read === "string") throw new Error(read);
  const { domains, operations } = runScript(read, spec);
  const differences = operations.flatMap(({ error }, i) =>
    error ? [`operation ${i + 1} of the model: ${error}`] : [],
  );
  const [own] = domains;
  const trees = snapshotTrees(snapshot);
  let entries = 0;
  const compare = (what: "p2m" | "iommu", model: Tree | null): void => {
    const tree = trees.find((root) => root.what === what)?.tree;
    const isEmpty = model?.memory.frame(model.root)?.every((word) => word === 0) ?? true;
    if (!tree && isEmpty) return;
    if (!tree || !model) {
      differences.push(`${what}: only the ${tree ? "hypervisor" : "model"} has tables`);
      return;
    }
    if (tree.levels !== model.levels) differences.push(`${what}: ${tree.levels} levels, the model has ${model.levels}`);
    const compared = compareTrees(tree, model, { limit: LIMIT });
    entries += compared.compared;
    for (const d of compared.differences)
      differences.push(`${what} ${hex(d.frame * 4096)}: ${d.says}: hypervisor ${d.left}, model ${d.right}`);
  };
  if (own!.domain.kind === "pvh") compare("p2m", own!.p2m);
  compare("iommu", own!.iommu);
  return { entries, differences };
}

/** Boots a dom0 and compares its own tables with the model's. */
async function runCase(
  xen: string,
  { name, says, hypervisor, devices = [], largeBar = 0 }: Dom0Case,
): Promise<Dom0Run> {
  const target = targetOf({ ...hypervisor, xen }, { devices });
  const { snapshot, log, dom0 } = await runOnXen(
    { hypervisor: { ...hypervisor, xen }, domains: [], operations: [] },
    { devices },
  );
  if (!dom0) throw new Error(`${name}: nothing is known of dom0`);
  const build = String(snapshot.source.xen);
  const p2m = snapshotTrees(snapshot as ReadSnapshot).find(({ what }) => what === "p2m")?.tree;
  const script = dom0Script({ target, build, log, dom0, p2m, largeBar });
  return {
    name,
    says,
    build,
    target,
    script,
    snapshot,
    ...compareDom0(script, snapshot as ReadSnapshot, modelSpec(target)),
  };
}

/** Each case (or those named) in a boot of its own, one after the other. */
export async function runDom0(xen: string, only?: readonly string[]): Promise<Dom0Run[]> {
  const runs: Dom0Run[] = [];
  for (const one of DOM0_CASES.filter(({ name }) => only === undefined || only.includes(name)))
    runs.push(await runCase(xen, one));
  return runs;
}
