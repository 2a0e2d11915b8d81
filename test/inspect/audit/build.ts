/** Trees for the rules: as a hypervisor would write them, and then with something wrong in them. */
import { type FormatName, type LeafAttributes, type Raw, raw64 } from "../../../src/format/format.ts";
import type { AuditInput, AuditTree } from "../../../src/inspect/audit/rule.ts";
import { store } from "../../../src/radix/entries.ts";
import { clear, setLeaf } from "../../../src/radix/leaves.ts";
import { newPosition, type WritableTree, walk } from "../../../src/radix/tree.ts";
import { initMarkers, type MarkerPlace, updateMarkers } from "../../../src/xen/iommu/contiguity.ts";
import { newTree, tablesOf } from "../../radix/helpers.ts";

/** Frame, output frame, order. */
export type Leaf = readonly [frame: number, output: number, order: number, attributes?: LeafAttributes];

const type = (number: number): Raw => ({ lo: 0, hi: number << 20 });
/** What Xen writes (xen-mapping.md 5.3, 6.1, 7.7, 7.10), access rwx. */
export const RAM: LeafAttributes = {
  read: true,
  write: true,
  execute: true,
  emt: 6,
  accessed: true,
  dirty: true,
  snoop: true,
};
const ACCESS = { lo: 0, hi: 7 << 26 };
export const eptRam: LeafAttributes = { ...RAM, software: ACCESS };
export const eptMmio: LeafAttributes = { ...RAM, emt: 0, software: { lo: 0, hi: ACCESS.hi | type(5).hi } };
export const nptMmio: LeafAttributes = { ...RAM, pcd: true, software: type(5) };
export const iommuRw: LeafAttributes = { read: true, write: true, snoop: true };

/** A tree whose tables stand from `base` on. */
export function tree(format: FormatName, leaves: readonly Leaf[], base = 0x7f000, levels = 4): WritableTree {
  const made = newTree(format, levels, base);
  const usual = format === "ept" ? eptRam : format === "npt" ? RAM : iommuRw;
  for (const [frame, output, order, attributes] of leaves) setLeaf(made, frame, output, order, attributes ?? usual);
  return made;
}

/** Change the entry over a frame at the level where its walk ends, or at `stop`. */
export function change(made: WritableTree, frame: number, edit: (raw: Raw) => Raw | bigint, stop = 1): WritableTree {
  const position = newPosition();
  walk(made, frame, stop, position);
  const raw = edit({ lo: position.lo, hi: position.hi });
  const { lo, hi } = typeof raw === "bigint" ? raw64(raw) : raw;
  store(made.memory.arena, position.index, lo, hi);
  return made;
}

export const without = (made: WritableTree, frame: number, order: number): WritableTree => {
  clear(made, frame, order);
  return made;
};

const named = (domain: number, what: "p2m" | "iommu", of: WritableTree): AuditTree => ({
  name: `d${domain} ${what}`,
  domain,
  what,
  tree: of,
});

export const p2m = (of: WritableTree, domain = 1): AuditTree => named(domain, "p2m", of);
export const iommu = (of: WritableTree, domain = 1): AuditTree => named(domain, "iommu", of);

/** Xen's tables. */
export const xen = (...trees: AuditTree[]): AuditInput => ({ trees, owner: "xen" });

/** Where the drivers keep their contiguity markers (xen-mapping.md 7.8). */
export const PLACES = { vtd: { word: 1, shift: 20 }, amdvi: { word: 0, shift: 1 } } as const;

/** The same tree with markers as a driver keeps them: those of fresh tables, into which the entries are stored again. */
export function withMarkers(made: WritableTree, place: MarkerPlace): WritableTree {
  for (const [level, tables] of tablesOf(made))
    for (const at of level < made.levels ? tables : []) {
      const words = made.memory.words(at);
      const old = words.slice();
      initMarkers(words, place);
      for (let i = 0; i < 512; i++) {
        if (old[2 * i] === 0 && old[2 * i + 1] === 0) continue;
        words.set(old.subarray(2 * i, 2 * i + 2), 2 * i);
        updateMarkers(words, i, level, level > 1 ? "table" : "leaf", place);
      }
    }
  return made;
}
