import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hex } from "../../src/address.ts";
import { readTrace } from "../../src/plan/trace.ts";
import type { TraceDocument, TraceRequest } from "../../src/plan/trace-document.ts";
import { ANY_MFN, request, stamped, type TrueRequest, tracedDomain } from "./trace-samples.ts";

const BANNER = "(XEN) [    0.000000] Xen version 4.17.3 (x) (gcc) debug=n";

const mapping = fc.record({
  slot: fc.integer({ min: 0, max: 5 }),
  gfnOffset: fc.constantFrom(0, 0, 0, 1, 0x40, 511),
  skew: fc.constantFrom(0, 0, 0, 1, 256),
  pages: fc.constantFrom(1, 63, 64, 65, 130, 511, 512, 513, 1024, 5000, 0x4000, 0x8000, 0x8001, 0x18000),
  again: fc.constantFrom("unmap", "no", "remap"),
});

const scenario = fc.record({
  xen: fc.constantFrom("4.7", "4.11", "4.12", "4.17", "4.22"),
  cpu: fc.constantFrom("intel" as const, "amd" as const),
  pools: fc.tuple(fc.constantFrom(3, 8, 1000), fc.constantFrom(2, 5, 1000)),
  mappings: fc.tuple(fc.array(mapping, { minLength: 1, maxLength: 4 }), fc.array(mapping, { maxLength: 3 })),
  picks: fc.infiniteStream(fc.nat(7)),
});
type Sample = typeof scenario extends fc.Arbitrary<infer T> ? T : never;

/** Runs the mappings on the model, two domains. `once`: every range once, so that no two requests look alike. */
function truthOf({ xen, cpu, pools, mappings }: Sample, once: boolean): TrueRequest[][] {
  return mappings.map((list, d) => {
    const domain = tracedDomain(xen, cpu, d + 3, pools[d]!);
    const slots = new Set<number>();
    return list.flatMap(({ slot, gfnOffset, skew, pages: asked, again }) => {
      if (slots.has(slot)) return [];
      slots.add(slot);
      // The model's 4 KiB mappings are many lines: keep them short.
      const pages = skew !== 0 || xen === "4.7" || xen === "4.11" ? Math.min(asked, 0x1fff) : asked;
      const gfn = 0x100000 * (slot + 1) + gfnOffset;
      const mfn = ANY_MFN + 0x100000 * slot + gfnOffset + skew;
      const first = request(domain, gfn, mfn, pages, true);
      if (once || again === "no" || first.length > 1) return first;
      const second = request(domain, gfn, mfn, pages, false);
      return again === "unmap"
        ? [...first, ...second]
        : [...first, ...second, ...request(domain, gfn, mfn, pages, true)];
    });
  });
}

/** Both domains' lines in one log, each in its own order, a few microseconds apart. */
function interleave(
  truth: readonly (readonly TrueRequest[])[],
  picks: Iterator<number>,
  scale = 1,
): { line: string; micros: number }[] {
  const queues = truth.map((list) => list.flatMap(({ lines }) => lines));
  const log: { line: string; micros: number }[] = [];
  let micros = 60e6;
  while (queues.some((queue) => queue.length > 0)) {
    const pick = picks.next().value!;
    const queue = queues[pick % 2]!.length > 0 ? queues[pick % 2]! : queues[1 - (pick % 2)]!;
    micros += scale * (1 + pick);
    log.push({ line: queue.shift()!, micros });
  }
  return log;
}

const traced = (lines: readonly { line: string; micros: number }[], stamps = true): TraceDocument =>
  readTrace(
    [BANNER, ...lines.map(({ line, micros }) => (stamps ? stamped(line, micros) : `(XEN) ${line}`))].join("\n"),
    "log",
  );

const summary = (row: TraceRequest): unknown => [
  row.operation,
  row.gfn,
  row.mfn,
  row.pages,
  row.start,
  row.ret,
  row.done,
  row.calls,
  row.lost,
  row.entries,
  row.undo === true,
];

const sum = (calls: TrueRequest["calls"], of: "pages" | "small" | "large"): number =>
  calls.reduce((total, call) => total + call[of], 0);

const truthSummary = (r: TrueRequest): unknown => [
  r.operation,
  hex(r.gfn),
  hex(r.mfn),
  r.pages,
  "seen",
  r.ret,
  sum(r.calls, "pages"),
  r.calls.length,
  0,
  { "4k": sum(r.calls, "small"), "2m": sum(r.calls, "large") },
  r.undo,
];

/** The last request of a domain may be taken for one that the log cuts off. */
const isUnknownAtEnd = (rows: readonly TraceRequest[], i: number): boolean =>
  i === rows.length - 1 && rows[i]!.outcome === "unknown";

