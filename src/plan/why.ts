import { type Gfn, hex, hex64, type Mfn } from "../address.ts";
import { type DecodedEntry, EMPTY, type EntryKind, FAULT, LEAF, SOFTWARE, TABLE } from "../format/format.ts";
import type { Inventory } from "../inventory/types.ts";
import { reasonOf } from "../platform/reasons.ts";
import { indexAt, type Tree, translate, widthOf } from "../radix/tree.ts";
import { ACCESS_NAMES, P2M_TYPES } from "../xen/constants.ts";
import { lookUp } from "../xen/p2m/lookup.ts";
import { REASONS } from "../xen/reasons.ts";
import { type Planned, plan } from "./plan.ts";
import type { ScenarioKeys } from "./scenario.ts";

/** One level of a walk: the entry that was read, and what its bits say. */
export interface WalkStep {
  readonly level: number;
  readonly name: string;
  readonly table: string;
  readonly index: number;
  readonly raw: string;
  readonly kind: "empty" | "leaf" | "table" | "software" | "fault";
  readonly access: string;
  readonly memoryType: string | null;
  readonly fields: DecodedEntry["fields"];
  readonly faults: DecodedEntry["faults"];
}

/** The way through one tree: machine byte addresses as "0x…", `order` log2 of 4 KiB pages. */
export interface WhyTree {
  readonly format: string;
  readonly root: string;
  readonly steps: readonly WalkStep[];
  /** Machine address that the guest address leads to; null where it leads nowhere. */
  readonly maps: string | null;
  readonly order: number | null;
}

/** The way from one guest address to its machine address, and the rules behind it. */
export interface WhyDocument {
  readonly physmap: 1;
  readonly kind: "why";
  readonly gfn: string;
  readonly address: string;
  /** The BAR that it belongs to; null for RAM and holes. */
  readonly bar: { readonly bdf: string; readonly index: number; readonly offset: string } | null;
  readonly p2m: WhyTree & { readonly type: string; readonly access: string };
  /** "shared" where the IOMMU walks the P2M; null without an IOMMU context. */
  readonly iommu: WhyTree | "shared" | null;
  readonly rules: readonly { readonly code: string; readonly says: string; readonly change: string | null }[];
}

const KINDS: Readonly<Record<EntryKind, WalkStep["kind"]>> = {
  [EMPTY]: "empty",
  [LEAF]: "leaf",
  [TABLE]: "table",
  [SOFTWARE]: "software",
  [FAULT]: "fault",
};

/** Every entry from the root to where the walk of a frame ends. */
export function walkSteps(tree: Tree, frame: number): readonly WalkStep[] {
  const steps: WalkStep[] = [];
  if (frame >= widthOf(tree.format, tree.levels)) return steps;
  for (let level = tree.levels, table = tree.root; ; ) {
    const words = tree.memory.frame(table);
    if (!words) return steps;
    const index = indexAt(frame, level);
    const lo = words[2 * index]!;
    const hi = words[2 * index + 1]!;
    const decoded = tree.format.decode({ lo, hi }, level);
    const kind = tree.format.kindOf(lo, hi, level);
    steps.push({
      level,
      name: tree.format.entryName(level),
      table: hex(table * 4096),
      index,
      raw: hex64(lo, hi),
      kind: KINDS[kind],
      access: decoded.access,
      memoryType: decoded.memoryType,
      fields: decoded.fields,
      faults: decoded.faults,
    });
    if (kind !== TABLE) return steps;
    table = tree.format.frameOf(lo, hi, level) as Mfn;
    level = tree.format.nextLevelOf(lo, hi, level);
  }
}

function whyTree(tree: Tree, frame: number): WhyTree {
  const found = translate(tree, frame);
  return {
    format: tree.format.name,
    root: hex(tree.root * 4096),
    steps: walkSteps(tree, frame),
    maps: found ? hex(found.frame * 4096) : null,
    order: found?.order ?? null,
  };
}

/** What stands behind one guest frame: its BAR, cut and order, each with its rule. */
function rulesOf({ document, simulation, layout }: Planned, gfn: number): Pick<WhyDocument, "bar" | "rules"> {
  const rules: { code: string; says: string; change: string | null }[] = [];
  for (const { laid, bars } of simulation.devices)
    for (const { laid: bar, pieces } of bars) {
      if (bar.guest === null || bar.bar.size === null) continue;
      const offset = gfn * 4096 - Math.floor(bar.guest / 4096) * 4096;
      if (offset < 0 || offset >= Math.max(bar.bar.size, 4096)) continue;
      if (bar.placed && bar.placed !== "given" && bar.placed !== "observed") {
        const { says, change } = reasonOf(bar.placed);
        rules.push({ code: bar.placed, says, change });
      }
      const hole = bar.holes.find((h) => gfn >= h.gfn && gfn < h.gfn + h.pages);
      if (hole)
        rules.push({ code: hole.because, says: reasonOf(hole.because).says, change: reasonOf(hole.because).change });
      for (const { decisions } of pieces)
        for (const d of decisions)
          if (gfn >= d.gfn && gfn < d.gfn + d.pages)
            rules.push({ code: d.because, says: REASONS[d.because].says, change: REASONS[d.because].change });
      return { bar: { bdf: laid.device.bdf, index: bar.bar.index, offset: hex(offset) }, rules };
    }
  const { ram } = layout;
  const bytes = gfn * 4096;
  if (ram && (bytes < ram.lowRamEnd || (ram.highRamEnd !== null && bytes >= 2 ** 32 && bytes < ram.highRamEnd)))
    rules.push({
      code: "guest-ram",
      says: "This is RAM of the guest. The plan enters only the part of RAM that shares tables with BARs, at machine addresses of its own choice.",
      change: null,
    });
  else
    rules.push({
      code: "hole",
      says: `Nothing of the ${document.devices.length} planned device(s) and no RAM lies here.`,
      change: null,
    });
  return { bar: null, rules };
}

/** Why a guest frame leads where it leads. Returns a sentence when the inputs cannot be planned. */
export function why(inventory: Inventory, keys: ScenarioKeys, gfn: Gfn): WhyDocument | string {
  const planned = plan(inventory, keys, { advice: false, boot: false });
  if (typeof planned === "string") return planned;
  const { domain } = planned.simulation;
  const found = lookUp(domain, gfn);
  const { type, access } = found;
  return {
    physmap: 1,
    kind: "why",
    gfn: hex(gfn),
    address: hex(gfn * 4096),
    ...rulesOf(planned, gfn),
    p2m: {
      ...whyTree(domain.p2m, gfn),
      type: P2M_TYPES[type] ?? `type ${type}`,
      access: ACCESS_NAMES[access] ?? `access ${access}`,
    },
    iommu: domain.iommu ? whyTree(domain.iommu.tree, gfn) : domain.iommuMode === "shared" ? "shared" : null,
  };
}
