import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readMemoryMapLine } from "../../src/inventory/memory-map-log.ts";

const ADD = "memory_map:add: d3 gfn=1000000 mfn=202000000 nr=1000000";
const FRAMES = { gfn: 0x1000000, mfn: 0x202000000, pages: 0x1000000 };

describe("memory_map lines (xen-mapping.md 2.3)", () => {
  it.each([
    ["add, from the mid-2026 point releases on", ADD, { event: "add", domain: 3, ...FRAMES }],
    ["add, before", ADD.replace("d3", "dom3"), { event: "add", domain: 3, ...FRAMES }],
    ["remove", ADD.replace("add", "remove"), { event: "remove", domain: 3, ...FRAMES }],
    ["add failed", `${ADD.replace("add", "fail")} ret:-12`, { event: "fail", domain: 3, ...FRAMES, ret: -12 }],
    [
      "remove failed",
      "memory_map: error -22 removing dom7 access to [202000000,202ffffff]",
      { event: "remove-fail", domain: 7, mfn: 0x202000000, lastMfn: 0x202ffffff, ret: -22 },
    ],
    [
      "remove failed, later releases",
      "memory_map: error -22 removing d7 access to [40,7f]",
      { event: "remove-fail", domain: 7, mfn: 0x40, lastMfn: 0x7f, ret: -22 },
    ],
    [
      "protected entry",
      "d5: GFN 0x1234 (0x5678,9,3,7) -> (0x9abc,0,5,7) not permitted",
      { event: "conflict", domain: 5, gfn: 0x1234 },
    ],
    ["boot", "Xen version 4.17.3 (Debian 4.17.3) (gcc 12) debug=n", { event: "boot", version: "4.17.3" }],
  ])("reads: %s", (_, text, expected) => {
    expect(readMemoryMapLine(`(XEN) ${text}`, 9)).toMatchObject({ ...expected, line: 9 });
    expect(readMemoryMapLine(text, 9)).toMatchObject(expected);
  });

  it.each([
    ["seconds since boot", `(XEN) [  812.100200] ${ADD}`, { clock: "boot", value: 812_100_200, resolution: 1 }],
    ["five digits of seconds", `(XEN) [98765.000001] ${ADD}`, { clock: "boot", value: 98_765_000_001, resolution: 1 }],
    [
      "a date",
      `(XEN) [2024-03-01 10:20:30] ${ADD}`,
      { clock: "date", value: Date.UTC(2024, 2, 1, 10, 20, 30) * 1000, resolution: 1e6 },
    ],
    [
      "a date with milliseconds",
      `(XEN) [2024-03-01 10:20:30.250] ${ADD}`,
      { clock: "date", value: Date.UTC(2024, 2, 1, 10, 20, 30, 250) * 1000, resolution: 1e3 },
    ],
    ["a raw counter", `(XEN) [000000045a1f00c2] ${ADD}`, { clock: "counter", value: 0x45a1f00c2, resolution: 1 }],
    ["before the prefix", `[  812.100200] (XEN) ${ADD}`, { clock: "boot", value: 812_100_200, resolution: 1 }],
    [
      "a logger's, where the hypervisor has none",
      `2024-03-01T10:20:30.250000+00:00 host xen: (XEN) ${ADD}`,
      { clock: "date", value: Date.UTC(2024, 2, 1, 10, 20, 30, 250) * 1000, resolution: 1 },
    ],
    [
      "the hypervisor's, where a logger has one too",
      `2024-03-01T10:20:30+00:00 host xen: (XEN) [  812.100200] ${ADD}`,
      { clock: "boot", value: 812_100_200, resolution: 1 },
    ],
    ["none", `(XEN) ${ADD}`, null],
  ])("reads stamps: %s", (_, raw, at) => {
    expect(readMemoryMapLine(raw, 1)).toMatchObject({ event: "add", ...FRAMES, at });
  });

  it.each([
    ["cut off in the middle", "(XEN) memory_map:add: d3 gfn=1000000 mfn=2020"],
    ["another line in it", `(XEN) memory_map:add: d3 gfn=10000(XEN) ${ADD}`],
    ["a fail without its error", `(XEN) ${ADD.replace("add", "fail")}`],
    ["an add with an error", `(XEN) ${ADD} ret:-12`],
    ["a count of zero", "(XEN) memory_map:add: d3 gfn=1 mfn=1 nr=0"],
    ["frames that no address has", "(XEN) memory_map:add: d3 gfn=ffffffffffffffff mfn=1 nr=1"],
    ["an unknown event", "(XEN) memory_map:move: d3 gfn=1 mfn=1 nr=1"],
    ["a guest's imitation", `(d3) ${ADD}`],
    ["a guest's imitation with a prefix", `(XEN) (d3) (XEN) ${ADD}`],
  ])("is not silent about: %s", (_, raw) => {
    expect(readMemoryMapLine(raw, 1)?.event).toBe("unread");
  });

  it("passes over other lines", () => {
    for (const text of ["", "(XEN) I/O virtualisation enabled", "(d3) Xen version 4.0", "operation not permitted"])
      expect(readMemoryMapLine(text, 1)).toBeNull();
  });

  it("never throws, shows no control characters and keeps to exact frames, whatever the text", () => {
    const word = fc.constantFrom(
      "memory_map",
      ":add: ",
      "d3 ",
      "gfn=",
      "mfn=",
      "nr=",
      "ff",
      "(XEN) ",
      "[",
      "1.5] ",
      "\u001b[2J",
      "-1",
    );
    const text = fc
      .array(fc.oneof(word, fc.string({ maxLength: 5 })), { maxLength: 14 })
      .map((parts) => parts.join(""));
    fc.assert(
      fc.property(text, (raw) => {
        const read = readMemoryMapLine(raw, 1);
        if (read?.event === "unread") expect(read.says).not.toMatch(/\p{Cc}/u);
        if (read !== null && "pages" in read) expect(Number.isSafeInteger(read.gfn + read.pages)).toBe(true);
        if (raw.includes("memory_map")) expect(read).not.toBeNull();
      }),
      { numRuns: 500 },
    );
  });

  it("reads a line of megabytes without looking at all of it", () => {
    expect(readMemoryMapLine(`(XEN) memory_map:add: ${"f".repeat(4e6)}`, 1)?.event).toBe("unread");
  });
});
