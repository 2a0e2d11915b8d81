import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { bytesSource, detectContainer, openImage } from "../../src/image/index.ts";
import { compareTrees } from "../../src/inspect/compare.ts";
import { tablesDocument } from "../../src/inspect/tables.ts";
import { GOLDENS, golden } from "./golden-frames.ts";
import { elf, type Frames, flatten, kdump, lime, PACKERS, raw, xenCore } from "./writers.ts";

const base = (frames: Frames): number => Math.min(...frames.keys());
const CONTAINERS: readonly (readonly [name: string, kind: string, write: (frames: Frames) => Uint8Array])[] = [
  ["raw", "raw", (frames) => raw(frames, base(frames))],
  ["ELF core", "elf", (frames) => elf(frames)],
  ["ELF core with many headers", "elf", (frames) => elf(frames, { extended: true })],
  ["xl dump-core, HVM", "elf", (frames) => xenCore(frames)],
  ["xl dump-core, PV", "elf", (frames) => xenCore(frames, true)],
  ["LiME", "lime", lime],
  ["kdump, raw pages", "kdump", (frames) => kdump(frames)],
  ...Object.entries(PACKERS).map(
    ([name, packer]) => [`kdump, ${name}`, "kdump", (frames: Frames) => kdump(frames, { packers: [packer] })] as const,
  ),
  ["kdump, all together", "kdump", (frames) => kdump(frames, { packers: Object.values(PACKERS) })],
  ["kdump, version 5", "kdump", (frames) => kdump(frames, { version: 5 })],
  ["kdump, flattened", "kdump-flattened", (frames) => flatten(kdump(frames, { packers: [PACKERS.zlib] }))],
];

/** Of each processor and IOMMU; all of them in CI, but for those of more than ten thousand tables. */
const SOME = ["s5h_deb417_iommu", "ept_s4b_417", "v_s7_417_iommu"];
const LARGE = ["fic_4.11_noassign", "s3_416_iommu", "s3_417_hap2mb0"];
const NAMES = process.env.CI ? GOLDENS.filter((name) => !LARGE.includes(name)) : SOME;

describe.each(NAMES)("tables of %s", (name) => {
  const { frames, trees } = golden(name);

  it.each(CONTAINERS)("read back from %s", (_, kind, write) => {
    const bytes = write(frames);
    const source = bytesSource(bytes);
    expect(detectContainer(source)).toBe(kind);
    const image = openImage(source, { base: kind === "raw" ? base(frames) * 4096 : 0 });
    for (const { tree } of trees) {
      const { differences, compared } = compareTrees(tree, { ...tree, memory: image });
      expect(differences).toEqual([]);
      expect(compared).toBeGreaterThanOrEqual(512);
      expect(tablesDocument({ ...tree, memory: image })).toEqual(tablesDocument(tree));
    }
    expect(image.end).toBe(Math.max(...frames.keys()) + 1);
    expect(image.frame((image.end + 1) as Mfn)).toBeUndefined();
    const seen = new Map<number, Uint8Array>();
    for (const { mfn, count, words } of image.chunks())
      for (let i = 0; i < count; i++) seen.set(mfn + i, new Uint8Array(words.slice(i * 1024, (i + 1) * 1024).buffer));
    // Frames of zeros may be left out of a scan.
    const zero = new Uint8Array(4096);
    for (const [mfn, data] of frames) expect(Buffer.compare(seen.get(mfn) ?? zero, data), `frame ${mfn}`).toBe(0);
    if (kind === "raw") return;
    expect(image.frames).toBe(frames.size);
    for (const mfn of seen.keys()) expect(frames.has(mfn)).toBe(true);
  });
});
