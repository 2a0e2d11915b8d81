import { describe, expect, it } from "vitest";
import { dialectsIn, readTextDumps } from "../../../src/inspect/text/read.ts";

/** One dump, its runs reduced to what a text may tell. */
function only(text: string, options: Parameters<typeof readTextDumps>[1] = {}) {
  const { dumps, notes } = readTextDumps(text, options);
  expect(dumps).toHaveLength(1);
  const [dump] = dumps;
  const runs = dump!.runs.map(({ flags: _, ...run }) => run);
  return { ...dump!, runs, notes: notes.map(({ line, says }) => `${line ?? "-"} ${says}`) };
}

/** Vectors: page-table-formats.md 9.1 to 9.8. */
describe("Xen's key D", () => {
  const TEXT = `(XEN) domain5 EPT p2m table:
(XEN) gfn:             0 order:  9 mfn:        a3e00 rwx WB 
(XEN) gfn:         f0000 order:  0 mfn:        fd1c0 rw  UC!
(XEN) gfn:        100000 order: 18 mfn:       400000 rwx WB?
(XEN) gfn:        140000 order:  9 PoD
`;

  it("is read by its columns", () => {
    const { domain, what, format, runs, notes } = only(TEXT);
    expect({ domain, what, format, notes }).toEqual({ domain: 5, what: "p2m", format: "ept", notes: [] });
    const common = { entries: 1, present: true, type: null };
    expect(runs).toEqual([
      { ...common, start: 0, pages: 512, maps: 0xa3e00, order: 9, access: "rwx", memoryType: "WB", ipat: false },
      { ...common, start: 0xf0000, pages: 1, maps: 0xfd1c0, order: 0, access: "rw-", memoryType: "UC", ipat: true },
      {
        ...common,
        start: 0x100000,
        pages: 2 ** 18,
        maps: 0x400000,
        order: 18,
        access: "rwx",
        memoryType: "WB",
        ipat: null,
      },
      {
        ...{ start: 0x140000, pages: 512, maps: null, entries: 1, order: 9, present: false },
        ...{ access: null, memoryType: null, ipat: null, type: "populate_on_demand" },
      },
    ]);
  });

  it.each([
    ["time stamps", TEXT.replaceAll("(XEN) ", "(XEN) [2026-01-02 03:04:05] ")],
    ["seconds", TEXT.replaceAll("(XEN) ", "(XEN) [   12.345678] ")],
    ["no prefix", TEXT.replaceAll("(XEN) ", "")],
    ["mail's quotes, and blanks lost at line ends", TEXT.replaceAll("(XEN) ", "> (XEN) ").replace(/ +$/gm, "")],
    ["Windows line ends", TEXT.replaceAll("\n", "\r\n")],
  ])("with %s", (_, text) => {
    expect(only(text).runs).toEqual(only(TEXT).runs);
    expect(only(text).notes).toEqual([]);
  });

  it("joins neighbours, keeps domains apart, tells of cuts, of lines that do not fit and of other lines", () => {
    const { dumps, notes } = readTextDumps(`
(XEN) domain1 EPT p2m table:
(XEN) gfn:             0 order:  0 mfn:           10 rwx WB 
(XEN) gfn:             1 order:  0 mfn:           11 rwx WB 
---
(XEN) gfn:             1 order:  0 mfn:           20 rwx WB 
(XEN) gfn:             7 order:  3 mfn:           20 rwx WB 
(XEN) d1v0 something else
(XEN) domain2 EPT p2m table:
(XEN) gfn:             0 order:  0 mfn:           10 r-- WB 
`);
    expect(dumps.map(({ domain, runs }) => [domain, runs.map(({ start, pages }) => [start, pages])])).toEqual([
      [1, [[0, 2]]],
      [2, []],
    ]);
    expect(notes.map(({ line }) => line)).toEqual([5, 7, 10, 6, 8]);
    expect(notes[0]!.says).toMatch(/cut here/);
  });
});

