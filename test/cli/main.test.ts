import { EventEmitter } from "node:events";
import { join } from "node:path";
import { afterAll, afterEach, describe, expect, it, vi } from "vitest";
import { endOnClosedPipe } from "../../src/cli/closed-pipe.ts";
import { GPU, lspci, xlCfg, xlInfo } from "../plan/samples.ts";
import { folder, physmap } from "./helpers.ts";

const SMALL = { ...GPU, bars: [GPU.bars[0]!, { index: 3, at: "383ff0000000", size: "32M" }] };
const script = (...operations: object[]): string =>
  JSON.stringify({ physmap: 1, kind: "script", hypervisor: { xen: "4.17" }, domains: [{ id: 1 }], operations });

const { path, remove } = folder({
  "lspci.txt": lspci([SMALL]),
  "xl-info.txt": xlInfo("4.17.3", "iommu=verbose"),
  "guest.cfg": xlCfg("memory = 2048", "vcpus = 2"),
  "empty.txt": "",
  "junk.txt": "hello\nworld\n",
  "binary.bin": new Uint8Array([0x7f, 0x45, 0x4c, 0x46, 0, 0, 0, 255]),
  "bad.json": '{ "physmap": 1, ',
  "escape.json": '{ "physmap": \u001b[2J }',
  "good.json": script({ op: "iomem_permission", domain: 1, mfn: "0x1000", pages: 1, allow: true }),
  "refused.json": script(
    { op: "memory_mapping", domain: 1, gfn: "0x1000", mfn: "0x1000", pages: 1, add: true },
    { op: "iomem_permission", domain: 1, mfn: "0x1000", pages: 1, allow: true },
  ),
  "unknown-operation.json": script({ op: "fly", domain: 1 }),
  "bad-field.json": script({ op: "memory_mapping", domain: 1, gfn: "zz", mfn: "0x1", pages: 1, add: true }),
});
afterAll(remove);
const file = (name: string): string => join(path, name);
const INPUTS = ["lspci.txt", "xl-info.txt", "guest.cfg"].map(file);

describe("exit codes and errors", () => {
  it("plans the shipped example, as npm start does, without a conflict or a note", async () => {
    const { code, out, err } = await physmap("plan", "examples/p40", "--no-advice");
    expect([code, err]).toEqual([0, ""]);
    expect(out).toContain("iommu=no-sharept");
  });

  it.each([
    ["plan", ...INPUTS, "--no-advice"],
    ["why", "0xf0000", ...INPUTS],
    ["compare", ...INPUTS, "--with", "xen=4.17.3"],
    ["run", file("good.json")],
    ["--help"],
    ["plan", "--help"],
    ["--version"],
    [],
  ])("0 when done: %s %s", async (...args) => {
    const { code, err } = await physmap(...args);
    expect([code, err]).toEqual([0, ""]);
  });

  it("1 when compared scenarios differ", async () => {
    const { code, out } = await physmap("compare", ...INPUTS, "--with", "xen=4.11,cmdline=iommu=no-sharept");
    expect(code).toBe(1);
    expect(out).toContain("≠");
  });

  it.each([
    [["plan"], "no input"],
    [["plan", "nosuch.txt"], "cannot read nosuch.txt"],
    [["plan", file("empty.txt")], "the input is empty"],
    [["plan", file("junk.txt")], "junk.txt: nothing in the text tells what it is"],
    [["plan", file("binary.bin")], "binary.bin: "],
    [["plan", ...INPUTS, "--xen", "4.99"], 'unknown Xen release "4.99": expected 4.7 to 4.22'],
    [["plan", ...INPUTS, "--xenn", "4.12"], "unknown option '--xenn' (Did you mean --xen?)"],
    [["plan", ...INPUTS, "--phys-bits", "99"], "--phys-bits: expected a whole number from 32 to 52"],
    [["plan", ...INPUTS, "--hap", "off", "--passthrough", "share_pt"], "hap=off contradicts passthrough=share_pt"],
    [["plan", ...INPUTS, "--device", "99:00.0"], "no device 99:00.0 in the inputs: they hold 0000:3b:00.0"],
    [["plan", ...INPUTS, "--as", "novel"], "--as novel: expected one of lspci"],
    [["paln"], "unknown command 'paln' (Did you mean plan?)"],
    [["compare", ...INPUTS], "at least one --with"],
    [["compare", ...INPUTS, "--with", "foo=1"], '--with foo=1: no scenario key "foo"'],
    [["why", "zz", ...INPUTS], "zz: expected a guest frame number"],
    [["why", "0x10000000000", ...INPUTS], "beyond what the P2M translates"],
    [["why", "0x1000", ...INPUTS, "--guest", "pv"], "a PV guest has no P2M to walk"],
    [["run", file("bad.json")], "bad.json: not JSON"],
    [["run", file("empty.txt")], "empty.txt: empty, expected a JSON document"],
    [["run", file("unknown-operation.json")], "at operations.0.op"],
    [["run", file("bad-field.json")], "at operations.0.gfn"],
    [["collect", "nosuch.cfg"], "nosuch.cfg: does not exist"],
  ])("2, with one line that says what, where, what to do: %s", async (args, says) => {
    const { code, out, err } = await physmap(...args);
    expect([code, out]).toEqual([2, ""]);
    expect(err).toMatch(/^physmap: [^\n]+\n$/);
    expect(err).toContain(says);
    expect(err).not.toMatch(/\bat .*\.ts:\d/);
  });

  it("2 when the hypervisor refuses an operation, which is named; the results of all are printed", async () => {
    const { code, out, err } = await physmap("run", file("refused.json"), "--json");
    expect(code).toBe(2);
    expect(err).toMatch(/^physmap: .*refused\.json: operation 1 fails with -EPERM \(-1\)[^\n]*\n$/);
    expect(JSON.parse(out).operations).toMatchObject([{ result: -1, error: "-EPERM" }, { result: 0 }]);
  });

  it("cuts off what never ends", async () => {
    const { code, err } = await physmap("plan", "/dev/zero");
    expect(code).toBe(2);
    expect(err).toContain("/dev/zero: larger than 64 MiB");
  });
});

