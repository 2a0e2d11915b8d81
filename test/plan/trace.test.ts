import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { makeTracer, readTrace } from "../../src/plan/trace.ts";
import { stamped } from "./trace-samples.ts";

const trace = (lines: readonly string[]) => readTrace(lines.join("\n"), "console.log");
const call = (event: string, gfn: number, nr: number, domain = "d3", mfn = gfn + 0x201000000): string =>
  `memory_map:${event}: ${domain} gfn=${gfn.toString(16)} mfn=${mfn.toString(16)} nr=${nr.toString(16)}`;
/** All lines of a request in equal steps. */
const steps = (event: string, gfn: number, pages: number, step: number, domain = "d3"): string[] =>
  Array.from({ length: Math.ceil(pages / step) }, (_, i) => call(event, gfn + i * step, pages - i * step, domain));
const xen = (line: string): string => `(XEN) ${line}`;
const BANNER = "(XEN) Xen version 4.17.3 (Debian) (gcc) debug=n";

describe("trace", () => {
  it("reads the sample of host-inputs.md 7: 2 MiB steps, half a millisecond each, cut", () => {
    const { requests, clock, times, lines } = trace([
      "(XEN) [  812.100200] memory_map:add: d3 gfn=1000000 mfn=202000000 nr=1000000",
      "(XEN) [  812.100900] memory_map:add: d3 gfn=1008000 mfn=202008000 nr=ff8000",
      "(XEN) [  812.101500] memory_map:add: d3 gfn=1010000 mfn=202010000 nr=ff0000",
    ]);
    expect(requests).toMatchObject([
      {
        operation: "map",
        gfn: "0x1000000",
        mfn: "0x202000000",
        pages: 0x1000000,
        start: "unknown",
        outcome: "unfinished",
        done: 0x10000,
        calls: 3,
        lost: 0,
        entries: { "4k": 0, "2m": 128 },
        timed: 2,
      },
    ]);
    expect(requests[0]!.seconds).toBeCloseTo(0.0013, 9);
    expect(clock).toEqual({ style: "boot", resolution: 1e-6, unit: "s" });
    expect(times).toMatchObject([{ operation: "map", entries: "64x2m", calls: 2, requests: 1 }]);
    // Percentiles are within 1 %.
    expect(Math.abs(times[0]!.low / 0.0006 - 1)).toBeLessThan(0.01);
    expect(Math.abs(times[0]!.high / 0.0007 - 1)).toBeLessThan(0.01);
    expect(lines).toEqual({ read: 3, unread: 0, repeated: 0, reordered: 0, lost: 0 });
  });

  it("reads worked example A: 32 GiB in 256 calls of 2 MiB entries, or 131,072 of 4 KiB (xen-mapping.md 10.7)", () => {
    const large = trace([BANNER, ...steps("add", 0x1000000, 0x800000, 0x8000).map(xen)]);
    expect(large.requests).toMatchObject([
      { outcome: "done", calls: 256, entries: { "4k": 0, "2m": 16_384 }, done: 0x800000, start: "seen" },
    ]);
    const tracer = makeTracer("big");
    tracer.line(BANNER, 1);
    for (let i = 0; i < 131_072; i++) tracer.line(xen(call("add", 0x1000000 + 64 * i, 0x800000 - 64 * i)), i + 2);
    expect(tracer.end().requests).toMatchObject([
      { outcome: "done", calls: 131_072, entries: { "4k": 8_388_608, "2m": 0 }, morePieces: 0 },
    ]);
  });

  it("sees a failure, the undo after it, and the second attempt", () => {
    const { requests, ranges } = trace(
      [
        ...steps("add", 0x1000000, 0x40000, 0x8000).slice(0, 4),
        `${call("fail", 0x1018000, 0x28000)} ret:-12`,
        ...steps("remove", 0x1000000, 0x40000, 0x8000).slice(0, 4),
        "memory_map: error -22 removing d3 access to [202018000,20203ffff]",
        ...steps("add", 0x1000000, 0x40000, 0x8000),
      ].map(xen),
    );
    expect(requests).toMatchObject([
      { operation: "map", outcome: "failed", ret: -12, done: 0x18000, calls: 4, entries: { "4k": 0, "2m": 192 } },
      { operation: "unmap", undo: true, outcome: "failed", ret: -22, done: 0x18000 },
      { operation: "map", outcome: "done", done: 0x40000 },
    ]);
    expect(ranges).toEqual([
      {
        boot: 1,
        domain: 3,
        gfn: "0x1000000",
        mfn: "0x202000000",
        pages: 0x40000,
        mapped: 2,
        unmapped: 0,
        mapFailed: 1,
        undone: 1,
      },
    ]);
  });

  it("keeps boots apart, whose domain numbers begin anew", () => {
    const lines = steps("add", 0x1000000, 0x10000, 0x8000).map(xen);
    const { boots, ranges } = trace([BANNER, ...lines, BANNER, ...lines]);
    expect(boots).toBe(2);
    expect(ranges.map(({ boot, mapped }) => [boot, mapped])).toEqual([
      [1, 1],
      [2, 1],
    ]);
  });

  it("takes a clock that goes back for another boot", () => {
    const at = (start: number) => steps("add", 0x1000000, 0x10000, 0x8000).map((line, i) => stamped(line, start + i));
    const { boots, requests, notes } = trace([...at(900e6), ...at(60e6 + 1)]);
    expect([boots, requests.length]).toEqual([2, 2]);
    expect(notes.map(({ kind }) => kind)).toContain("assumed");
  });

  it("reads Xen 4.6, whose calls name only their own 64 pages", () => {
    const lines = Array.from({ length: 512 }, (_, i) => xen(call("add", 0x1000000 + 64 * i, 64, "dom3")));
    const { requests } = trace(["(XEN) Xen version 4.6.0 (x) debug=n", ...lines]);
    expect(requests).toMatchObject([
      { pages: 0x8000, calls: 512, outcome: "done", entries: { "4k": 0x8000, "2m": 0 } },
    ]);
  });

  it("says how much of a beginning is lost when a later request shows the whole", () => {
    const all = steps("add", 0x1000000, 0x40000, 0x8000);
    const { requests, ranges } = trace(
      [...all.slice(3), ...steps("remove", 0x1000000, 0x40000, 0x8000), ...all].map(xen),
    );
    expect(requests.map(({ start }) => start)).toEqual(["lost", "seen", "seen"]);
    expect(ranges).toMatchObject([{ gfn: "0x1000000", mapped: 2, unmapped: 1 }]);
  });

  it("a piece behind an MSI-X hole is a range of its own", () => {
    const { ranges } = trace(
      [
        call("add", 0x1000000, 0x400),
        call("remove", 0x1000000, 0x400),
        call("add", 0x1000003, 0x3fd),
        ...steps("add", 0x1000043, 0x3bd, 64),
      ].map(xen),
    );
    expect(ranges.map(({ gfn }) => gfn)).toEqual(["0x1000000", "0x1000003"]);
  });

  it("mends a count that lost its last digits, and says so", () => {
    const lines = steps("add", 0x1000000, 0x40000, 0x8000).map(xen);
    lines[3] = lines[3]!.slice(0, -2);
    const { requests, notes } = trace([BANNER, ...lines]);
    expect(requests).toMatchObject([{ pages: 0x40000, calls: 8, lost: 0, outcome: "done" }]);
    expect(notes).toMatchObject([{ kind: "assumed", from: { file: "console.log", line: 5 } }]);
  });

  it("keeps a small mapping inside a larger one apart, though its count begins as what was left would", () => {
    const at = (inside: number) => [
      call("add", 0x4000000, 0x800, "d1", 0x4000000),
      call("add", 0x4000000 + inside, 7, "d1", 0x4000000 + inside),
    ];
    for (const inside of [0x10, 0x40]) {
      const { requests, notes } = trace([BANNER, ...at(inside).map(xen)]);
      expect(requests).toMatchObject([
        { gfn: "0x4000000", pages: 0x800, calls: 1, outcome: "done", entries: { "4k": 0, "2m": 4 } },
        { pages: 7, calls: 1, outcome: "done", entries: { "4k": 7, "2m": 0 } },
      ]);
      expect(notes).toEqual([]);
    }
  });

  it("mends a cut count in 4 KiB steps too, where 2 MiB entries were possible", () => {
    const lines = steps("add", 0x1000000, 0x800, 0x40).map(xen);
    lines[3] = lines[3]!.slice(0, -1);
    const { requests } = trace([BANNER, ...lines]);
    expect(requests).toMatchObject([{ pages: 0x800, calls: 32, lost: 0, outcome: "done" }]);
  });

  it("puts a few unstamped lines back into their place", () => {
    const lines = steps("add", 0x1000000, 0x80000, 0x8000).map(xen);
    [lines[4], lines[6]] = [lines[6]!, lines[4]!];
    [lines[0], lines[1]] = [lines[1]!, lines[0]!];
    const { requests, lines: counts } = trace([BANNER, ...lines]);
    expect(requests).toMatchObject([{ calls: 16, lost: 0, outcome: "done", pages: 0x80000 }]);
    expect(counts.reordered).toBeGreaterThan(0);
  });

  it("does not call a mapping done when the log ends after 4 KiB steps where 2 MiB were possible", () => {
    const { requests } = trace([BANNER, ...steps("add", 0x1000000, 0x10000, 0x40).slice(0, 513).map(xen)]);
    expect(requests).toMatchObject([{ outcome: "unknown", done: 0x8000, entries: { "4k": 0x8000, "2m": 0 } }]);
  });

  it("raw counter stamps order lines and time nothing", () => {
    const lines = steps("add", 0x1000000, 0x40000, 0x8000).map(
      (line, i) => `(XEN) [${(0x1000 + i).toString(16).padStart(16, "0")}] ${line}`,
    );
    const { clock, times, requests } = trace(lines);
    expect(clock?.style).toBe("counter");
    expect(times).toEqual([]);
    expect(requests[0]!.seconds).toBeNull();
    const later = steps("add", 0x2000000, 0x40000, 0x8000).map((line, i) => stamped(line, 60e6 + i));
    expect(trace([...lines, ...later])).toMatchObject({ clock: { style: "boot" }, times: [{ calls: 7 }] });
  });

  it("tells of crashes, of guests that imitate, and of lines that nobody can read", () => {
    const { notes, lines } = trace([
      xen(call("add", 0x1000000, 0x40)),
      `(d3) ${call("add", 0x2000000, 0x40)}`,
      "(XEN) memory_map:add: d3 gf",
      "(XEN) d3: GFN 0x1000000 (0x5678,9,3,7) -> (0x9abc,0,5,7) not permitted",
      "(XEN) memory_map: error -22 removing d3 access to [1,2]",
    ]);
    expect(notes.map(({ kind }) => kind)).toEqual(["unread", "unread", "info", "missing"]);
    expect(lines).toMatchObject({ read: 2, unread: 2 });
  });

  it("keeps within bounds on a log of nothing but beginnings", () => {
    const many = Array.from({ length: 10_500 }, (_, i) => xen(call("add", 0x1000 * (i + 1), 0x40, `d${i % 3000}`)));
    const { requests, notes } = trace(many);
    expect(requests.length).toBe(10_000);
    expect(notes.some(({ says }) => says.startsWith("500 more requests"))).toBe(true);
  });

  it("never throws, and counts every line, on any mixture", () => {
    const line = fc
      .record({
        event: fc.constantFrom("add", "remove", "fail"),
        gfn: fc.integer({ min: 0, max: 20 }).map((n) => n * 0x40),
        nr: fc.integer({ min: 1, max: 20 }).map((n) => n * 0x40),
        micros: fc.option(fc.integer({ min: 0, max: 1e7 })),
      })
      .map(({ event, gfn, nr, micros }) => {
        const text = `${call(event, gfn, nr)}${event === "fail" ? " ret:-12" : ""}`;
        return micros === null ? xen(text) : stamped(text, micros);
      });
    fc.assert(
      fc.property(
        fc.array(fc.oneof({ weight: 9, arbitrary: line }, { weight: 1, arbitrary: fc.constant(BANNER) })),
        (lines) => {
          const document = trace(lines);
          expect(document.lines.read + document.lines.repeated).toBeGreaterThanOrEqual(
            lines.filter((text) => text !== BANNER).length,
          );
          for (const { pages, done, calls } of document.requests) {
            expect(done).toBeLessThanOrEqual(pages);
            expect(calls).toBeGreaterThanOrEqual(1);
          }
          expect(JSON.parse(JSON.stringify(document))).toEqual(document);
        },
      ),
      { numRuns: 100 },
    );
  });
});
