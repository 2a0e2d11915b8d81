import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { diffMapped, type MappedRun, mappedRuns } from "../../../src/inspect/mapped-run.ts";
import { paint, type Stroke } from "../../../src/inspect/text/paint.ts";
import { DIALECTS, readTextDumps } from "../../../src/inspect/text/read.ts";
import type { Tree } from "../../../src/radix/tree.ts";
import { goldenTrees } from "../audit/goldens.ts";

const pad = (n: number, width: number): string => n.toString(16).padStart(width);

/** Leaves of a tree one by one, as a hypervisor's dump walks them. */
function* leavesOf(tree: Tree): Generator<MappedRun & { readonly order: number }> {
  for (const run of mappedRuns(tree))
    for (let i = 0; run.present && i < run.entries; i++) {
      const pages = run.pages / run.entries;
      yield { ...run, order: run.order!, start: run.start + i * pages, maps: run.maps! + i * pages, pages, entries: 1 };
    }
}

/** page-table-formats.md 9.1: `gfn: %13lx order: %2d mfn: %13lx %c%c%c %c%c%c`. */
function keyD(tree: Tree): string {
  const lines = [...leavesOf(tree)].map(({ start, order, maps, access, memoryType, ipat }) => {
    const type = memoryType === "reserved" ? "??" : memoryType!;
    return `(XEN) gfn: ${pad(start, 13)} order: ${String(order).padStart(2)} mfn: ${pad(maps!, 13)} ${access!.replaceAll("-", " ")} ${type}${ipat ? "!" : " "}`;
  });
  return `(XEN) domain1 EPT p2m table:\n${lines.join("\n")}\n`;
}

/** 9.2: `%*sdfn: %08lx mfn: %08lx %c%c`, the indent being the levels descended; AMD's with double blanks. */
function keyO(tree: Tree): string {
  const amd = tree.format.name === "amdvi";
  const blank = amd ? "  " : " ";
  const hex = (n: number): string => n.toString(16).padStart(8, "0");
  const lines = [...leavesOf(tree)].map(
    ({ start, order, maps, access }) =>
      `(XEN) ${" ".repeat(tree.levels - order / 9 - 1)}dfn: ${hex(start)}${blank}mfn: ${hex(maps!)}${blank}${access!.slice(0, 2)}`,
  );
  return `(XEN) ${amd ? "AMD IOMMU" : "[VT-D]"} d1 table has ${tree.levels} levels\n${lines.join("\n")}\n`;
}

describe("dumps of tables that real Xen built, printed as Xen prints them", () => {
  const present = (tree: Tree) => [...mappedRuns(tree)].filter(({ present: is }) => is);

  it.each(["ept_s3_412", "ept_s5a_417", "ept_s7_417", "ept_s6b_417"])("%s: key D says what the tables say", (name) => {
    const { tree } = goldenTrees(name)[0]!;
    const { dumps, notes } = readTextDumps(keyD(tree));
    expect(notes).toEqual([]);
    expect(dumps[0]!.runs.length).toBeGreaterThan(1);
    expect([...diffMapped(dumps[0]!.runs, present(tree))]).toEqual([]);
  });

  it.each(["s5a_deb417_iommu", "v_s5a_417_iommu", "v_s7_417_iommu"])("%s: key o says what the tables say", (name) => {
    const trees = goldenTrees(name).filter(({ what }) => what === "iommu");
    for (const { tree } of trees) {
      const { dumps, notes } = readTextDumps(keyO(tree));
      expect(notes).toEqual([]);
      expect(dumps).toMatchObject([{ format: tree.format.name }]);
      expect([...diffMapped(dumps[0]!.runs, present(tree))]).toEqual([]);
      // One frame elsewhere is found.
      const [first, ...rest] = dumps[0]!.runs;
      expect([...diffMapped([{ ...first!, maps: first!.maps! + 1 }, ...rest], present(tree))]).toHaveLength(1);
    }
  });
});

