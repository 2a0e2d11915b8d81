import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Mfn } from "../../src/address.ts";
import { SimulatedMemory } from "../../src/memory/simulated.ts";

const BASE = 0x12345 as Mfn;

describe("SimulatedMemory", () => {
  it("hands out zeroed frames that are its own, and counts them, whatever is freed in between", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.constant(-1), fc.nat(600)), { maxLength: 60 }), (steps) => {
        const memory = new SimulatedMemory(BASE);
        const live: Mfn[] = [];
        for (const step of steps) {
          if (step >= 0 && live.length > 0) memory.free(live.splice(step % live.length, 1)[0]!);
          else {
            const mfn = memory.allocate();
            expect(live).not.toContain(mfn);
            expect(memory.words(mfn).every((word) => word === 0)).toBe(true);
            memory.words(mfn).fill(mfn);
            live.push(mfn);
          }
          expect(memory.allocated).toBe(live.length);
        }
        for (const mfn of live) expect(memory.frame(mfn)!.every((word) => word === mfn)).toBe(true);
      }),
      { numRuns: 50 },
    );
  });

  it("counts upwards from its base across slabs, and reuses the frame freed last", () => {
    const memory = new SimulatedMemory(BASE);
    const frames = Array.from({ length: 1025 }, () => memory.allocate());
    expect(frames[0]).toBe(BASE);
    expect(frames[1024]).toBe(BASE + 1024);
    memory.free(frames[3]!);
    memory.free(frames[700]!);
    expect(memory.allocate()).toBe(frames[700]);
    expect(memory.allocate()).toBe(frames[3]);
    expect(memory.allocate()).toBe(BASE + 1025);
  });

  it("reads no frame that is free or not its own", () => {
    const memory = new SimulatedMemory(BASE);
    const mfn = memory.allocate();
    memory.free(mfn);
    expect(memory.frame(mfn)).toBeUndefined();
    expect(memory.frame((BASE - 1) as Mfn)).toBeUndefined();
    expect(() => memory.words(mfn)).toThrow("frame 0x12345 is not allocated");
    expect(() => memory.free(mfn)).toThrow(RangeError);
    expect(memory.allocated).toBe(0);
  });

  it("holds runs of described frames that can be looked at, freed one by one, from either end and as a whole", () => {
    const step = fc.record({
      what: fc.constantFrom("look", "free", "describe", "freeRun"),
      at: fc.nat(39),
      count: fc.nat(40),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), (steps) => {
        const memory = new SimulatedMemory(BASE);
        const word = (value: number) => ({
          allocates: 0,
          fill: (arena: Uint32Array, first: number) => void arena.fill(value, 2 * first, 2 * first + 1024),
        });
        memory.allocateDescribedRun(3, () => word(1));
        const first = memory.allocateDescribedRun(40, (i) => word(100 + i));
        const holds = new Map(Array.from({ length: 40 }, (_, i) => [i, 100 + i]));
        for (const { what, at, count } of steps) {
          const mfn = (first + at) as Mfn;
          const all = Array.from({ length: Math.min(count, 40 - at) }, (_, i) => at + i);
          if (what === "freeRun") {
            if (all.length === 0 || !all.every((i) => holds.has(i))) continue;
            memory.freeRun(mfn, all.length);
            for (const i of all) holds.delete(i);
          } else if (!holds.has(at)) expect(() => memory.free(mfn)).toThrow(RangeError);
          else if (what === "look") expect(memory.words(mfn)[7]).toBe(holds.get(at));
          else if (what === "describe") {
            memory.describe(mfn, word(500 + at));
            holds.set(at, 500 + at);
          } else {
            memory.free(mfn);
            holds.delete(at);
          }
          expect(memory.allocated).toBe(3 + holds.size);
        }
        for (let i = 0; i < 40; i++) expect(memory.frame((first + i) as Mfn)?.[9]).toBe(holds.get(i));
      }),
      { numRuns: 200 },
    );
  });

  it("gives back what it held: others get zeroed frames, and it says so when it is read", () => {
    const memory = new SimulatedMemory(BASE);
    const frames = Array.from({ length: 40 }, () => memory.allocate());
    for (const mfn of frames) memory.words(mfn).fill(7);
    const run = memory.allocateDescribedRun(5, () => ({
      allocates: 0,
      fill: (arena, first) => void arena.fill(9, 2 * first, 2 * first + 1024),
    }));
    memory.words((run + 1) as Mfn);
    memory.giveBack();
    expect([memory.allocated, memory.real]).toEqual([0, 0]);
    for (const mfn of [...frames, run, run + 1]) expect(() => memory.frame(mfn as Mfn)).toThrow("given back");
    const other = new SimulatedMemory(BASE);
    for (let i = 0; i < 60; i++) expect(other.words(other.allocate()).every((word) => word === 0)).toBe(true);
  });

  it("refuses more tables than it can number, in a sentence", () => {
    const memory = new SimulatedMemory(BASE);
    const mfn = memory.allocateDescribed({ allocates: 2 ** 21, fill: () => {} });
    expect(() => memory.frame(mfn)).toThrow("more than 8 GiB of page tables");
  });
});