describe("trace of a log that the model printed", () => {
  for (const stamps of [true, false])
    it(`tells exactly what was done: two domains, failures, undo, remapping (${stamps ? "with" : "without"} stamps)`, () => {
      fc.assert(
        fc.property(scenario, (sample) => {
          const truth = truthOf(sample, false);
          const trace = traced(interleave(truth, sample.picks[Symbol.iterator]()), stamps);
          expect(trace.lines).toMatchObject({ unread: 0, repeated: 0, lost: 0, reordered: 0 });
          for (const list of truth) {
            const rows = trace.requests.filter(({ domain }) => domain === list[0]?.domain);
            expect(rows.length).toBe(list.length);
            rows.forEach((row, i) => {
              if (isUnknownAtEnd(rows, i)) return;
              expect(summary(row)).toEqual(truthSummary(list[i]!));
              expect(row.outcome).toBe(list[i]!.ret === null ? "done" : "failed");
            });
          }
        }),
        { numRuns: 20 },
      );
    });

  it("is the same however a few lines changed places, when stamps are fine", () => {
    fc.assert(
      fc.property(scenario, fc.array(fc.nat(200), { maxLength: 20 }), (sample, swaps) => {
        const lines = interleave(truthOf(sample, false), sample.picks[Symbol.iterator]());
        const straight = traced(lines);
        const shuffled = [...lines];
        for (const at of swaps) {
          const i = at % shuffled.length;
          const j = Math.min(i + 1, shuffled.length - 1);
          [shuffled[i], shuffled[j]] = [shuffled[j]!, shuffled[i]!];
        }
        const place = ({ from: _from, to: _to, ...rest }: TraceRequest): unknown => rest;
        const byTime = (trace: TraceDocument): unknown[] =>
          trace.requests.map(place).sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
        expect(byTime(traced(shuffled))).toEqual(byTime(straight));
      }),
      { numRuns: 12 },
    );
  });

  it("is the same when every line stands twice, or the whole log does", () => {
    fc.assert(
      fc.property(scenario, fc.boolean(), (sample, whole) => {
        const lines = interleave(truthOf(sample, false), sample.picks[Symbol.iterator](), 10_000);
        const strip = ({ from: _from, to: _to, ...rest }: TraceRequest): unknown => rest;
        const twice = traced(whole ? [...lines, ...lines] : lines.flatMap((line) => [line, line]));
        expect(twice.requests.map(strip)).toEqual(traced(lines).requests.map(strip));
        expect(twice.lines.repeated).toBeGreaterThan(0);
        expect(twice.times).toEqual(traced(lines).times);
      }),
      { numRuns: 12 },
    );
  });

  it("whatever lines are lost, says nothing that is wrong: sure pieces are so, counts are at least so", () => {
    fc.assert(
      fc.property(
        scenario,
        fc.constantFrom(0.02, 0.2, 0.6),
        fc.infiniteStream(fc.double({ min: 0, max: 1, noNaN: true })),
        fc.boolean(),
        (sample, share, luck, stamps) => {
          const truth = truthOf(sample, true);
          const dice = luck[Symbol.iterator]();
          const all = interleave(truth, sample.picks[Symbol.iterator]());
          const trace = traced(
            all.filter(() => dice.next().value! >= share),
            stamps,
          );
          for (const row of trace.requests) {
            const real = truth
              .flat()
              .find(
                (r) =>
                  r.domain === row.domain &&
                  r.operation === row.operation &&
                  r.gfn + r.pages === Number(row.gfn) + row.pages &&
                  r.gfn - r.mfn === Number(row.gfn) - Number(row.mfn),
              )!;
            expect(real).toBeDefined();
            expect(row.pages).toBeLessThanOrEqual(real.pages);
            if (row.outcome !== "done") expect(row.calls).toBeLessThanOrEqual(real.calls.length);
            if (row.outcome === "failed") expect(row.ret).toBe(real.ret);
            for (const piece of row.pieces.filter(({ sure }) => sure)) {
              const from = Number(piece.gfn);
              const inside = real.calls.filter(({ gfn }) => gfn >= from && gfn < from + piece.pages);
              expect([sum(inside, "pages"), inside.length, sum(inside, "small"), sum(inside, "large")]).toEqual([
                piece.pages,
                piece.calls,
                piece.entries?.["4k"],
                piece.entries?.["2m"],
              ]);
            }
          }
          // A call that an error cut short ends anywhere: what is left of its request may look like a range of its own.
          const ranges = new Set(truth.flat().map((r) => `${r.domain} ${r.gfn + r.pages} ${r.gfn - r.mfn}`));
          const cutShort = truth.flat().filter((r) => r.ret !== null).length;
          expect(trace.ranges.length).toBeLessThanOrEqual(ranges.size + cutShort);
        },
      ),
      { numRuns: 40 },
    );
  });
});
