import { hex, type Mfn } from "../address.ts";
import type { Format, FormatName } from "../format/format.ts";
import { FORMATS } from "../format/index.ts";
import type { MemoryImage } from "../image/image.ts";
import type { RootHint, RootSource } from "./roots-hint.ts";
import { type ScanOptions, scanForRoots } from "./roots-scan.ts";
import { tops } from "./roots-tops.ts";
import { credible, score, type Weight, weigh, weighLevels } from "./roots-weigh.ts";

/** The `roots` document: page-table roots of a memory image, best first. */
export interface RootsDocument {
  readonly physmap: 1;
  readonly kind: "roots";
  readonly image: { readonly container: string; readonly frames: number; readonly end: string };
  readonly roots: readonly RootDocument[];
  readonly notes: readonly string[];
}

/** One root. `root` is its byte address, `levels` the level of its table; the leaf table's is 1. */
export interface RootDocument {
  readonly root: string;
  readonly format: FormatName;
  readonly levels: number;
  /** As the evidence names it: a VT-d or AMD-Vi domain id, or the hypervisor's. */
  readonly domain: number | null;
  /** 0 to 1: how much of what was looked at is as a hypervisor writes it. */
  readonly score: number;
  /** What was looked at below the root; lower bounds where `sampled`. */
  readonly tables: number;
  readonly leaves: number;
  /** Tables without an entry, and entries that no hypervisor writes. */
  readonly empty: number;
  readonly bad: number;
  readonly sampled: boolean;
  /** Formats in which the frame makes sense as well. */
  readonly also: readonly FormatName[];
  readonly evidence: readonly { readonly from: RootSource; readonly says: string }[];
}

/** What to look for, and what is known already. */
export interface RootsOptions extends ScanOptions {
  /** Roots that something else names: `rootsInLog`. */
  readonly hints?: readonly RootHint[];
}

interface Found {
  readonly root: Mfn;
  readonly format: Format;
  readonly weight: Weight;
  readonly also: readonly FormatName[];
  readonly hints: RootHint[];
}

const MOST_EVIDENCE = 8;

/**
 * Page-table roots of an image: those that a log, VMCBs, VT-d's context tables and AMD-Vi's device table name, and those
 * that nothing names but that have a tree below them. Unless `levels` is given, tables that belong to another one's tree
 * are left out. An empty table cannot be found by its content. Addresses are bytes. Never throws on what the image holds.
 * Facts: page-table-formats.md 2.1, 3.1, 3.2, 4.1 (structures), 1.5, 2.3, 3.4, 4.2 (entries).
 */
export function findRoots(image: MemoryImage, options: RootsOptions = {}): RootsDocument {
  const scan = scanForRoots(image, options);
  const notes = [...image.notes, ...scan.notes];
  const found = new Map<string, Found>();
  const keyOf = (format: FormatName, root: number): string => `${format}:${root}`;
  const candidates = options.levels === undefined ? tops(image, scan.candidates) : scan.candidates;

  for (const named of [...(options.hints ?? []), ...scan.hints]) {
    const shared = sharedWith(image, named);
    const hint = shared ?? named;
    if (options.format !== undefined && hint.format !== options.format && named.format !== options.format) continue;
    const key = keyOf(hint.format, hint.root);
    const known = found.get(key);
    if (known) {
      if (known.hints.length < MOST_EVIDENCE) known.hints.push(hint);
      continue;
    }
    const format = FORMATS[hint.format];
    const weight = weighHint(image, format, hint);
    if (typeof weight !== "string") found.set(key, { root: hint.root as Mfn, format, weight, also: [], hints: [hint] });
    // Memory that happens to look like a structure is no news; a log that does not fit the image is.
    else if (hint.from === "log" || hint.from === "given")
      notes.push(`${hint.says}: ${hint.format} root ${hex(hint.root * 4096)}: ${weight}`);
  }
  for (const { root, format, weight, also } of candidates) {
    const key = keyOf(format.name, root);
    // What names a root also settles which of several formats it has.
    const known = [format.name, ...also].map((name) => found.get(keyOf(name, root))).find((each) => each !== undefined);
    const says = `${weight.sampled ? "of a sample, " : ""}${weight.tables} tables with ${weight.leaves} leaves and ${weight.bad} entries that do not fit`;
    const hint: RootHint = { format: format.name, root, from: "content", says };
    if (known) known.hints.push(hint);
    else found.set(key, { root, format, weight, also, hints: [hint] });
  }
  return {
    physmap: 1,
    kind: "roots",
    image: { container: image.title, frames: image.frames, end: hex(image.end * 4096) },
    roots: [...found.values()].sort(byWorth).map(rootDocument),
    notes,
  };
}

/**
 * What names VT-d's root names the P2M's where the IOMMU walks that (xen-mapping.md 7.3): EPT's pointers have a right that
 * VT-d's never have. Null where the tables are VT-d's own.
 */
function sharedWith(image: MemoryImage, hint: RootHint): RootHint | null {
  if (hint.format !== "vtd" || !image.has(hint.root as Mfn)) return null;
  const levels = hint.levels === undefined ? [4, 5] : [hint.levels];
  if (weighLevels(image, FORMATS.vtd, hint.root as Mfn, levels)) return null;
  const ept = weighLevels(image, FORMATS.ept, hint.root as Mfn, levels);
  return ept && { ...hint, format: "ept", levels: ept.levels, says: `${hint.says}: the IOMMU walks the P2M itself` };
}

/** What hangs below a root that something names; or why that cannot be. An empty root is one all the same. */
function weighHint(image: MemoryImage, format: Format, { root, levels, from }: RootHint): Weight | string {
  if (!image.has(root as Mfn)) return `the frame is ${image.absence(root as Mfn)}`;
  const all = Array.from({ length: format.maxLevels - format.minLevels + 1 }, (_, i) => format.minLevels + i);
  if (levels === undefined) {
    const weight = weighLevels(image, format, root as Mfn, all);
    if (weight) return weight;
  }
  const weight = weigh(image, format, root as Mfn, levels ?? Math.min(4, format.maxLevels));
  const isEmpty = weight.leaves + weight.pointers + weight.bad === 0;
  return credible(weight) || (isEmpty && from !== "vmcb") ? weight : "what is there is no page table";
}

/** Named roots first, then by score, then by how much hangs below. */
function byWorth(a: Found, b: Found): number {
  const named = ({ hints }: Found): number => Number(hints.some(({ from }) => from !== "content"));
  return (
    named(b) - named(a) || score(b.weight) - score(a.weight) || b.weight.leaves - a.weight.leaves || a.root - b.root
  );
}

const rootDocument = ({ root, format, weight, also, hints }: Found): RootDocument => ({
  root: hex(root * 4096),
  format: format.name,
  levels: weight.levels,
  domain: hints.find(({ domain }) => domain !== undefined)?.domain ?? null,
  score: Math.round(score(weight) * 1000) / 1000,
  tables: weight.tables,
  leaves: weight.leaves,
  empty: weight.empty,
  bad: weight.bad,
  sampled: weight.sampled,
  also,
  evidence: hints.map(({ from, says }) => ({ from, says })),
});
