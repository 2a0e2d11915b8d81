import { afterAll, describe, expect, it } from "vitest";
import { makeSnapshot } from "../../src/image/snapshot.ts";
import { goldenPath } from "../image/golden-frames.ts";
import { iommu, p2m, tree } from "../inspect/audit/build.ts";
import { folder, physmap } from "./helpers.ts";

const made = tree("ept", [[0x200, 0x40000, 9]]);
const snapshot = (mfn: number): string =>
  JSON.stringify(
    makeSnapshot({}, [
      { ...p2m(made), domain: 1 },
      { ...iommu(tree("vtd", [[0x200, mfn, 9]], 0x6f000)), domain: 1 },
    ]),
  );

/** Memory from 0x7f000 on, as pmemsave writes it. */
function raw(): Uint8Array {
  const bytes = new Uint8Array(16 * 4096);
  for (let i = 0; i < 3; i++)
    bytes.set(new Uint8Array(made.memory.words((0x7f000 + i) as never).slice().buffer), i * 4096);
  return bytes;
}

const SCRIPT = {
  physmap: 1,
  kind: "script",
  hypervisor: { xen: "4.17", cpu: "intel" },
  domains: [{ id: 1, guest: "hvm", iommu: "none", maxMemKiB: 4096 }],
  operations: [{ op: "populate", domain: 1, gfn: "0x0", order: 0, extents: 1, mfn: "0x34000" }],
};
const LSPCI = `82:00.0 3D controller [0302]: NVIDIA Corporation Device [10de:1b38]
	Region 0: Memory at 40000000 (32-bit, non-prefetchable) [size=16M]
`;
const files = folder({
  "good.json": snapshot(0x40000),
  "bad.json": snapshot(0x40200),
  "script.json": JSON.stringify(SCRIPT),
  "lspci.txt": LSPCI,
  "memory.raw": raw(),
  "key-D.txt": "(XEN) domain1 EPT p2m table:\n(XEN) gfn:           200 order:  9 mfn:        40000 rwx WB \n",
  "nothing.raw": new Uint8Array(4096),
  "entries.txt": "0x00000000a3e003b7\n",
  "empty.json": "",
  "broken.json": "{",
  "other.json": "{}",
  "not-gzip.gz": new Uint8Array([0x1f, 0x8b, 1, 2, 3]),
});
const at = (name: string): string => `${files.path}/${name}`;
afterAll(files.remove);