describe("events painted over one another", () => {
  const stroke = fc
    .tuple(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 1, max: 30 }), fc.option(fc.integer({ min: 0, max: 3 })))
    .map(([start, length, value]): Stroke<number> => ({ start, end: start + length, value }));

  it("show the last one everywhere, in ascending stretches", () => {
    fc.assert(
      fc.property(fc.array(stroke, { maxLength: 30 }), (strokes) => {
        const expected = Array.from({ length: 100 }, (_, at) => {
          const last = strokes.findLast(({ start, end }) => start <= at && at < end);
          return last?.value ?? null;
        });
        const shown: (number | null)[] = Array.from({ length: 100 }, () => null);
        let end = 0;
        for (const part of paint(strokes)) {
          expect(part.start).toBeGreaterThanOrEqual(end);
          end = part.end;
          shown.fill(part.value, part.start, part.end);
        }
        expect(shown).toEqual(expected);
      }),
      { numRuns: 300 },
    );
  });
});

describe("hostile text", () => {
  const WORDS = [
    ...[
      "(XEN) ",
      "domain5 EPT p2m table:",
      "gfn: ",
      "order: ",
      "mfn: ",
      " rwx WB ",
      "PoD",
      "[VT-D] d5 table has 4 levels",
    ],
    ...["AMD IOMMU d6 table has 3 levels", "   dfn: 00000000 mfn: 00a3e000 rw", "Device 0000:3b:00.0 @0x7f000000"],
    ...[
      "0x0000000100000 |",
      "\t0x000000007f001003",
      "map: IOMMU: iova=0x1000 paddr=0x2000 size=4096",
      "unmap: IOMMU: ",
    ],
    ...[
      "iova=0x0",
      " size=",
      "kvm_mmu_set_spte: gfn 5 spte 7 (rwx) level 1 at 0",
      "pages_4k: 9",
      "---",
      "\n",
      "\n",
      "\r",
    ],
    ...["0000000000000000: 0000000000200000 --PDA---W", "ffffffffffffffff-ffffffffffffffff ffffffffffffffff ur-"],
    ...[
      "0xffffffffffffffff",
      "99999999999999999999",
      "[ 1.5] ",
      "\u0000",
      "\u2028",
      "__proto__",
      "  ",
      "fffffffffffff",
    ],
  ];
  const text = fc.array(fc.oneof({ weight: 8, arbitrary: fc.constantFrom(...WORDS) }, fc.string({ maxLength: 8 })), {
    maxLength: 60,
  });

  it("is read to an end: runs ascend without overlap, frames are whole numbers, notes are sentences", () => {
    fc.assert(
      fc.property(text, fc.constantFrom(undefined, "ept", "npt", "vtd", "amdvi"), (words, format) => {
        const { dumps, notes } = readTextDumps(words.join(""), format === undefined ? {} : { format });
        for (const { runs } of dumps) {
          let end = 0;
          for (const { start, pages, maps } of runs) {
            expect(start).toBeGreaterThanOrEqual(end);
            expect(Number.isSafeInteger(start) && Number.isSafeInteger(pages) && pages > 0).toBe(true);
            if (maps !== null) expect(Number.isSafeInteger(maps)).toBe(true);
            end = start + pages;
          }
        }
        for (const { says } of notes) expect(says.length).toBeGreaterThan(10);
      }),
      { numRuns: 2000 },
    );
  });

  it("of long lines is refused in linear time by every dialect", () => {
    const LONG = ["0", "0x", "f".repeat(16), "0x0000000000000000 ", " ", "\t", "-", "gfn: ", "d", "[", "(XEN) "].map(
      (part) => part.repeat(Math.ceil(200_000 / part.length)),
    );
    // Anything worse than linear would not come back within the test's time.
    for (const line of LONG)
      for (const { claims } of DIALECTS) {
        expect(typeof claims(line)).toBe("boolean");
        expect(typeof claims(`${line}!`)).toBe("boolean");
      }
    expect(readTextDumps(LONG.join("\n")).dumps.length).toBeLessThanOrEqual(1);
  });
});
