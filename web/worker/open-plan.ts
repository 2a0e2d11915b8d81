import type { Inventory } from "../../src/inventory/types.ts";
import type { PlanDocument } from "../../src/plan/document.ts";
import type { Layout } from "../../src/plan/layout.ts";
import { type Planned, plan } from "../../src/plan/plan.ts";
import type { ScenarioKeys } from "../../src/plan/scenario.ts";
import type { Tree } from "../../src/radix/tree.ts";
import { scenarioTitle } from "../../src/report/plan-text.ts";
import { size } from "../../src/report/units.ts";
import type { Picture, Region, Space } from "../protocol.ts";
import { disagreementsOf, within } from "./columns.ts";
import { orThrow } from "./failure.ts";
import { treeInfo } from "./tree-info.ts";

/** A plan and the trees that its model built. */
export interface OpenedPlan {
  readonly planned: Planned;
  readonly picture: Picture;
  readonly trees: readonly Tree[];
}

const FOUR_GIB = 2 ** 20;

/** Plan an inventory and take what its tables map. Advice is left for later: it costs several more runs of the model. */
export function openPlan(inventory: Inventory, keys: ScenarioKeys): OpenedPlan {
  const planned = orThrow(plan(inventory, keys, { advice: false }));
  const { domain } = planned.simulation;
  const trees: Tree[] = domain.kind === "pv" ? [] : [domain.p2m, ...(domain.iommu ? [domain.iommu.tree] : [])];
  const { document } = planned;
  return {
    planned,
    trees,
    picture: {
      kind: "plan",
      title: scenarioTitle(document.scenario),
      says: devicesInWords(document.devices),
      spaces: [spaceOf(planned, trees)],
      plan: document,
      audit: null,
      roots: null,
      notes: document.notes.map(({ kind, says }) => `${kind}: ${says}`),
    },
  };
}

/** "0000:82:00.0 Tesla P40", and eight alike as one. */
function devicesInWords(devices: PlanDocument["devices"]): string {
  const byName = new Map<string, string[]>();
  for (const { bdf, name } of devices) byName.set(name, [...(byName.get(name) ?? []), bdf]);
  return [...byName]
    .map(([name, bdfs]) =>
      bdfs.length === 1
        ? `${bdfs[0]} ${name}`
        : `${bdfs.length} × ${name} (${bdfs.map((bdf) => bdf.replace(/^0000:/, "")).join(", ")})`,
    )
    .join(", ");
}

/**
 * What of the guest's space was carried out: the BARs and `iomem=` ranges. RAM is entered only where it shares tables with
 * them, so that it is drawn as what it is, and not as runs.
 */
function spaceOf({ layout, simulation, scenario }: Planned, trees: readonly Tree[]): Space {
  const windows = [...layout.devices.flatMap(({ bars }) => bars.flatMap(({ pieces }) => pieces)), ...simulation.iomem]
    .map(({ gfn, pages }) => ({ start: gfn, pages }))
    .sort((a, b) => a.start - b.start);
  const read = trees.map((tree, id) => treeInfo(tree, id, (runs) => within(runs, windows)));
  const [p2m, iommu] = read;
  return {
    name: scenario.guest.name ?? (scenario.guest.kind === "pvh" ? "dom0" : "the guest"),
    regions: regionsOf(layout, simulation),
    p2m: p2m?.info ?? null,
    iommu: iommu?.info ?? null,
    entersRam: false,
    shared: simulation.domain.iommuMode === "shared",
    disagreements: disagreementsOf(p2m && iommu ? p2m.runs : [], iommu?.runs ?? []),
  };
}

function regionsOf({ devices, ram }: Layout, { iomem }: Planned["simulation"]): readonly Region[] {
  const regions: Region[] = [];
  if (ram) {
    const low = Math.floor(ram.lowRamEnd / 4096);
    regions.push({ kind: "ram", start: 0, pages: low, label: "RAM", says: `${size(ram.lowRamEnd)} of RAM` });
    if (low < FOUR_GIB)
      regions.push({
        kind: "hole",
        start: low,
        pages: FOUR_GIB - low,
        label: "hole below 4 GiB",
        says: `the hole for devices below 4 GiB, ${size((FOUR_GIB - low) * 4096)}`,
      });
    if (ram.highRamEnd !== null) {
      const pages = Math.floor(ram.highRamEnd / 4096) - FOUR_GIB;
      const says = `${size(pages * 4096)} of RAM from 4 GiB on`;
      regions.push({ kind: "ram", start: FOUR_GIB, pages, label: "RAM", says });
    }
  }
  for (const { device, bars } of devices)
    for (const { bar, guest, holes } of bars) {
      if (guest === null || bar.size === null) continue;
      const where = `${device.bdf} BAR ${bar.index}`;
      const start = Math.floor(guest / 4096);
      const pages = Math.max(1, Math.ceil(bar.size / 4096));
      const label = `${device.bdf.replace(/^0000:/, "")} BAR ${bar.index}`;
      regions.push({ kind: "bar", start, pages, label, says: `${where}, ${size(bar.size)}, ${device.name}` });
      for (const hole of holes)
        regions.push({
          kind: "cut",
          start: hole.gfn,
          pages: hole.pages,
          label: hole.because === "msix-table" ? "MSI-X" : "not mapped",
          says: `left out of ${where}: ${hole.because}`,
        });
    }
  for (const { gfn, pages } of iomem)
    regions.push({
      kind: "iomem",
      start: gfn,
      pages,
      label: "iomem",
      says: `an iomem= range of ${size(pages * 4096)}`,
    });
  return regions.sort((a, b) => a.start - b.start || b.pages - a.pages);
}
