import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { newPosition, walk } from "../../src/radix/tree.ts";
import { DUMPS } from "../fuzz/texts.ts";
import { golden } from "../image/golden-frames.ts";
import { kdump, PACKERS, raw } from "../image/writers.ts";
import { folder, physmap } from "./helpers.ts";

const { frames, snapshot, trees } = golden("ept_s4b_417");
const all = raw(frames, 0x1f9f9);
const half = Math.floor(all.length / 8192) * 4096;
/** The table of the one page behind the first GiB. */
const above = newPosition();
walk(trees[0]!.tree, 0x2040000, 2, above);
const missing = trees[0]!.tree.format.frameOf(above.lo, above.hi, 2);
const { path, remove } = folder({
  "all.raw": all,
  "low.raw": all.subarray(0, half),
  "high.raw": all.subarray(half),
  "filtered.kdump": kdump(new Map([...frames].filter(([mfn]) => mfn !== missing)), {
    packers: [PACKERS.lzo],
    excluded: [missing],
  }),
  "dump.txt": DUMPS[0]!,
  "one.json": JSON.stringify(snapshot),
  "two.json": JSON.stringify({ ...snapshot, roots: [...snapshot.roots, ...snapshot.roots] }),
  "other.json": '{ "physmap": 1, "kind": "script" }',
  "bad.json": "{ nothing",
  "lime.bin": new Uint8Array([0x45, 0x4d, 0x69, 0x4c, 0, 0, 0, 0]),
  empty: "",
});
afterAll(remove);
const file = (name: string): string => join(path, name);
const BASE = 0x1f9f9000;
const ROOT = "0x1f9f9000";

interface Tables {
  readonly kind: string;
  readonly levels: number;
  readonly tables: Readonly<Record<string, number>>;
  readonly leaves: Readonly<Record<string, number>>;
  readonly runs: readonly {
    readonly start: string;
    readonly maps: string;
    readonly entries: number;
    readonly type: string;
  }[];
  readonly problems: readonly { readonly code: string }[];
}

async function tables(...args: string[]): Promise<Tables> {
  const { code, out, err } = await physmap("tables", ...args, "--json", "-q");
  expect([code, err]).toEqual([0, ""]);
  return JSON.parse(out) as Tables;
}

