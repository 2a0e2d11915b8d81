import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { main } from "../../src/cli/main.ts";
import { readTrace } from "../../src/plan/trace.ts";
import { plainStyle } from "../../src/report/style.ts";
import { traceText } from "../../src/report/trace-text.ts";

const folder = mkdtempSync(join(tmpdir(), "physmap-trace-"));
const LOG = join(folder, "xl-dmesg.txt");
const lines = [
  "(XEN) [    0.000000] Xen version 4.17.5 (Debian) (gcc) debug=n",
  "(XEN) [    0.100000] I/O virtualisation enabled",
  "(XEN) [    0.100000] Intel VT-d Shared EPT tables enabled.",
  ...Array.from({ length: 64 }, (_, i) => {
    const at = 0x8000 * i;
    const frames = `gfn=${(0x1000000 + at).toString(16)} mfn=${(0x38000000 + at).toString(16)} nr=${(0x200000 - at).toString(16)}`;
    return `(XEN) [   60.${String(i * 900).padStart(6, "0")}] memory_map:add: dom5 ${frames}`;
  }),
];
writeFileSync(LOG, lines.join("\n"));
const PCI = join(folder, "lspci.txt");
writeFileSync(
  PCI,
  [
    "82:00.0 3D controller [0302]: NVIDIA Corporation GP102GL [Tesla P40] [10de:1b38] (rev a1)",
    "\tRegion 1: Memory at 383800000000 (64-bit, prefetchable) [size=256M]",
    "\tKernel driver in use: pciback",
    "",
  ].join("\n"),
);

let out = "";
let err = "";
beforeEach(() => {
  out = "";
  err = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    err += String(text);
    return true;
  });
});
afterEach(() => {
  vi.restoreAllMocks();
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

describe("physmap trace", () => {
  it("prints requests, ranges and times within 80 columns", async () => {
    expect(await main(["trace", LOG])).toBe(0);
    expect(err).toBe("");
    expect(out).toContain("64 mapping messages in 1 request, Xen 4.17.5, stamps to 1 µs");
    expect(out).toContain("map    0x10_0000_0000 → 0x380_0000_0000  8 GiB  done");
    expect(out).toContain("64 calls: 4,096 × 2 MiB, 57 ms to the last call");
    expect(out).toMatch(/map +64 × 2 MiB +63 +57 ms +900 µs/);
    for (const line of out.split("\n").slice(1)) expect(line.length).toBeLessThanOrEqual(80);
  });

  it("prints a document with --json", async () => {
    expect(await main(["trace", LOG, "--json"])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ physmap: 1, kind: "trace", xen: "4.17.5", requests: [{ calls: 64 }] });
  });

  it("calibrates, and plan and compare take it", async () => {
    const costs = join(folder, "costs.json");
    expect(await main(["trace", LOG, "--calibrate", costs, "-q"])).toBe(0);
    expect(JSON.parse(readFileSync(costs, "utf8"))).toMatchObject({ kind: "calibration", from: { iommu: "shared" } });
    out = "";
    expect(await main(["plan", PCI, "--xen", "4.17.5", "--json", "-q", "--calibration", costs])).toBe(0);
    const { time, boot } = JSON.parse(out) as Record<string, { calibration?: string; time?: { calibration: string } }>;
    expect([time?.calibration, boot?.time?.calibration]).toEqual(Array(2).fill("xl-dmesg.txt (Xen 4.17.5, intel)"));
    out = "";
    expect(await main(["compare", PCI, "--with", "xen=4.17.5", "--json", "-q", "--calibration", costs])).not.toBe(2);
    expect(out).toContain('"calibration": "xl-dmesg.txt (Xen 4.17.5, intel)"');
  });

  it("prints the calibration with -, and nothing else", async () => {
    expect(await main(["trace", LOG, "--calibrate", "-", "-q", "--xen", "4.17.2"])).toBe(0);
    expect(JSON.parse(out)).toMatchObject({ kind: "calibration", from: { xen: "4.17.2" } });
  });

  it.each([
    ["a log without messages", ["trace", PCI], "guest_loglvl=all"],
    ["a log that is not there", ["trace", join(folder, "none")], "cannot read"],
    ["inputs without --calibrate", ["trace", LOG, PCI], "--calibrate"],
    ["a folder that is not there", ["trace", LOG, "-q", "--calibrate", join(folder, "no", "x.json")], "cannot write"],
    ["a wrong release", ["trace", LOG, "--calibrate", "-", "--xen", "9.9"], "9.9"],
    ["no calibration", ["plan", PCI, "--calibration", PCI], "not JSON"],
    ["another document", ["plan", PCI, "--calibration", join(folder, "other.json")], "not a calibration"],
  ])("refuses %s with one line", async (_, args, why) => {
    writeFileSync(join(folder, "other.json"), "{}");
    expect(await main(args)).toBe(2);
    expect(err).toContain(why);
    expect(err.trim().split("\n")).toHaveLength(1);
    expect(out).toBe("");
  });
});

describe("traceText", () => {
  it("shows failures, undo, losses and pieces, and obeys no escape sequence of the log", () => {
    const text = traceText(
      readTrace(
        [
          "(XEN) memory_map:add: d3 gfn=1000000 mfn=202000000 nr=40000",
          "(XEN) memory_map:add: d3 gfn=1018000 mfn=202018000 nr=28000",
          "(XEN) memory_map:fail: d3 gfn=1018000 mfn=202018000 nr=28000 ret:-12",
          "(XEN) memory_map:remove: d3 gfn=1000000 mfn=202000000 nr=40000",
          "(XEN) memory_map:add: d4 gfn=10001f6 mfn=2020001f6 nr=20a",
          "(XEN) memory_map:\u001b[2J",
        ].join("\n"),
        "console.log",
      ),
      plainStyle(),
      true,
    );
    expect(text).toContain("failed after 384 MiB (-12, ENOMEM)");
    expect(text).toContain("undo   0x10_0000_0000");
    expect(text).toContain("2 not in the log");
    expect(text).toContain("1 × 2 MiB + 10 × 4 KiB");
    expect(text).toContain("the log has no end of it");
    expect(text.replaceAll("\n", "")).not.toMatch(/\p{Cc}/u);
  });
});
