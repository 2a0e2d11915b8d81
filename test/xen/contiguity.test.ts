/** Contiguity markers: both examples of xen-mapping.md 7.8 as they stand, and the meaning of a marker. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  COMPLETE,
  initMarkers,
  type MarkerPlace,
  type StoredKind,
  updateMarkers,
} from "../../src/xen/iommu/contiguity.ts";

const VTD: MarkerPlace = { word: 1, shift: 20 };
const AMD: MarkerPlace = { word: 0, shift: 1 };
const PLACES = [
  ["VT-d", VTD],
  ["AMD-Vi", AMD],
] as const;
const BASE = 0x40000;

const markerOf = (words: Uint32Array, i: number, place: MarkerPlace) =>
  (words[2 * i + place.word]! >>> place.shift) & 15;
const markers = (words: Uint32Array, place: MarkerPlace) =>
  Array.from({ length: 512 }, (_, i) => markerOf(words, i, place));
const zeros = (i: number) => (i === 0 ? 9 : 31 - Math.clz32(i & -i));
const FRESH = Array.from({ length: 512 }, (_, i) => zeros(i));
/** A fresh table's markers with some replaced. */
const but = (changes: Record<number, number>) => FRESH.map((m, i) => changes[i] ?? m);

function fresh(place: MarkerPlace): Uint32Array {
  const words = new Uint32Array(1024);
  initMarkers(words, place);
  return words;
}
/** Present bit 0, frame in 51:12. */
const leaf = (words: Uint32Array, i: number, frame: number, place: MarkerPlace): number => {
  words[2 * i] = ((frame << 12) | (place === VTD ? 3 : 1)) >>> 0;
  words[2 * i + 1] = frame >>> 20;
  return updateMarkers(words, i, 1, "leaf", place);
};
const clear = (words: Uint32Array, i: number, place: MarkerPlace): number => {
  words[2 * i] = 0;
  words[2 * i + 1] = 0;
  return updateMarkers(words, i, 1, "empty", place);
};
const isComplete = (answer: number) => (answer & COMPLETE) !== 0;

describe.each(PLACES)("worked examples, %s", (_, place) => {
  it("fills a table in ascending order: 1,023 stores, complete at the last", () => {
    const words = fresh(place);
    expect(markers(words, place)).toEqual(FRESH);
    const rows: readonly Record<number, number>[] = [{ 0: 0 }, { 0: 1 }, { 0: 1, 2: 0 }, { 0: 2 }];
    let stores = 0;
    for (let i = 0; i < 512; i++) {
      const answer = leaf(words, i, BASE + i, place);
      expect(isComplete(answer)).toBe(i === 511);
      stores += answer & ~COMPLETE;
      const row = rows[i];
      if (row) expect(markers(words, place)).toEqual(but(row));
      if (i === 255) expect(markerOf(words, 0, place)).toBe(8);
    }
    expect(markers(words, place)).toEqual(FRESH);
    expect(stores).toBe(1023);
  });

  it("stores entry 5 into an empty table and takes it away again", () => {
    const words = fresh(place);
    expect(isComplete(leaf(words, 5, BASE + 5, place))).toBe(false);
    expect(markers(words, place)).toEqual(but({ 0: 2, 4: 0, 5: 0, 6: 1 }));
    expect(isComplete(clear(words, 5, place))).toBe(true);
    expect(markers(words, place)).toEqual(FRESH);
  });

  it("ends early for a leaf whose place disagrees with its address, and for a table", () => {
    const words = fresh(place);
    for (let i = 0; i < 512; i++) expect(isComplete(leaf(words, i, BASE + i + 1, place))).toBe(false);
    const other = fresh(place);
    other[14] = 0x1000 | (place === VTD ? 3 : 1);
    other[15] = 0;
    expect(updateMarkers(other, 7, 2, "table", place)).toBe(3);
    expect(markers(other, place)).toEqual(but({ 0: 2, 4: 1, 6: 0, 7: 0 }));
  });
});

/** What a marker claims: 2^m entries all empty, or leaves with the same flags and consecutive, aligned addresses. */
function holds(words: Uint32Array, i: number, place: MarkerPlace): boolean {
  const marker = markerOf(words, i, place);
  if (marker > zeros(i)) return false;
  const raw = (j: number): bigint => {
    const mask = 15n << BigInt(place.shift + 32 * place.word);
    return ((BigInt(words[2 * j + 1]!) << 32n) | BigInt(words[2 * j]!)) & ~mask;
  };
  const first = raw(i);
  if (first !== 0n && marker > 0 && ((first >> 12n) & 0xffffffffffn) % BigInt(2 ** marker) !== 0n) return false;
  for (let j = 1; j < 2 ** marker; j++)
    if (raw(i + j) !== (first === 0n ? 0n : first + BigInt(j) * 4096n)) return false;
  return true;
}

const operation = fc.oneof(
  fc.record({
    from: fc.integer({ min: 0, max: 511 }),
    count: fc.constantFrom(1, 2, 4, 16, 64, 512),
    kind: fc.constantFrom<StoredKind>("leaf", "empty"),
    shift: fc.constantFrom(0, 0, 0, 1, 512),
  }),
);

describe.each(PLACES)("any stores, %s", (_, place) => {
  it("leave markers that hold; complete means all alike; clearing the empty changes nothing", () => {
    fc.assert(
      fc.property(fc.array(operation, { maxLength: 12 }), (operations) => {
        const words = fresh(place);
        for (const { from, count, kind, shift } of operations)
          for (let i = from; i < Math.min(512, from + count); i++) {
            const before = words.slice();
            const wasEmpty = (words[2 * i]! & ~0x1e) === 0;
            const answer = kind === "leaf" ? leaf(words, i, BASE + i + shift, place) : clear(words, i, place);
            if (kind === "empty" && wasEmpty && words.some((word, j) => word !== before[j]))
              throw new Error(`entry ${i}`);
            if (isComplete(answer) !== (markerOf(words, 0, place) === 9)) throw new Error(`entry ${i}`);
          }
        expect(Array.from({ length: 512 }, (_, i) => i).filter((i) => !holds(words, i, place))).toEqual([]);
      }),
      { numRuns: 30 },
    );
  });
});