describe("inputs", () => {
  it("are files in any order, or a directory", async () => {
    const plan = async (...args: string[]) => JSON.parse((await physmap("plan", ...args, "--no-advice", "--json")).out);
    const forward = await plan(...INPUTS);
    const backward = await plan(...[...INPUTS].reverse());
    expect(backward.devices).toEqual(forward.devices);
    const directory = folder({ "a.txt": lspci([SMALL]), "b.txt": xlInfo("4.17.3", ""), "README.md": "no input" });
    try {
      expect((await plan(directory.path)).scenario.xen).toBe("4.17.3");
    } finally {
      directory.remove();
    }
  });

  it("collected from this host are taken by plan", async () => {
    const { code, out, err } = await physmap("collect", file("guest.cfg"));
    expect(code).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ physmap: 1, kind: "collect" });
    for (const line of err.trimEnd().split("\n").filter(Boolean)) expect(line).toMatch(/^missing: /);
    const host = folder({ "host.json": out });
    try {
      const planned = await physmap("plan", join(host.path, "host.json"), file("lspci.txt"), "--device", "3b:00.0");
      expect([planned.code, planned.out]).toEqual([0, expect.stringContaining("0000:3b:00.0")]);
    } finally {
      host.remove();
    }
  });
});

describe("output", () => {
  afterEach(() => vi.unstubAllEnvs());
  const ESCAPE = "\u001b[";

  it.each([
    ["plan", ["plan", ...INPUTS]],
    ["compare", ["compare", ...INPUTS, "--with", "xen=4.12"]],
    ["why", ["why", "0xf0000", ...INPUTS]],
    ["run", ["run", file("good.json")]],
    ["collect", ["collect"]],
  ])("--json is one document of kind %s", async (kind, args) => {
    const { out } = await physmap(...args, "--json");
    expect(JSON.parse(out)).toMatchObject({ physmap: 1, kind });
  });

  it("has colours only when asked for or on a terminal", async () => {
    const out = async (...flags: string[]) => (await physmap("plan", ...INPUTS, "--no-advice", ...flags)).out;
    expect(await out()).not.toContain(ESCAPE);
    expect(await out("--color")).toContain(ESCAPE);
    const { isTTY } = process.stdout;
    try {
      process.stdout.isTTY = true;
      vi.stubEnv("NO_COLOR", "");
      expect(await out()).toContain(ESCAPE);
      expect(await out("--no-color")).not.toContain(ESCAPE);
      vi.stubEnv("NO_COLOR", "1");
      expect(await out()).not.toContain(ESCAPE);
      expect(await out("--color")).toContain(ESCAPE);
    } finally {
      process.stdout.isTTY = isTTY;
    }
  });

  it("tells notes on the inputs on standard error, none with -q, more with -v", async () => {
    const conflict = folder({ "d.txt": "(XEN) Xen version 4.14.6 (x) debug=n\n(XEN) Command line: loglvl=all\n" });
    try {
      const args = ["plan", ...INPUTS, join(conflict.path, "d.txt"), "--no-advice"];
      const [normal, quiet, verbose] = [
        await physmap(...args),
        await physmap(...args, "-q"),
        await physmap(...args, "-v"),
      ];
      expect(normal.err).toMatch(/^conflict: xenVersion/m);
      expect(quiet.err).toBe("");
      expect(verbose.err.length).toBeGreaterThanOrEqual(normal.err.length);
      expect(verbose.out).toContain("setEntries");
      expect(normal.out).not.toContain("conflict:");
    } finally {
      conflict.remove();
    }
  });

  it("says nothing to the terminal that an input wrote for it", async () => {
    const { code, err } = await physmap("run", file("escape.json"));
    expect(code).toBe(2);
    expect(err).toMatch(/^physmap: .*escape\.json: not JSON[^\n]*\n$/);
    expect(err.trimEnd()).not.toMatch(/\p{Cc}/u);
  });

  it("explains itself to a newcomer", async () => {
    const { out } = await physmap();
    for (const word of ["Usage: physmap", "plan", "compare", "why", "run", "collect", "lspci -vvvnn"])
      expect(out).toContain(word);
    for (const command of ["plan", "compare", "why", "run", "collect"])
      expect((await physmap(command, "--help")).out).toContain("Examples:");
  });
});

describe("endOnClosedPipe", () => {
  it("ends quietly when the reader has gone, and throws anything else", () => {
    const stream = new EventEmitter();
    const end = vi.fn();
    endOnClosedPipe([stream], end);
    stream.emit("error", Object.assign(new Error("write EPIPE"), { code: "EPIPE" }));
    expect(end).toHaveBeenCalledTimes(1);
    expect(() => stream.emit("error", Object.assign(new Error("no space"), { code: "ENOSPC" }))).toThrow("no space");
  });
});