describe("tables", () => {
  it("are read from a raw image: what the guest's BAR became when one page of it was taken out", async () => {
    const document = await tables(file("all.raw"), "--base", `${BASE}`, "--root", ROOT, "--format", "ept");
    expect(document).toMatchObject({ kind: "tables", levels: 4, tables: { 4: 1, 3: 1, 2: 2, 1: 2 }, problems: [] });
    expect(document.leaves).toEqual({ "4k": 512, "2m": 511, "1g": 0 });
    expect(document.runs[0]).toMatchObject({
      start: "0x2000001000",
      maps: "0x4000001000",
      entries: 511,
      type: "mmio_direct",
    });
  });

  it("are the same from pieces, and from a snapshot", async () => {
    const whole = await tables(file("all.raw"), "--base", `${BASE}`, "--root", `ept:${ROOT}:4`);
    const pieces = await tables(
      file("low.raw"),
      file("high.raw"),
      "--base",
      `${BASE}`,
      "--base",
      `${BASE + half}`,
      "--root",
      `ept:${ROOT}`,
    );
    expect(pieces).toEqual(whole);
    expect(await tables(file("one.json"))).toEqual(whole);
  });

  it("as text, with the levels told, and why a table is missing", async () => {
    const { code, out, err } = await physmap("tables", file("filtered.kdump"), "--root", `ept:${ROOT}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^ept tables of 4 levels, root 0x1f9f_9000\n {2}tables by level: level 4: 1/);
    expect(out).toContain("! 0x20_4000_0000: the table that an entry points to is not in memory");
    expect(err).toContain("note: 4 levels, told from what is found");
    expect(err).toContain(
      `note: the table at 0x${(missing * 4096).toString(16)} is excluded: the dumper left this frame out`,
    );
  });

  it("that an image lacks are absent, not empty, for why and for audit as well", async () => {
    const args = [file("filtered.kdump"), "--root", `1/ept:${ROOT}`];
    const reason = `the table at 0x${(missing * 4096).toString(16)} is excluded: the dumper left this frame out`;
    const why = await physmap("why", "0x2040000", ...args);
    expect(why.out).toContain(`leads where nobody can tell: ${reason}`);
    const document = JSON.parse((await physmap("why", "0x2040000", ...args, "--json")).out);
    expect(document.trees).toMatchObject([{ maps: null, absent: expect.stringContaining(reason) }]);
    const audit = JSON.parse((await physmap("audit", ...args, "--json")).out);
    expect(audit.findings).toContainEqual(
      expect.objectContaining({
        rule: "table-outside-memory",
        says: expect.stringContaining("is excluded: the dumper"),
      }),
    );
  });

  it("have memory encryption's bit taken out of their addresses", async () => {
    const bytes = all.slice();
    const data = new DataView(bytes.buffer);
    for (let at = 4; at < bytes.length; at += 8)
      if ((data.getUint32(at - 4, true) & 7) !== 0) data.setUint32(at, data.getUint32(at, true) | 0x80000, true);
    const files = folder({ "c.raw": bytes });
    const args = [join(files.path, "c.raw"), "--base", `${BASE}`, "--root", `ept:${ROOT}:4`];
    expect((await tables(...args)).problems).not.toEqual([]);
    const document = await tables(...args, "--c-bit", "51");
    files.remove();
    expect(document).toMatchObject({ problems: [], leaves: { "4k": 512, "2m": 511 } });
    expect(document.runs[0]).toMatchObject({ maps: "0x4000001000" });
  });

  it("are shown as pasted text tells them, any number of them", async () => {
    const { code, out, err } = await physmap("tables", file("dump.txt"));
    expect(code).toBe(0);
    expect(out).toMatch(/0xf000_0000 – 0xf000_0fff +→ 0xfd1c_0000 +1 × 4 KiB {2}rw- UC/);
    expect(out).toContain("0x1_4000_0000 – 0x1_401f_ffff  (nothing)");
    expect(err).toContain("dump.txt:6: ");
    const { out: text } = await physmap("tables", file("dump.txt"), "--json", "-q");
    expect(JSON.parse(text)).toMatchObject({
      kind: "dumps",
      dumps: [{ domain: 5, format: "ept", leaves: { "4k": 1, "2m": 1, "1g": 1 } }, { domain: 2 }],
    });
  });

  it.each([
    [["all.raw"], [], "--root is missing: where do the tables begin?"],
    [["two.json"], [], "--root is missing: the snapshot holds ept:0x1f9f9000:4 (d1 p2m), ept:0x1f9f9000:4 (d1 p2m)"],
    [["all.raw"], ["--root", ROOT], "of which format?"],
    [["all.raw"], ["--root", "ept:0x1234"], "not a multiple of 0x1000"],
    [["all.raw"], ["--root", "ept:0x80000000"], "--root 0x80000000: the frame is not in the image"],
    [["all.raw"], ["--root", ROOT, "--format", "arm"], "arm: expected a format of ept, npt, vtd or amdvi"],
    [["all.raw"], ["--root", `ept:${ROOT}`, "--base", "17"], "--base 17: expected a multiple of 0x1000"],
    [["all.raw"], ["--root", `ept:${ROOT}`, "--base", "0", "--base", "0"], "--base is given 2 times for 1 images"],
    [["all.raw"], ["--root", `ept:${ROOT}`, "--c-bit", "60"], "--c-bit 60: expected a bit of an address"],
    [["all.raw"], ["--root", `ept:${ROOT}`, "--as", "tar"], "--as tar: expected one of raw, elf"],
    [["all.raw"], ["--root", `ept:${ROOT}`, "--as", "elf"], "all.raw: offset 0x0: expected an ELF header"],
    [["lime.bin"], ["--root", `ept:${ROOT}`], "lime.bin: offset 0x0: expected a LiME header of 32 bytes"],
    [["empty"], ["--root", `ept:${ROOT}`], "empty: the file is empty"],
    [["other.json"], [], "other.json: neither a memory image nor a snapshot"],
    [["bad.json"], [], "bad.json: "],
    [["nothing"], ["--root", `ept:${ROOT}`], "no such file"],
    [["."], ["--root", `ept:${ROOT}`], "a directory, expected a memory image"],
  ])("that cannot be read: one line that says why: %j %j", async (files, args, says) => {
    const { code, out, err } = await physmap("tables", ...files.map(file), ...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^physmap: [^\n]+\n$/);
    expect(err).toContain(says);
  });
});
