import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { collectTables, compressFrame, type SnapshotFrame, takeSnapshot } from "../../rig/snapshot.ts";
import type { Mfn } from "../../src/address.ts";
import { testRam } from "./memory.ts";

/** The contract's rules, read backwards. */
function expand(frame: SnapshotFrame): BigUint64Array {
  const entries = new BigUint64Array(512);
  for (const [key, value] of Object.entries(frame)) {
    const [first, last = first] = key.split("-").map(Number) as [number, number?];
    const [start, step] = typeof value === "string" ? [value, "0x0"] : value;
    const signed = step.startsWith("-") ? -BigInt(step.slice(1)) : BigInt(step);
    for (let i = first; i <= last; i++) entries[i] = BigInt(start) + BigInt(i - first) * signed;
  }
  return entries;
}

const words = (entries: BigUint64Array): Uint32Array => new Uint32Array(entries.buffer);
const table = (filled: Record<number, bigint>): Uint32Array => {
  const entries = new BigUint64Array(512);
  for (const [i, entry] of Object.entries(filled)) entries[Number(i)] = entry;
  return words(entries);
};

describe("compressFrame", () => {
  it("writes single entries with 16 digits and leaves zeros out", () => {
    expect(compressFrame(table({}))).toEqual({});
    expect(compressFrame(table({ 3: 0x67n, 511: 1n << 63n }))).toEqual({
      "3": "0x0000000000000067",
      "511": "0x8000000000000000",
    });
  });

  it("writes runs of three or more with a signed step", () => {
    expect(compressFrame(table({ 0: 0x3067n, 1: 0x2067n, 2: 0x1067n, 4: 7n, 5: 8n }))).toEqual({
      "0-2": ["0x0000000000003067", "-0x1000"],
      "4": "0x0000000000000007",
      "5": "0x0000000000000008",
    });
    const empty = words(new BigUint64Array(512).fill(1n << 63n));
    expect(compressFrame(empty)).toEqual({ "0-511": ["0x8000000000000000", "0x0"] });
  });

  it("never counts a zero entry to a run", () => {
    expect(compressFrame(table({ 0: 3n, 1: 2n, 2: 1n }))["0-2"]).toEqual(["0x0000000000000003", "-0x1"]);
  });

  it("loses nothing", () => {
    const entry = fc.oneof(fc.constantFrom(0n, 1n, 2n, 3n, 1n << 63n), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }));
    const runs = fc.array(fc.tuple(entry, fc.bigInt({ min: -4096n, max: 4096n }), fc.integer({ min: 1, max: 100 })), {
      maxLength: 20,
    });
    fc.assert(
      fc.property(runs, (parts) => {
        const entries = new BigUint64Array(512);
        let at = 0;
        for (const [first, step, length] of parts)
          for (let i = 0; i < length && at < 512; i++) entries[at++] = BigInt.asUintN(64, first + step * BigInt(i));
        expect(expand(compressFrame(words(entries)))).toEqual(entries);
      }),
      { numRuns: 200 },
    );
  });
});

describe("collectTables", () => {
  // NPT pointers are 0x…067 (page-table-formats.md 2).
  const npt = (mfn: number): bigint => BigInt(mfn * 4096 + 0x67);
  const root = { mfn: 1 as Mfn, format: "npt", levels: 4 } as const;

  it("follows pointers to every table and stops at leaves", () => {
    const ram = testRam(64);
    ram.put(4096, npt(2));
    ram.put(4096 + 8 * 511, npt(3));
    ram.put(2 * 4096, npt(4));
    // A leaf of 1 GiB beside it: bit 7.
    ram.put(2 * 4096 + 8, 0x40000000n | 0xe7n);
    ram.put(4 * 4096, npt(5));
    ram.put(5 * 4096, npt(6));
    const frames = new Map<Mfn, Uint32Array>();
    expect(collectTables(ram, root, frames)).toEqual([]);
    expect([...frames.keys()].sort()).toEqual([1, 2, 3, 4, 5]);
  });

  it("names tables that memory lacks and ends in a circle", () => {
    const ram = testRam(64);
    ram.put(4096, npt(1));
    ram.put(4096 + 8, npt(0x1234));
    const snapshot = takeSnapshot(ram, [{ domain: 1, what: "p2m", ...root }], { xen: "test" });
    expect(snapshot.source).toEqual({ xen: "test", missing: ["0x1234"] });
    expect(snapshot.roots).toEqual([{ domain: 1, what: "p2m", format: "npt", root: "0x1000", levels: 4 }]);
    expect(snapshot.frames).toEqual({ "0x1": { "0": "0x0000000000001067", "1": "0x0000000001234067" } });
  });
});
