import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readInputs } from "../../src/inventory/index.ts";
import { type PlanDocument, plan, readScript, runScript } from "../../src/plan/index.ts";
import { type RunDocument, runDocument } from "../../src/report/run.ts";
import { pathOf, textOf } from "./entries.ts";

const NAMES = [
  "dom0-identity",
  "iommu-coalescing",
  "misaligned-bar",
  "msix-read-only",
  "partial-unmap",
  "pool-runs-dry",
];
const RWX = { access: "rwx" };

function run(name: string): RunDocument {
  const script = readScript(JSON.parse(textOf(`examples/scripts/${name}.json`)));
  if (typeof script === "string") throw new Error(script);
  return runDocument(runScript(script), false);
}
const runsOf = (tables: RunDocument["domains"][number]["p2m"]) =>
  tables.runs.map(({ start, end, order, entries, access }) => ({ start, end, order, entries, access }));
const results = ({ operations }: RunDocument) => operations.map(({ result }) => result);

describe("example scripts show what examples/README.md says", () => {
  it("are these, and each is named there", () => {
    expect(readdirSync(pathOf("examples/scripts")).sort()).toEqual(NAMES.map((name) => `${name}.json`));
    for (const name of NAMES) expect(textOf("examples/README.md")).toContain(`\`${name}.json\``);
  });

  it("misaligned-bar: 8 entries in 1 call, then 4,096 in 64 calls", () => {
    const document = run("misaligned-bar");
    const [domain] = document.domains;
    expect(document.operations.map(({ hypercalls }) => hypercalls)).toEqual([undefined, 1, 64]);
    expect(runsOf(domain!.p2m)).toMatchObject([
      { start: "0x1000000000", end: "0x1000ffffff", order: 9, entries: 8 },
      { start: "0x1002001000", end: "0x1003000fff", order: 0, entries: 4096, ...RWX },
    ]);
    // The root, one table each below it, and nine of 4 KiB entries for 16 MiB that straddle: eight blocks and a page.
    expect(domain!.p2m.tables).toEqual({ "4": 1, "3": 1, "2": 1, "1": 9 });
  });

  it("partial-unmap: the hole stops a removal, and what is split stays split", () => {
    const document = run("partial-unmap");
    expect(results(document)).toEqual([0, 0, 0, -22, 0]);
    // Pages 0 to 4 lie before the hole.
    expect(document.operations[3]).toMatchObject({ error: "-EINVAL", pagesDone: 5 });
    expect(runsOf(document.domains[0]!.p2m)).toMatchObject([
      { start: "0x1000000000", end: "0x10001fffff", order: 0, entries: 512 },
      { start: "0x1000200000", end: "0x10003fffff", order: 9, entries: 1 },
    ]);
  });

  it("msix-read-only: one block in 4 KiB entries, two of them read-only", () => {
    const document = run("msix-read-only");
    expect(runsOf(document.domains[0]!.p2m)).toMatchObject([
      { start: "0xf0000000", end: "0xf0001fff", order: 0, entries: 2, ...RWX },
      { start: "0xf0002000", end: "0xf0003fff", order: 0, entries: 2, access: "r-x" },
      { start: "0xf0004000", end: "0xf01fffff", order: 0, entries: 508, ...RWX },
      { start: "0xf0200000", end: "0xf1ffffff", order: 9, entries: 15 },
    ]);
    // 64 entries a call: 512 small ones take eight, and the last has the 15 large ones.
    expect(document.operations[1]).toMatchObject({ result: 0, hypercalls: 9 });
  });

  it("pool-runs-dry: tables that the undo does not give back", () => {
    const document = run("pool-runs-dry");
    // 256 pages, less 11 P2M roots and one vCPU's page (xen-mapping.md 11.1); two upper tables, and the first page of
    // the first of 242 tables of 4 KiB entries stays empty.
    const pages = (256 - 11 - 1 - 2) * 512 - 1;
    expect(results(document)).toEqual([0, -12, -12]);
    expect(document.operations[1]).toMatchObject({ error: "-ENOMEM", pagesDone: pages, undo: { pagesDone: pages } });
    expect(document.operations[2]).toMatchObject({ pagesDone: 0, hypercalls: 1 });
    const [domain] = document.domains;
    expect(domain).toMatchObject({ pool: { pages: 256, used: 256 }, p2m: { runs: [], tables: { "1": 242 } } });
  });

  it("dom0-identity: all RAM but the hypervisor's, and a window that may only be read", () => {
    const [dom0] = run("dom0-identity").domains;
    expect(runsOf(dom0!.iommu!)).toMatchObject([
      { start: "0x0", end: "0x9ffff", order: 0, entries: 160, access: "rw-" },
      { start: "0x100000", end: "0x1fffff", order: 0, entries: 256, access: "rw-" },
      { start: "0x200000", end: "0x7f9fffff", order: 9, entries: 1020, access: "rw-" },
      { start: "0x7fc00000", end: "0x7fffffff", order: 9, entries: 2, access: "rw-" },
      { start: "0xb0000000", end: "0xbfffffff", order: 9, entries: 128, access: "r--" },
    ]);
  });

  it("iommu-coalescing: the IOMMU's 512 entries become one, the P2M's do not", () => {
    const [domain] = run("iommu-coalescing").domains;
    expect(runsOf(domain!.p2m)).toMatchObject([{ order: 0, entries: 1023, ...RWX }]);
    expect(runsOf(domain!.iommu!)).toMatchObject([
      { start: "0x1000000000", end: "0x10001fffff", order: 9, entries: 1, access: "rw-" },
      { start: "0x1000200000", end: "0x10003fefff", order: 0, entries: 511, access: "rw-" },
    ]);
    expect(domain!.ledger).toMatchObject({ iommuMerges: 1, iommuEntries: 1024 });
  });
});

