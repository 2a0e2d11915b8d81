import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import type { FormatName } from "../../src/format/index.ts";
import { encodeContextEntry, encodeRootEntry, FORMATS, frameLo } from "../../src/format/index.ts";
import { bytesSource, type MemoryImage, openImage, snapshotImage } from "../../src/image/index.ts";
import { audit } from "../../src/inspect/audit/audit.ts";
import type { AuditTree } from "../../src/inspect/audit/rule.ts";
import { findRoots } from "../../src/inspect/roots.ts";
import { type FoundTrees, treesOfRoots } from "../../src/inspect/roots-trees.ts";
import { runs } from "../../src/radix/runs.ts";
import type { WritableTree } from "../../src/radix/tree.ts";
import { GOLDENS, goldenSnapshot } from "../image/golden-frames.ts";
import { type Leaf, tree } from "./audit/build.ts";

/** More than ten thousand tables each. */
const LARGE = ["s3_416_iommu", "s3_417_hap2mb0", "fic_4.11_noassign"];
const names = process.env.CI ? GOLDENS : GOLDENS.filter((name) => !LARGE.includes(name));

const look = (image: MemoryImage): FoundTrees => treesOfRoots(image, findRoots(image));
const ownerOf = ({ domain, group }: AuditTree): string => (domain === null ? `group ${group}` : `d${domain}`);

/** Sets of roots that belong together. */
const parts = (owners: ReadonlyMap<string, string>): string[] =>
  [...new Set(owners.values())]
    .map((owner) =>
      [...owners]
        .flatMap(([root, of]) => (of === owner ? [root] : []))
        .sort()
        .join(" "),
    )
    .sort();

describe("the domains of real Xen's tables, with nothing told", () => {
  it.each(names)("%s", (name) => {
    const snapshot = goldenSnapshot(name);
    const { trees } = look(snapshotImage(snapshot.frames));
    const rootOf = ({ tree: { root } }: AuditTree): string => `0x${(root * 4096).toString(16)}`;
    expect(trees.map(rootOf).sort()).toEqual(snapshot.roots.map(({ root }) => root).sort());
    // What leads nowhere cannot be told from another domain's.
    const said = trees.filter(({ tree: of }) => [...runs(of)].some(({ maps }) => maps !== null));
    const wanted = snapshot.roots.filter(({ root }) => said.some((each) => rootOf(each) === root));
    expect(parts(new Map(said.map((each) => [rootOf(each), ownerOf(each)])))).toEqual(
      parts(new Map(wanted.map(({ root, domain }) => [root, `d${domain}`]))),
    );
    for (const { root, domain } of wanted)
      expect(said.find((each) => rootOf(each) === root)!.domain === 0, root).toBe(domain === 0);
  });
});

/** 1 MiB of memory from 0x10000 on, with trees in it. */
function image(trees: readonly WritableTree[], poke: (words: (mfn: number) => Uint32Array) => void = () => {}) {
  const bytes = new Uint8Array(256 * 4096);
  const words = (mfn: number): Uint32Array => new Uint32Array(bytes.buffer, (mfn - 0x10000) * 4096, 1024);
  for (const { memory } of trees)
    for (let i = 0; i < memory.allocated; i++) words(memory.base + i).set(memory.words((memory.base + i) as Mfn));
  poke(words);
  return openImage(bytesSource(bytes), { base: 0x10000000 });
}

const ram = (from: number, count: number): Leaf[] =>
  Array.from({ length: count }, (_, i) => [0x100 + i, from + 2 * i, 0] as const);
const made = (name: FormatName, leaves: readonly Leaf[], base: number): WritableTree => tree(name, leaves, base);

describe("trees of roots that were found", () => {
  it("of two guests, one of them with tables that are stale: P2M and IOMMU that lead to the same place", () => {
    const [first, second] = [ram(0x800, 40), ram(0x900, 40)];
    const { trees } = look(
      image([
        made("ept", first, 0x10010),
        made("vtd", second, 0x10020),
        made("ept", second, 0x10030),
        made("vtd", [...first.slice(0, 30), [0x300, 0x999, 0]], 0x10040),
      ]),
    );
    expect(parts(new Map(trees.map((each) => [each.name, ownerOf(each)])))).toEqual([
      "ept at 0x10010000 vtd at 0x10040000",
      "ept at 0x10030000 vtd at 0x10020000",
    ]);
    const { findings } = audit({ trees, owner: "xen" });
    expect(findings.filter(({ rule }) => rule === "iommu-extra")).toMatchObject([{ tree: "vtd at 0x10040000" }]);
    expect(trees[0]!.evidence).toEqual(
      expect.arrayContaining([expect.stringMatching(/^assumed: of one domain, since/)]),
    );
  });

  it("a tree that maps the first MiB to itself is the hardware domain's", () => {
    const host = Array.from({ length: 64 }, (_, i): Leaf => [0xc0 + i, 0xc0 + i, 0]);
    const { trees } = look(image([made("vtd", host, 0x10010), made("ept", ram(0x800, 40), 0x10020)]));
    expect(trees.map(({ name }) => name).sort()).toEqual(["d0 iommu", "ept at 0x10020000"]);
    expect(trees.find(({ domain }) => domain === 0)!.evidence!.at(-1)).toMatch(/^assumed: the hardware domain's/);
  });

  it("a P2M that VT-d's context entries name is shared with the IOMMU", () => {
    const shared = made("ept", ram(0x800, 40), 0x10010);
    const found = findRoots(
      image([shared], (words) => {
        const [root] = encodeRootEntry(0x10021);
        const context = encodeContextEntry({ frame: shared.root, levels: 4, domainId: 5 });
        words(0x10020).set([root!.lo, root!.hi]);
        for (const [i, { lo, hi }] of context.entries()) words(0x10021).set([lo, hi], 2 * i);
      }),
    );
    expect(found.roots).toMatchObject([{ format: "ept", levels: 4, domain: 5, root: "0x10010000" }]);
    expect(found.roots[0]!.evidence).toMatchObject([
      { from: "vtd-context", says: expect.stringMatching(/: the IOMMU walks the P2M itself$/) },
      { from: "content" },
    ]);
  });

  it("frames that are hardly tables are left out, and said so", () => {
    const whole = made("ept", ram(0x800, 60), 0x10010);
    const spoilt = made("ept", ram(0x900, 60), 0x10030);
    // One entry in thirty or so that nobody writes: memory types that do not exist.
    for (const mfn of [0x10033]) {
      const words = spoilt.memory.words(mfn as Mfn);
      words[2 * 0x1f0] = 0x17 + frameLo(0x900);
      words[2 * 0x1f1] = 0x17 + frameLo(0x901);
    }
    const { trees, notes } = look(image([whole, spoilt]));
    expect(trees.map(({ name }) => name)).toEqual(["ept at 0x10010000"]);
    expect(notes).toEqual(["1 frame(s) that may be roots too are left out: physmap roots lists them"]);
  });

  it("are read with the format that the caller says", () => {
    const found = findRoots(image([made("ept", ram(0x800, 40), 0x10010)]));
    const { trees } = treesOfRoots({ frame: () => undefined }, found, () => FORMATS.npt);
    expect(trees[0]!.tree.format).toBe(FORMATS.npt);
  });
});