describe("physmap audit", () => {
  it("exits 0 where there is nothing but notes, 1 where there is more", async () => {
    const good = await physmap("audit", at("good.json"));
    expect(good).toMatchObject({ code: 0, err: "" });
    expect(good.out).toContain("0 faults, 0 risks, 0 waste");
    const bad = await physmap("audit", at("bad.json"), "--json");
    expect(bad.code).toBe(1);
    expect(JSON.parse(bad.out)).toMatchObject({
      physmap: 1,
      kind: "audit",
      counts: { fault: 2 },
      rules: [{ id: "iommu-frame-differs" }, {}],
    });
  });

  it("reads what the rig recorded, memory images by their roots, and scripts", async () => {
    expect((await physmap("audit", goldenPath("s5a_deb417_iommu"), "--rule", "iommu-missing")).code).toBe(0);
    const image = [at("memory.raw"), "--base", "0x7f000000", "--root", "1/ept:0x7f000000"];
    const read = await physmap("audit", ...image, "--json");
    expect(JSON.parse(read.out)).toMatchObject({ trees: [{ name: "d1 p2m", format: "ept", tables: 3 }] });
    expect(read.code).toBe(0);
    const script = await physmap("audit", at("script.json"), "--json");
    expect(JSON.parse(script.out).trees).toMatchObject([{ name: "d1 p2m", owner: "xen" }]);
  });

  it("takes BARs from lspci, the hypervisor's frames, and rules by name", async () => {
    const half = await physmap("audit", at("good.json"), "--lspci", at("lspci.txt"), "--rule", "bar-half-mapped");
    expect(half.code).toBe(1);
    expect(half.out).toContain("0000:82:00.0 BAR 0: 3584 of 4096 frames are not mapped");
    const xen = await physmap("audit", at("good.json"), "--hypervisor", "0x40000000-0x400fffff");
    expect(xen.out).toContain("leads to 256 frame(s) of the hypervisor");
  });

  it("prints SARIF", async () => {
    const { code, out } = await physmap("audit", at("bad.json"), "--sarif");
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({
      version: "2.1.0",
      runs: [{ results: [{ ruleId: "iommu-frame-differs" }, {}] }],
    });
  });

  it.each([
    [["missing.json"], /cannot read .*missing\.json.*check the path/],
    [["empty.json"], /empty\.json: no page tables: expected a snapshot/],
    [["broken.json"], /broken\.json: not JSON/],
    [["other.json"], /other\.json: no page tables/],
    [["not-gzip.gz"], /not-gzip\.gz: cannot be unpacked/],
    [["key-D.txt"], /a text dump has no tables to check, physmap diff compares it/],
    [["nothing.raw"], /nothing\.raw: no page tables found in this memory image: give their roots/],
    [["memory.raw", "--root", "7f000000"], /--root 7f000000: expected/],
    [["memory.raw", "--root", "0x7f000000"], /of which format/],
    [["memory.raw", "--root", "ept:0x7f000001"], /not a multiple of 0x1000/],
    [["memory.raw", "--root", "ept:0x7f000000:9"], /ept has 4 to 5 levels/],
    [["good.json", "--phys-bits", "99"], /--phys-bits 99: expected a number from 32 to 52/],
    [["good.json", "--owner", "me"], /--owner me/],
    [["good.json", "--rule", "nonsense"], /--rule nonsense: no such rule/],
    [["good.json", "--hypervisor", "7"], /--hypervisor 7: expected 0xSTART-0xEND/],
  ])("%s: exits 2 and says what is wrong", async ([name, ...rest], says) => {
    const { code, err } = await physmap("audit", at(name!), ...rest);
    expect(code).toBe(2);
    expect(err).toMatch(says);
  });
});

describe("physmap diff", () => {
  it("compares snapshots, text dumps, images and scripts, in any pair", async () => {
    expect((await physmap("diff", at("good.json"), at("good.json"))).code).toBe(0);
    const differs = await physmap("diff", at("good.json"), at("bad.json"), "--json");
    expect(differs.code).toBe(1);
    expect(JSON.parse(differs.out)).toMatchObject({ kind: "diff", pairs: [{ differences: 0 }, { differences: 1 }] });
    const image = ["--base", "0x7f000000", "--root", "1/ept:0x7f000000"];
    expect((await physmap("diff", at("key-D.txt"), at("memory.raw"), ...image)).code).toBe(0);
    const script = await physmap("diff", at("script.json"), at("memory.raw"), ...image);
    expect(script.code).toBe(1);
    expect(script.out).toContain("→ 0x3400_0000");
  });

  it("asks for a format where a text is a bare list", async () => {
    const { code, err } = await physmap("diff", at("entries.txt"), at("entries.txt"));
    expect(code).toBe(2);
    expect(err).toMatch(/a bare list of entries needs --format/);
    const told = await physmap("diff", at("entries.txt"), at("entries.txt"), "--format", "ept");
    expect(told.code).toBe(0);
  });
});

describe("physmap why, on tables", () => {
  it("walks every tree of a snapshot, level by level and bit by bit", async () => {
    const { code, out } = await physmap("why", "0x201", at("good.json"), "-v");
    expect(code).toBe(0);
    expect(out).toContain("leads to machine address 0x4000_1000 by an entry of 2 MiB");
    expect(out).toMatch(/PML4E, bit by bit/);
    expect(out).toMatch(/5:3 +EMT +6 +memory type WB/);
  });

  it("takes addresses, images and text dumps", async () => {
    const image = ["--base", "0x7f000000", "--root", "1/ept:0x7f000000"];
    const read = await physmap("why", "--address", "0x201000", at("memory.raw"), ...image, "--json");
    expect(JSON.parse(read.out)).toMatchObject({
      kind: "walk",
      gfn: "0x201",
      trees: [{ maps: "0x40001000", order: 9 }],
    });
    const text = await physmap("why", "0x201", at("key-D.txt"));
    expect(text.out).toContain("leads to 0x4000_1000 (an entry of 2 MiB, rwx, WB)");
  });
});