describe("Xen's key o", () => {
  it("tells sizes by indent: VT-d", () => {
    const { domain, format, what, runs, notes } = only(`(XEN) [VT-D] d5 table has 4 levels
(XEN)   dfn: 00000000 mfn: 00a3e000 rw
(XEN)    dfn: 000f0000 mfn: 000fd1c0 rw
`);
    expect({ domain, format, what, notes }).toEqual({ domain: 5, format: "vtd", what: "iommu", notes: [] });
    expect(runs).toMatchObject([
      { start: 0, pages: 512, maps: 0xa3e000, order: 9, access: "rw-" },
      { start: 0xf0000, pages: 1, maps: 0xfd1c0, order: 0, access: "rw-" },
    ]);
  });

  it("tells sizes by indent: AMD-Vi, with double blanks", () => {
    const { domain, format, runs } = only(`(XEN) AMD IOMMU d6 table has 3 levels
(XEN)  dfn: 00000000  mfn: 00500000  rw
(XEN)   dfn: 00000200  mfn: 00600200  r-
`);
    expect({ domain, format }).toEqual({ domain: 6, format: "amdvi" });
    expect(runs).toMatchObject([
      { start: 0, pages: 512, maps: 0x500000, order: 9, access: "rw-" },
      { start: 0x200, pages: 1, maps: 0x600200, order: 0, access: "r--" },
    ]);
  });

  it("reads releases that print gfn and no rights, and one that stands after time stamps", () => {
    const { runs } = only(`(XEN) [2026-01-02 03:04:05] [VT-D] d5 table has 4 levels
(XEN) [2026-01-02 03:04:05]   gfn: 00000000 mfn: 00a3e000
`);
    expect(runs).toMatchObject([{ start: 0, pages: 512, maps: 0xa3e000, access: null }]);
  });

  it("says that tables are shared, that a level is skipped, and that a line is of no use without a head", () => {
    const { dumps, notes } = readTextDumps(`(XEN)   dfn: 00000000 mfn: 00a3e000 rw
(XEN) d3 sharing page tables
(XEN) AMD IOMMU d6 table has 3 levels
(XEN) AMD IOMMU table error. next_level = 1, expected 2
(XEN)     dfn: 00000000  mfn: 00500000  rw
`);
    expect(dumps).toMatchObject([{ domain: 6, runs: [] }]);
    expect(notes.map(({ line }) => line)).toEqual([1, 2, 4, 5]);
    expect(notes[1]!.says).toMatch(/domain 3: devices walk the P2M's tables/);
  });
});

describe("Linux's domain_translation_struct", () => {
  const ROWS = [
    "0x0000000100000 |\t0x0000000000000000\t0x000000007f001003\t0x000000007f002003\t0x00000000a3e00883",
    "0x0000000100200 |\t0x0000000000000000\t0x000000007f001003\t0x000000007f002003\t0x000000007f003003\t0x0000000123456803",
  ];
  const NEW = `Device 0000:3b:00.0 @0x7f000000
IOVA_PFN         \tPML5E             \tPML4E             \tPDPE              \tPDE               \tPTE
${ROWS.join("\n")}
`;

  it.each([
    ["new", NEW],
    ["old: zeros below the leaf", NEW.replace("0x00000000a3e00883", "0x00000000a3e00883\t0x0000000000000000")],
    ["blanks for tabs", NEW.replaceAll("\t", "    ")],
  ])("%s", (_, text) => {
    const { title, format, runs, notes } = only(text);
    expect({ title, format, notes }).toEqual({
      title: "device 0000:3b:00.0, root table at 0x7f000000",
      format: "vtd",
      notes: [],
    });
    expect(runs).toMatchObject([
      { start: 0x100000, pages: 512, maps: 0xa3e00, order: 9, access: "rw-" },
      { start: 0x100200, pages: 1, maps: 0x123456, order: 0, access: "rw-" },
    ]);
  });

  it("keeps the raw entry, so that it can be compared bit by bit", () => {
    expect(readTextDumps(NEW).dumps[0]!.runs.map(({ flags }) => flags)).toEqual([
      { lo: 0x883, hi: 0 },
      { lo: 0x803, hi: 0 },
    ]);
  });

  it("takes x86-64 entries for first-stage tables, and says so", () => {
    const { title, format, runs, notes } = only(`Device 0000:3b:00.0 with pasid 0 @0x7f000000
0x0000000100000 |\t0x0000000000000000\t0x000000007f001027\t0x000000007f002027\t0x00000000a3e000e7
`);
    expect(title).toBe("device 0000:3b:00.0 with PASID 0x0, root table at 0x7f000000");
    expect({ format, runs }).toMatchObject({
      format: "npt",
      runs: [{ start: 0x100000, maps: 0xa3e00, access: "rwx" }],
    });
    expect(notes).toEqual([expect.stringContaining("first-stage tables")]);
  });

  it("does not follow what is no table, and shows each device's tables", () => {
    const bad = ROWS[1]!.replace("0x000000007f003003", "0x0000000000000000");
    const { dumps, notes } = readTextDumps(`${NEW}${bad}\nDevice 0000:3b:00.1 @0x7f000000\n${ROWS[0]}\n`);
    expect(dumps.map(({ runs }) => runs.length)).toEqual([2, 1]);
    expect(notes).toEqual([{ line: 5, says: "column 5 is no table of its level: left out" }]);
  });
});

describe("Linux's IOMMU trace events", () => {
  const line = (event: string) => ` qemu-system-x86-4211 [007] ..... 812.331904: ${event}\n`;
  const MAP = "map: IOMMU: iova=0x0000000100000000 - 0x0000000140000000 paddr=0x0000004000000000 size=1073741824";

  it("map", () => {
    const { runs, what, format, notes } = only(line(MAP));
    expect({ what, format }).toEqual({ what: "iommu", format: null });
    expect(runs).toMatchObject([{ start: 0x100000, pages: 2 ** 18, maps: 0x4000000, order: null, access: null }]);
    expect(notes).toEqual([expect.stringContaining("no event says which domain")]);
  });

  it("leave what was mapped last, without what was unmapped since: by what was unmapped, not by what was asked", () => {
    const { runs } = only(
      [
        line(MAP),
        line("unmap: IOMMU: iova=0x0000000100000000 - 0x0000000100001000 size=4096 unmapped_size=2097152"),
        line("map: IOMMU: iova=0x0000000100400000 paddr=0x0000000000001000 size=4096"),
      ].join(""),
    );
    expect(runs.map(({ start, pages, maps }) => [start, pages, maps])).toEqual([
      [0x100200, 0x200, 0x4000200],
      [0x100400, 1, 1],
      [0x100401, 2 ** 18 - 0x401, 0x4000401],
    ]);
  });

  it("of odd sizes are left out and told", () => {
    const { dumps, notes } = readTextDumps(line(MAP.replace("size=1073741824", "size=100")));
    expect(dumps).toEqual([]);
    expect(notes).toMatchObject([{ line: 1 }]);
  });
});

describe("KVM", () => {
  it("trace events leave the entries that were written last (kvm-mapping.md 2.3)", () => {
    const { format, runs, what, notes } = only(
      [
        "kvm_tdp_mmu_spte_changed: as id 0 gfn 100000 level 2 old_spte 0 new_spte 600000380000b87",
        "kvm_tdp_mmu_spte_changed: as id 1 gfn 100200 level 2 old_spte 0 new_spte 600000380000b87",
        "kvm_mmu_set_spte: gfn 5 spte 600000123456b77 (rwx) level 1 at 10000028",
      ].join("\n"),
    );
    expect({ format, what }).toEqual({ format: "ept", what: "p2m" });
    expect(runs).toMatchObject([
      { start: 5, pages: 1, maps: 0x123456, access: "rwx", memoryType: "WB", ipat: true },
      { start: 0x100000, pages: 512, maps: 0x380000, access: "rwx", memoryType: "UC", ipat: false },
    ]);
    expect(notes.join()).toMatch(/taken for Intel EPT/);
  });

  it("an NPT leaf that a table replaces is gone", () => {
    const events = [
      "kvm_mmu_set_spte: gfn 200 spte a3e00ee7 (rwxu) level 2 at 10000028",
      "kvm_mmu_set_spte: gfn 200 spte 7f003e67 (rwxu) level 2 at 10000028",
      "kvm_mmu_set_spte: gfn 201 spte a3e01e67 (rwxu) level 1 at 10000028",
    ];
    expect(only(events[0]!)).toMatchObject({ format: "npt", runs: [{ start: 0x200, pages: 512, maps: 0xa3e00 }] });
    expect(only(events.join("\n")).runs).toMatchObject([{ start: 0x201, pages: 1, maps: 0xa3e01 }]);
  });

  it("counters", () => {
    const { leaves, runs, notes } = only(`/sys/kernel/debug/kvm/pages_1g:16
/sys/kernel/debug/kvm/pages_2m:8192
/sys/kernel/debug/kvm/pages_4k:913
/sys/kernel/debug/kvm/nx_lpage_splits:2
`);
    expect({ leaves, runs }).toEqual({ leaves: { "4k": 913, "2m": 8192, "1g": 16 }, runs: [] });
    expect(notes).toEqual(["- 2 large pages are split so that they can be executed"]);
  });
});

describe("QEMU's monitor", () => {
  it("info tlb", () => {
    const { runs, notes } = only(`0000000000000000: 0000000000200000 --PDA---W
0000000000200000: 0000000000400000 X--------
`);
    expect(runs).toMatchObject([
      { start: 0, pages: 512, maps: 0x200, access: "rwx" },
      { start: 0x200, pages: 1, maps: 0x400, access: "r--" },
    ]);
    expect(notes.join()).toMatch(/size of large pages.*own tables/);
  });

  it("info mem, which prints no output address", () => {
    const { runs } = only("0000000000001000-0000000000003000 0000000000002000 ur-\n");
    expect(runs).toMatchObject([{ start: 1, pages: 2, maps: null, access: "r--", present: true }]);
  });
});

describe("a bare list of entries", () => {
  it("is read as the format that is given (vectors: page-table-formats.md 1.8)", () => {
    const text = "0x0000000123456077\n0x00000000a3e003b7\n[5] 0x0000000000001006\n";
    expect(readTextDumps(text).dumps).toEqual([]);
    expect(readTextDumps(text).notes).toMatchObject([{ line: 1, says: expect.stringContaining("--format") }]);
    const { runs, notes } = only(text, { format: "ept" });
    expect(runs).toMatchObject([
      { start: 0, maps: 0x123456, access: "rwx", memoryType: "WB", ipat: true },
      { start: 1, maps: 0xa3e00 },
      { start: 5 },
    ]);
    expect(notes).toEqual([expect.stringContaining("W and X without R")]);
    const large = only("0x00000000a3e003b7 0x000000007f001007", { format: "ept", level: 2, start: 0x400 });
    expect(large).toMatchObject({ runs: [{ start: 0x400, pages: 512, maps: 0xa3e00, order: 9 }] });
    expect(large.notes).toEqual([expect.stringContaining("points to a table of level 1")]);
  });
});

it("several dumps in one text are told apart, and other text is no dump", () => {
  const text = `(XEN) domain5 EPT p2m table:
(XEN) gfn:             0 order:  9 mfn:        a3e00 rwx WB 
(XEN) [VT-D] d5 table has 4 levels
(XEN)   dfn: 00000000 mfn: 00a3e000 rw
`;
  expect(dialectsIn(text)).toEqual(["xen-ept", "xen-iommu"]);
  expect(readTextDumps(text).dumps.map(({ dialect, runs }) => [dialect, runs.length])).toEqual([
    ["xen-ept", 1],
    ["xen-iommu", 1],
  ]);
  expect(readTextDumps("82:00.0 3D controller: NVIDIA\n\tRegion 1: Memory at 38000000\n")).toEqual({
    dumps: [],
    notes: [],
  });
});
