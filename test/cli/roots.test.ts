import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { RootsDocument } from "../../src/inspect/roots.ts";
import { golden } from "../image/golden-frames.ts";
import { elf, flatten, kdump, PACKERS } from "../image/writers.ts";
import { folder, physmap } from "./helpers.ts";

const { frames, snapshot } = golden("s5h_deb417_iommu");
const { path, remove } = folder({
  vmcore: elf(frames),
  "dump.flat": flatten(kdump(frames, { packers: Object.values(PACKERS) })),
  "snapshot.json": JSON.stringify(snapshot),
  "xl-dmesg.txt": `(XEN) Xen version 4.17\n(XEN) AMD-Vi: Setup I/O page table: device id = 0x18, type = 0x1, root table = ${snapshot.roots[1]!.root}, domain = 0, paging mode = 4\n`,
  "nothing.raw": new Uint8Array(0x4000).fill(0x77),
});
afterAll(remove);
const file = (name: string): string => join(path, name);
const NAMED = snapshot.roots.map(({ format, root, levels }) => `${format}:${root}:${levels}`).sort();

const rootsOf = ({ roots }: RootsDocument): string[] =>
  roots.map(({ format, root, levels }) => `${format}:${root}:${levels}`);

describe("roots", () => {
  it.each(["vmcore", "dump.flat", "snapshot.json"])("of %s are those of its four trees", async (name) => {
    const { code, out } = await physmap("roots", file(name), "--json", "-q");
    expect(code).toBe(0);
    expect(rootsOf(JSON.parse(out) as RootsDocument).sort()).toEqual(NAMED);
  });

  it("as text: each with its evidence, and how to go on", async () => {
    const { code, out } = await physmap("roots", file("vmcore"), "--log", file("xl-dmesg.txt"));
    expect(code).toBe(0);
    const [title, first, evidence] = out.split("\n");
    expect(title).toBe("ELF core, 37 frames: 4 page-table roots");
    expect(first).toMatch(new RegExp(`^ {2}amdvi:${snapshot.roots[1]!.root}:4 +domain 0 `));
    expect(evidence).toBe("      log: line 2: device 0x18");
    expect(out).toContain(`Next: physmap tables IMAGE --root amdvi:${snapshot.roots[1]!.root}:4`);
  });

  it("of one format, or none", async () => {
    const { out } = await physmap("roots", file("vmcore"), "--format", "npt", "--json");
    expect(rootsOf(JSON.parse(out) as RootsDocument).sort()).toEqual(NAMED.filter((name) => name.startsWith("npt")));
    const none = await physmap("roots", file("nothing.raw"));
    expect([none.code, none.out]).toEqual([0, "raw image, 4 frames: no page-table roots\n"]);
  });

  it.each([
    [["--format", "arm"], "--format arm: expected ept, npt, vtd or amdvi"],
    [["--levels", "9"], "--levels 9: expected a number from 1 to 6"],
    [["--log", "nosuch.txt"], "cannot read nosuch.txt"],
    [["--below-4g", "x"], "--below-4g x: expected a multiple of 0x1000"],
  ])("%j is refused", async (args, says) => {
    const { code, err } = await physmap("roots", file("vmcore"), ...args);
    expect(code).toBe(2);
    expect(err).toContain(says);
  });
});