describe("example inputs show what examples/README.md says", () => {
  function planned(folder: string): PlanDocument {
    const texts = readdirSync(pathOf(`examples/${folder}`), { withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ name }) => ({ name, text: textOf(`examples/${folder}/${name}`) }));
    const result = plan(readInputs(texts), {}, { advice: false, boot: false });
    if (typeof result === "string") throw new Error(result);
    return result.document;
  }
  const unread = ({ notes }: PlanDocument) => notes.filter(({ kind }) => kind === "unread" || kind === "conflict");

  it("msix-nic: a hole in either BAR, and shared tables", () => {
    const document = planned("msix-nic");
    expect(unread(document)).toEqual([]);
    expect(document.scenario).toMatchObject({ xen: "4.14.6", cpu: "intel", iommu: { enabled: true, shared: true } });
    const [x710, connectX] = document.devices;
    expect(x710!.bars.map(({ index, holes }) => [index, holes.map(({ because }) => because)])).toEqual([
      [0, []],
      [3, ["msix-table"]],
    ]);
    // 64 vectors at 0x2000: one page of the first 2 MiB, whose other 511 pages are mapped one by one.
    const [bar] = connectX!.bars;
    expect(bar!.holes).toEqual([{ gfn: "0xf0002", pages: 1, because: "msix-table" }]);
    const small = bar!.pieces.filter(({ order }) => order === 0).reduce((sum, { pages }) => sum + pages, 0);
    expect([small, bar!.pieces.filter(({ order }) => order === 9).map(({ entries }) => entries)]).toEqual([511, [15]]);
  });

  it("eight-gpus: 32,768 entries of 2 MiB for each GPU, and IOMMU tables of their own", () => {
    const document = planned("eight-gpus");
    expect(unread(document)).toEqual([]);
    expect(document.scenario).toMatchObject({ xen: "4.17.5", cpu: "amd", iommu: { enabled: true, shared: false } });
    expect(document.devices).toHaveLength(8);
    for (const { bars } of document.devices)
      expect(bars[1]).toMatchObject({ size: 2 ** 36, pieces: [{ order: 9, entries: 32768 }], holes: [] });
    expect(document.fit.filter(({ severity }) => severity === "fault")).toEqual([]);
  });
});
