import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DEFAULT_PLACE, linkOf, type Place, placeOf } from "../../web/state/link.ts";

const word = fc.string({ minLength: 1, maxLength: 30 });
const change = fc.tuple(
  fc.constantFrom("xen", "cmdline", "bar-address"),
  fc.string({ maxLength: 60, unit: "grapheme" }),
);

const anyPlace: fc.Arbitrary<Place> = fc.record({
  source: fc.oneof(
    fc.constantFrom("p40", "eight-gpus").map((name) => ({ kind: "example" as const, name })),
    fc
      .array(fc.record({ name: word, text: fc.string({ maxLength: 400, unit: "grapheme" }) }), {
        minLength: 1,
        maxLength: 4,
      })
      .map((texts) => ({ kind: "own" as const, texts, files: [] })),
  ),
  changes: fc.array(change, { maxLength: 5 }),
  against: fc.array(change, { maxLength: 2 }),
  roots: fc.array(fc.constantFrom("ept:0x1000:4", "vtd:0x2000:3"), { maxLength: 2 }),
  space: fc.integer({ min: 0, max: 9 }),
  tree: fc.constantFrom("p2m" as const, "iommu" as const),
  view: fc.option(
    fc.record({
      from: fc.integer({ min: 0, max: 2 ** 36 }).map((n) => n + 0.25),
      pages: fc.integer({ min: 1, max: 2 ** 36 }),
    }),
  ),
  selected: fc.option(fc.integer({ min: 0, max: 2 ** 36 })),
  clock: fc.option(fc.integer({ min: 0, max: 10 ** 14 })),
});

describe("links", () => {
  test("say everything that the state holds, whatever it holds", () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        expect(placeOf(`#${linkOf(place)}`)).toEqual(place);
      }),
    );
  });

  test("carry letters that a URL takes, and no others", () => {
    fc.assert(
      fc.property(anyPlace, (place) => {
        expect(linkOf(place)).toMatch(/^[\w.~!*'()%=&-]*$/);
      }),
    );
  });

  test("of somebody else's making open something, and never fail", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 300 }), (text) => {
        const place = placeOf(text);
        expect(["example", "own", "missing"]).toContain(place.source.kind);
        expect(place.space).toBeGreaterThanOrEqual(0);
      }),
    );
    expect(placeOf("")).toBe(DEFAULT_PLACE);
    expect(placeOf("#texts=AAAA&gfn=0xfffffffffffffffffff").source).toEqual({ kind: "example", name: "p40" });
  });

  test("name texts that are too long for them, and a packed text cannot unfold without end", () => {
    let noise = "";
    for (let i = 0, seed = 7; i < 40_000; i++) {
      seed = (seed * 1103515245 + 12345) % 2 ** 31;
      noise += seed.toString(36);
    }
    const link = linkOf({
      ...DEFAULT_PLACE,
      source: { kind: "own", texts: [{ name: "big.txt", text: noise }], files: [] },
    });
    expect(link).toMatch(/^files=big\.txt(&|$)/);
    expect(placeOf(link).source).toEqual({ kind: "missing", names: ["big.txt"] });
  });
});
