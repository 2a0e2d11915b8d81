import { hex, type Mfn } from "../address.ts";
import type { Format } from "../format/format.ts";
import { FORMATS } from "../format/index.ts";
import type { FrameReader } from "../memory/memory.ts";
import { runs } from "../radix/runs.ts";
import { type Tree, translate } from "../radix/tree.ts";
import type { AuditTree } from "./audit/rule.ts";
import type { RootDocument, RootsDocument } from "./roots.ts";

/** Trees made of roots that were found, and what was assumed on the way. */
export interface FoundTrees {
  readonly trees: readonly AuditTree[];
  readonly notes: readonly string[];
}

/** A root that nothing but its content speaks for must score so much, unless only empty tables speak against it. */
const LEAST_SCORE = 0.8;
/** Trees that are looked at: more than any rack's machine has. */
const MOST_TREES = 256;
/** Frames below 1 MiB. */
const FIRST_MIB = 0x100;
/** Runs of an IOMMU tree that are read, and frames of them that are looked up in each P2M. */
const MOST_RUNS = 2 ** 14;
const SAMPLES = 256;
/** Share of the samples that must lead to the same place. */
const LEAST_SHARE = 0.5;

interface Found {
  readonly root: RootDocument;
  readonly tree: Tree;
  readonly what: "p2m" | "iommu";
  /** Index of the domain that it belongs to. */
  group: number;
  /** Its number, where something tells. */
  domain: number | null;
  readonly evidence: string[];
}

/**
 * The trees below roots that were found, and whose they are. A number is known where a log, AMD-Vi's device table or a
 * snapshot names it (VT-d's domain ids are the IOMMU's own). A tree that maps frames of the first MiB to themselves is
 * taken for the hardware domain's, which has firmware and ROMs there; P2M and IOMMU tables are taken for one domain's where they
 * lead most of what the IOMMU maps to the same place, which no two domains' do. Each tree carries its evidence. `read`
 * gives the format that its entries are read with. Never throws.
 */
export function treesOfRoots(
  memory: FrameReader,
  document: RootsDocument,
  read: (format: Format) => Format = (format) => format,
): FoundTrees {
  const fit = document.roots.filter((root) => isNamed(root) || root.score >= LEAST_SCORE || root.bad === 0);
  const found = fit.slice(0, MOST_TREES).map((root, group): Found => foundTree(memory, root, read, group));
  pair(found);
  for (const each of found) settleDomain(found, each);
  const left = document.roots.length - fit.length;
  return {
    trees: found.map(treeOf),
    notes: [
      ...document.notes,
      ...(left === 0 ? [] : [`${left} frame(s) that may be roots too are left out: physmap roots lists them`]),
      ...(fit.length > MOST_TREES ? [`only the best ${MOST_TREES} of ${fit.length} roots are looked at`] : []),
    ],
  };
}

const isNamed = ({ evidence }: RootDocument): boolean => evidence.some(({ from }) => from !== "content");
/** Sources whose domain numbers are the hypervisor's. */
const tellsDomain = ({ evidence }: RootDocument): boolean =>
  evidence.some(({ from }) => from === "given" || from === "log" || from === "device-table");

function foundTree(memory: FrameReader, root: RootDocument, read: (format: Format) => Format, group: number): Found {
  const tree = {
    format: read(FORMATS[root.format]),
    memory,
    root: (Number(root.root) / 4096) as Mfn,
    levels: root.levels,
  };
  const what = root.format === "ept" || root.format === "npt" ? "p2m" : "iommu";
  const evidence = root.evidence.map(({ from, says }) => `${from}: ${says}`);
  const domain = tellsDomain(root) ? root.domain : null;
  if (domain !== null || !mapsItsFirstMib(tree)) return { root, tree, what, group, domain, evidence };
  evidence.push("assumed: the hardware domain's, since it maps frames of the first MiB to themselves");
  return { root, tree, what, group, domain: 0, evidence };
}

function mapsItsFirstMib(tree: Tree): boolean {
  for (const { start, maps } of runs(tree, { to: FIRST_MIB })) if (maps === start) return true;
  return false;
}

/** Put IOMMU trees to the P2M whose frames they lead to, the surest first. */
function pair(found: readonly Found[]): void {
  const p2ms = found.filter(({ what }) => what === "p2m");
  const candidates = found
    .filter(({ what }) => what === "iommu")
    .flatMap((iommu) => {
      const frames = samplesOf(iommu.tree);
      return p2ms
        .filter(({ domain }) => domain === iommu.domain || (domain !== 0 && iommu.domain !== 0))
        .map((p2m) => ({ iommu, p2m, of: frames.length, same: sameIn(p2m.tree, frames) }))
        .filter(({ same, of }) => same > of * LEAST_SHARE);
    })
    .sort((a, b) => b.same / b.of - a.same / a.of || b.of - a.of);
  const taken = new Set<Found>();
  for (const { iommu, p2m, of, same } of candidates) {
    if (taken.has(iommu) || taken.has(p2m)) continue;
    taken.add(iommu).add(p2m);
    iommu.group = p2m.group;
    const says = `assumed: of one domain, since ${same} of ${of} frames of the IOMMU's runs lead to the same place`;
    iommu.evidence.push(`${says} as in the P2M at ${p2m.root.root}`);
    p2m.evidence.push(`${says} as in the tables at ${iommu.root.root}`);
  }
}

interface Sample {
  readonly frame: number;
  readonly maps: number;
}

/** First frames of runs, evenly. */
function samplesOf(tree: Tree): Sample[] {
  const all: Sample[] = [];
  let seen = 0;
  for (const { start, maps } of runs(tree, { maxTables: MOST_RUNS })) {
    if (maps !== null) all.push({ frame: start, maps });
    if (++seen >= MOST_RUNS) break;
  }
  const count = Math.min(SAMPLES, all.length);
  return Array.from({ length: count }, (_, i) => all[Math.floor((i * all.length) / count)]!);
}

const sameIn = (tree: Tree, samples: readonly Sample[]): number =>
  samples.filter(({ frame, maps }) => translate(tree, frame)?.frame === maps).length;

/** A domain's number is that of whichever of its trees something tells it of. */
function settleDomain(found: readonly Found[], each: Found): void {
  each.domain ??= found.find(({ group, domain }) => group === each.group && domain !== null)?.domain ?? null;
}

function treeOf({ root, tree, what, group, domain, evidence }: Found): AuditTree {
  const name = domain === null ? `${root.format} at ${hex(tree.root * 4096)}` : `d${domain} ${what}`;
  return { name, domain, what, tree, evidence, ...(domain === null ? { group } : {}) };
}
