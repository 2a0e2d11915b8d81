import { describe, expect, it } from "vitest";
import { mutateBytes, mutateText, randomFrom } from "./mutate.ts";
import { fuzz } from "./run.ts";
import type { Target } from "./target.ts";
import { TARGETS } from "./targets.ts";

/** A slice of what npm run fuzz does. */
const CASES = Number(process.env.FUZZ_CASES ?? 200);

describe("every reader of foreign bytes and text, spoilt inputs", () => {
  it.each(TARGETS.map((target) => [target.name, target] as const))("%s", (_, target) => {
    const { failures, cases, read } = fuzz(target, CASES, 1);
    expect(failures).toEqual([]);
    expect(cases).toBe(CASES);
    expect(read).toBeGreaterThan(0);
  });
});

describe("the fuzzer", () => {
  const target = (mutated: Target["mutated"]): Target => ({ name: "x", weight: 1, mutated });

  it("makes the same inputs from the same seed, and others from another", () => {
    const sample = Uint8Array.from({ length: 64 }, (_, i) => i);
    const bytes = (seed: number) => [...mutateBytes(sample, 64, [sample], randomFrom(seed))].join();
    const text = (seed: number) => mutateText("gfn: 1 order: 9\nx", ["other"], randomFrom(seed));
    for (const make of [bytes, text]) {
      expect(make(7)).toBe(make(7));
      expect(new Set(Array.from({ length: 50 }, (_, i) => make(i))).size).toBeGreaterThan(30);
    }
  });

  it("counts what was read and refused, and keeps what was thrown with its seed", () => {
    const { failures, ...counts } = fuzz(
      target((random) => {
        const n = random(3);
        if (n === 2) throw new Error("no sentence");
        return n === 0 ? "read" : "refused";
      }),
      300,
      5,
      { mostFailures: 3 },
    );
    expect(counts.cases).toBe(300);
    expect(counts.read + counts.refused).toBeLessThan(300);
    expect(failures).toHaveLength(3);
    expect(failures[0]!.says).toContain("no sentence");
    const again = fuzz(
      target((random) => (random(3) === 2 ? "read" : "refused")),
      1,
      failures[0]!.seed,
    );
    expect(again.read).toBe(1);
  });

  it("names each case before it begins, and tells the slowest", () => {
    const begun: number[] = [];
    let now = 0;
    const { slowest } = fuzz(
      target((random) => {
        now += 1 + random(4);
        return "read";
      }),
      20,
      100,
      {
        begin: (seed) => begun.push(seed),
        clock: () => now,
      },
    );
    expect(begun).toEqual(Array.from({ length: 20 }, (_, i) => 100 + i));
    expect(slowest).toBe(4);
  });
});
