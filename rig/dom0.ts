import { type Gfn, hex, type Mfn } from "../src/address.ts";
import { type Snapshot as ReadSnapshot, snapshotTrees } from "../src/image/snapshot.ts";
import { compareTrees } from "../src/inspect/compare.ts";
import { machineOfScript, readScript } from "../src/plan/script.ts";
import { type Tree, translate } from "../src/radix/tree.ts";
import { createDomain } from "../src/xen/create.ts";
import type { Domain } from "../src/xen/domain.ts";
import { makeMachine } from "../src/xen/machine.ts";
import { mapMmioRegions } from "../src/xen/map-mmio.ts";
import { runOnXen } from "./run.ts";
import type { RigHypervisor } from "./script.ts";
import { targetOf } from "./target.ts";
import { modelSpec } from "./targets-model.ts";

/** What of dom0's own tables was compared. */
export interface Dom0Run {
  readonly name: string;
  readonly build: string;
  readonly entries: number;
  readonly differences: readonly string[];
}

/** A test device's BAR: firmware puts one of 8 GiB or 32 GiB above 4 GiB, at a multiple of its size. */
interface Bar {
  readonly name: string;
  readonly device: string;
  readonly start: number;
  readonly pages: number;
}

const GIB = 2 ** 18;
const BARS: readonly Bar[] = [
  { name: "pvh-dom0-bar-8g", device: "pci-testdev,membar=8G", start: 8 * GIB, pages: 8 * GIB },
  { name: "pvh-dom0-bar-32g", device: "pci-testdev,membar=32G", start: 32 * GIB, pages: 32 * GIB },
];

/** A PVH dom0 of the model with a BAR identity mapped, in calls of at most 64 entries as vPCI makes them (xen-mapping.md 8). */
function dom0OnModel(hypervisor: RigHypervisor, build: string, bar: Bar): Domain {
  const target = targetOf(hypervisor);
  const script = readScript({
    physmap: 1,
    kind: "script",
    hypervisor: { xen: build, cpu: target.cpu, cmdline: target.cmdline },
    domains: [],
    operations: [],
  });
  if (typeof script === "string") throw new Error(script);
  const machine = makeMachine(machineOfScript(script, modelSpec(target)));
  const domain = createDomain(machine, {
    id: 0,
    guest: "pvh",
    hardwareDomain: true,
    poolPages: Number.POSITIVE_INFINITY,
  });
  for (let done = 0; done < bar.pages; ) {
    const from = bar.start + done;
    const rc = mapMmioRegions(domain, from as Gfn, bar.pages - done, from as Mfn);
    if (rc < 0) throw new Error(`the model refuses the BAR at ${hex(from)}: ${rc}`);
    done = rc === 0 ? bar.pages : done + rc;
  }
  return domain;
}

/** Boots a PVH dom0 with a large BAR and compares dom0's P2M and IOMMU tables in the BAR's range, bit by bit. */
export async function runDom0(xen: string): Promise<Dom0Run[]> {
  const hypervisor = { xen, cpu: "amd", cmdline: "dom0=pvh" } as const;
  const runs: Dom0Run[] = [];
  for (const bar of BARS) {
    const run = await runOnXen({ hypervisor, domains: [], operations: [] }, { devices: [bar.device] });
    const build = String(run.snapshot.source.xen);
    const domain = dom0OnModel(hypervisor, build, bar);
    const differences: string[] = [];
    let entries = 0;
    const trees = snapshotTrees(run.snapshot as ReadSnapshot);
    const compare = (what: "p2m" | "iommu", own: Tree | null): void => {
      const tree = trees.find((root) => root.what === what)?.tree;
      if (!tree || !own) {
        differences.push(`${what}: only the ${tree ? "hypervisor" : "model"} has tables`);
        return;
      }
      if (translate(tree, bar.start) === null) differences.push(`${what}: ${hex(bar.start * 4096)} is not mapped`);
      const ranges = [{ start: bar.start, end: bar.start + bar.pages }];
      const compared = compareTrees(tree, own, { ranges, limit: 16 });
      entries += compared.compared;
      for (const d of compared.differences)
        differences.push(`${what} ${hex(d.frame * 4096)}: ${d.says}: hypervisor ${d.left}, model ${d.right}`);
    };
    compare("p2m", domain.p2m);
    compare("iommu", domain.iommu?.tree ?? null);
    runs.push({ name: bar.name, build, entries, differences });
  }
  return runs;
}
