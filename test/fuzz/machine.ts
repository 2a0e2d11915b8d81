/** A small machine's memory for the fuzzers to spoil: tables of every format, and what names their roots. */
import type { Mfn } from "../../src/address.ts";
import {
  encodeContextEntry,
  encodeDeviceTableEntry,
  encodePasidDirectoryEntry,
  encodePasidEntry,
  encodeRootEntry,
  encodeScalableContextEntry,
  encodeScalableRootEntry,
  type FormatName,
  type Raw,
} from "../../src/format/index.ts";
import { bytesSource, openImage } from "../../src/image/index.ts";
import { makeSnapshot, snapshotTrees } from "../../src/image/snapshot.ts";
import { audit } from "../../src/inspect/audit/audit.ts";
import type { AuditTree } from "../../src/inspect/audit/rule.ts";
import { compareTrees } from "../../src/inspect/compare.ts";
import { diffSides, sideOfTree } from "../../src/inspect/diff.ts";
import { findRoots } from "../../src/inspect/roots.ts";
import { treesOfRoots } from "../../src/inspect/roots-trees.ts";
import { tablesDocument } from "../../src/inspect/tables.ts";
import { walkTables } from "../../src/inspect/why.ts";
import type { WritableTree } from "../../src/radix/tree.ts";
import { type Leaf, tree } from "../inspect/audit/build.ts";
import { expectSentence, type Verdict } from "./target.ts";

const BASE = 0x10000;
const FRAMES = 64;

const ram = (from: number): Leaf[] => Array.from({ length: 24 }, (_, i) => [0x100 + i, from + i, 0] as const);
const bar: Leaf[] = Array.from({ length: 8 }, (_, i) => [0x80000 + 512 * i, 0x4000000 + 512 * i, 9] as const);

const made = (name: FormatName, leaves: readonly Leaf[], at: number): WritableTree => tree(name, leaves, BASE + at);

/** The memory: frames 0 to 63 from 0x10000000 on. */
export function machineBytes(): Uint8Array {
  const bytes = new Uint8Array(FRAMES * 4096);
  const words = (mfn: number): Uint32Array => new Uint32Array(bytes.buffer, (mfn - BASE) * 4096, 1024);
  const poke = (mfn: number, quad: number, raws: readonly Raw[]): void => {
    for (const [i, { lo, hi }] of raws.entries()) words(mfn).set([lo, hi], 2 * (quad + i));
  };
  const [ept, npt, vtd, amdvi] = [
    made("ept", [...ram(0x20000), ...bar], 0x08),
    made("npt", [...ram(0x30000), ...bar], 0x10),
    made("vtd", ram(0x20000), 0x18),
    made("amdvi", [...ram(0x30000), [0x40, 0x40, 2]], 0x20),
  ];
  for (const { memory } of [ept, npt, vtd, amdvi])
    for (let i = 0; i < memory.allocated; i++) words(memory.base + i).set(memory.words((memory.base + i) as Mfn));
  poke(BASE + 0x30, 2 * 0x3b, encodeRootEntry(BASE + 0x31));
  poke(BASE + 0x31, 2 * 0x10, encodeContextEntry({ frame: vtd.root, levels: 4, domainId: 5 }));
  poke(BASE + 0x32, 2 * 2, encodeScalableRootEntry(null, BASE + 0x33));
  poke(BASE + 0x33, 4, encodeScalableContextEntry(BASE + 0x34, 128));
  poke(BASE + 0x34, 0, [encodePasidDirectoryEntry(BASE + 0x35)]);
  poke(BASE + 0x35, 0, encodePasidEntry({ frame: vtd.root, levels: 4, domainId: 9 }));
  poke(BASE + 0x36, 4 * 3, encodeDeviceTableEntry({ frame: amdvi.root, levels: 4, domainId: 1 }));
  poke(BASE + 0x37, 0x90 / 8, [{ lo: 1, hi: 0 }]);
  poke(BASE + 0x37, 0xb0 / 8, [{ lo: (npt.root % 2 ** 20) * 4096, hi: Math.floor(npt.root / 2 ** 20) }]);
  poke(BASE + 0x37, 0x668 / 8, [{ lo: 0x00070406, hi: 0x00070406 }]);
  return bytes;
}

/** Trees whose roots are where `machineBytes` puts them, whatever became of their content. */
function knownTrees(memory: AuditTree["tree"]["memory"]): AuditTree[] {
  const formats = { ept: 0x08, npt: 0x10, vtd: 0x18, amdvi: 0x20 };
  return Object.entries(formats).map(([name, at]): AuditTree => {
    const what = name === "ept" || name === "npt" ? "p2m" : "iommu";
    const { format } = tree(name as FormatName, []);
    return {
      name,
      domain: at < 0x10 || at === 0x18 ? 1 : 2,
      what,
      tree: { format, memory, root: (BASE + at) as Mfn, levels: 4 },
    };
  });
}

/** Everything that the inspector does with memory. Throws on anything but an answer in sentences. */
export function inspect(bytes: Uint8Array, gfn: number): Verdict {
  const image = openImage(bytesSource(bytes), { base: BASE * 4096, container: "raw" });
  const roots = findRoots(image);
  const found = treesOfRoots(image, roots);
  for (const text of [...found.notes, ...roots.roots.flatMap(({ evidence }) => evidence.map(({ says }) => says))])
    expectSentence(text);
  const trees = knownTrees(image);
  for (const each of [trees, found.trees]) {
    const { findings, notes } = audit({ trees: each });
    for (const { says } of findings) expectSentence(says);
    for (const text of notes) expectSentence(text);
  }
  for (const { tree: one } of trees) for (const { says } of tablesDocument(one).problems) expectSentence(says);
  walkTables(gfn, trees, []);
  diffSides(trees.slice(0, 2).map(sideOfTree), trees.slice(1, 3).map(sideOfTree));
  const copy = makeSnapshot(
    {},
    trees.map((each) => ({ ...each, domain: 1 })),
  );
  for (const [i, { tree: read }] of snapshotTrees(JSON.parse(JSON.stringify(copy))).entries())
    if (
      trees[i]!.tree.memory.frame(read.root) &&
      compareTrees(trees[i]!.tree, read, { maxTables: 4096 }).differences.some(
        ({ says }) => !/not in memory|not compared further/.test(says),
      )
    )
      throw new Error(`the snapshot of ${trees[i]!.name} is another tree`);
  return roots.roots.length > 0 ? "read" : "refused";
}
