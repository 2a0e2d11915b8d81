import { gfn } from "../../src/address.ts";
import { snapshotImage } from "../../src/image/index.ts";
import { makeSnapshot } from "../../src/image/snapshot.ts";
import { audit } from "../../src/inspect/audit/audit.ts";
import { diffSides, sideOfDump, sideOfTree } from "../../src/inspect/diff.ts";
import { findRoots } from "../../src/inspect/roots.ts";
import { rootsInLog } from "../../src/inspect/roots-log.ts";
import { treesOfRoots } from "../../src/inspect/roots-trees.ts";
import { tablesDocument } from "../../src/inspect/tables.ts";
import { dumpsDocument } from "../../src/inspect/text/document.ts";
import { readTextDumps } from "../../src/inspect/text/read.ts";
import { walkTables } from "../../src/inspect/why.ts";
import { type Inventory, makeCollect, readInputs } from "../../src/inventory/index.ts";
import { compare, parseKeys, plan, readScript, readTrace, runScript, why } from "../../src/plan/index.ts";
import { runDocument } from "../../src/report/run.ts";
import { DUMPS } from "../fuzz/texts.ts";
import { goldenSnapshot } from "../image/golden-frames.ts";
import { goldenTrees } from "../inspect/audit/goldens.ts";
import { example, readExample } from "./helpers.ts";
import { ALL_OPERATIONS } from "./scripts.ts";

/** A document that Physmap gives, by a name that says what is special about it. */
export type Output = readonly [kind: string, name: string, document: () => unknown];

const given = <T>(value: T | string): T => {
  if (typeof value === "string") throw new Error(value);
  return value;
};
const planned = (inventory: Inventory, keys: string, advice = false): unknown =>
  given(plan(inventory, given(parseKeys(keys)), { advice, boot: advice })).document;

const inputs = (...lines: readonly string[]): Inventory =>
  readInputs([{ name: "lspci.txt", text: `${lines.join("\n")}\n` }]);

/** A device whose BARs are wanting in every way. */
export const BROKEN = inputs(
  "05:00.0 VGA compatible controller [0300]: Example GPU [1af4:1050]",
  "\tRegion 0: Memory at <unassigned> (64-bit, prefetchable)",
  "\tRegion 2: Memory at f0000000 (32-bit, non-prefetchable)",
  "\tRegion 3: Memory at <ignored> (32-bit, non-prefetchable)",
  "\tRegion 4: Memory at 380000000000 (64-bit, prefetchable) [size=256M]",
);
/** Without numbers, and with a BAR that is larger than a guest of 36 address bits. */
export const HUGE = inputs(
  "0000:05:00.0 3D controller: Example GPU",
  "\tRegion 0: Memory at 400000000000 (64-bit, prefetchable) [size=128G]",
  "\tRegion 2: Memory at f0000800 (32-bit, non-prefetchable) [size=256]",
);

/** With a range that the toolstack enters before the devices. */
const IOMEM = readInputs([
  {
    name: "lspci.txt",
    text: "05:00.0 Serial controller [0700]: Example [1af4:1]\n\tRegion 0: Memory at f0000000 (32-bit, non-prefetchable) [size=1M]\n",
  },
  { name: "guest.cfg", text: 'type = "hvm"\nmemory = 512\npci = [ "05:00.0" ]\niomem = [ "fed00,2@100000" ]\n' },
]);
const P40 = example("p40");
const NIC = example("msix-nic");

const PLANS: readonly Output[] = [
  ["plan", "with advice and a boot", () => planned(NIC, "xen=4.14.6", true)],
  ...[
    "guest=pv,xen=4.11",
    "guest=pv,xen=4.22",
    "guest=pvh,xen=4.17.5",
    "guest=pvh,xen=4.10",
    "xen=as-posted,mmio-1g=on",
    "xen=4.17.5,cpu=amd",
    "cmdline=iommu=off,xen=4.12",
    "passthrough=disabled,xen=4.17.5",
    "shadow-memory=4,xen=4.11,cpu=amd",
    "phys-bits=36,xen=4.17.5",
    "memory=4,mmio-hole=256,xen=4.17.5",
    "guest-kernel=windows,xen=4.17.5",
  ].map((keys): Output => ["plan", `P40, ${keys}`, () => planned(P40, keys)]),
  ...[
    "xen=4.7",
    "cmdline=hap_2mb=0,xen=4.17",
    "hap=off,xen=4.12",
    "guest=pvh,xen=4.17.5",
    "bar-address=5e:00.0:0=0xf0001000,xen=4.17.5",
    "bar-address=5e:00.0:0=0x1000,xen=4.17.5",
  ].map((keys): Output => ["plan", `NICs, ${keys}`, () => planned(NIC, keys)]),
  ["plan", "iomem", () => planned(IOMEM, "xen=4.17.5")],
  ["plan", "BARs without address or size", () => planned(BROKEN, "xen=4.17.5", true)],
  ["plan", "BARs without address or size in a PVH dom0", () => planned(BROKEN, "guest=pvh")],
  ["plan", "a BAR that fits nowhere", () => planned(HUGE, "xen=4.17.5,phys-bits=36", true)],
];

const COMPARES: readonly Output[] = [
  ["compare", "releases", () => given(compare(NIC, {}, ["xen=4.17.5", "guest=pv", "cpu=amd"], { boot: false }))],
];

const WHYS: readonly Output[] = [
  ["why", "a BAR", () => why(P40, { xen: "4.17.5" }, gfn(0x1000000))],
  ["why", "own IOMMU tables", () => why(NIC, { xen: "4.12", cpu: "amd" }, gfn(0xf0001))],
  ["why", "an MSI-X hole", () => why(NIC, { xen: "4.17.5" }, gfn(0xf0002))],
  ["why", "RAM", () => why(NIC, {}, gfn(0x10))],
  ["why", "nothing", () => why(NIC, {}, gfn(0x7000_000))],
  ["why", "a PVH dom0", () => why(NIC, { guest: "pvh" }, gfn(0x38ffc0001))],
];

export const SCRIPTS = ["iommu-coalescing", "misaligned-bar", "msix-read-only", "partial-unmap", "pool-runs-dry"];

const run = (script: unknown, raw = false): unknown => runDocument(runScript(given(readScript(script))), raw);

const RUNS: readonly Output[] = [
  ["run", "every operation", () => run(ALL_OPERATIONS)],
  ["run", "every operation, raw", () => run(ALL_OPERATIONS, true)],
  ...SCRIPTS.map((name): Output => ["run", name, () => run(readExample(`scripts/${name}.json`))]),
];

const trees = () => {
  const { domains } = runScript(given(readScript(readExample("scripts/iommu-coalescing.json"))));
  return domains.flatMap(({ domain, p2m, iommu }) => [
    { domain: domain.id, what: "p2m" as const, tree: p2m },
    ...(iommu ? [{ domain: domain.id, what: "iommu" as const, tree: iommu }] : []),
  ]);
};

const TABLES: readonly Output[] = [
  ["tables", "a P2M", () => tablesDocument(trees()[0]!.tree)],
  ["tables", "AMD-Vi, raw", () => tablesDocument(trees()[1]!.tree, { raw: true })],
  [
    "tables",
    "a root that is not there",
    () => ({ ...tablesDocument({ ...trees()[0]!.tree, memory: { frame: () => undefined } }) }),
  ],
  ["snapshot", "of the model", () => makeSnapshot({ host: "none", depth: { of: 2 } }, trees())],
];

const KEY_D = "(XEN) domain1 EPT p2m table:\n(XEN) gfn:           200 order:  9 mfn:        40000 rwx WB \n";
const COUNTERS = "pages_4k: 512\npages_2m: 3\npages_1g: 0\n";
const sidesOf = (text: string) => readTextDumps(text).dumps.map(sideOfDump);
const dumpsOf = (text: string) => {
  const { dumps, notes } = readTextDumps(text, { format: "ept" });
  return dumpsDocument(dumps, notes);
};
const VTD = "v_s7_417_iommu";
const AMD = "s5h_deb417_iommu";
const imageOf = (name: string) => snapshotImage(goldenSnapshot(name).frames);
/** Read as if memory held something else beside the tables. */
const noted = { ...imageOf("ept_s7_417"), notes: ["the file's last 3 bytes are no whole frame"] };
const log = rootsInLog([
  `AMD-Vi: Setup I/O page table: device id = 0x18, type = 0x1, root table = ${goldenSnapshot(AMD).roots[1]!.root}, domain = 0, paging mode = 4`,
]);
const found = (name: string) => treesOfRoots(imageOf(name), findRoots(imageOf(name))).trees;

const INSPECTED: readonly Output[] = [
  ["roots", "of an image that something was noticed about", () => findRoots(noted, { hints: log })],
  ["roots", "a log names one, one has lost its entries", () => findRoots(imageOf(AMD), { hints: log })],
  ["roots", "none", () => findRoots(snapshotImage({ "0x1": { "0": "0x1" } }))],
  ["audit", "given trees, VT-d", () => audit({ trees: goldenTrees(VTD), maxTables: 8 })],
  ["audit", "trees that were found", () => audit({ trees: found(VTD) })],
  [
    "audit",
    "a root that is not there",
    () =>
      audit({
        trees: goldenTrees(AMD).map((t) => ({ ...t, tree: { ...t.tree, memory: { frame: () => undefined } } })),
      }),
  ],
  [
    "diff",
    "two snapshots",
    () => diffSides(goldenTrees(VTD).map(sideOfTree), goldenTrees("v_s5a_417_iommu").slice(1).map(sideOfTree)),
  ],
  ["diff", "a dump and tables", () => diffSides(sidesOf(KEY_D), goldenTrees("ept_s7_417").map(sideOfTree))],
  ["diff", "counters and tables", () => diffSides(sidesOf(COUNTERS), goldenTrees("ept_s7_417").map(sideOfTree))],
  ["dumps", "one", () => dumpsOf(KEY_D)],
  ...DUMPS.map((text, i): Output => ["dumps", `text ${i + 1}`, () => dumpsOf(text)]),
  ["walk", "all trees, and a dump", () => walkTables(0x2000001, goldenTrees(VTD), readTextDumps(KEY_D).dumps)],
  [
    "walk",
    "a table that is not there",
    () =>
      walkTables(
        0x2000001,
        goldenTrees(AMD).map((t) => ({ ...t, tree: { ...t.tree, memory: { frame: () => undefined } } })),
        [],
      ),
  ],
  ["walk", "where nothing is", () => walkTables(2 ** 51, goldenTrees(AMD), [])],
  ["tables", "found, VT-d", () => tablesDocument(goldenTrees(VTD)[1]!.tree)],
];

/** Two requests of a log of host-inputs.md 7's shape: one in several calls, timed, and one that failed. */
const LOG = [
  "(XEN) [  812.100200] memory_map:add: d3 gfn=1000000 mfn=202000000 nr=18000",
  "(XEN) [  812.100900] memory_map:add: d3 gfn=1008000 mfn=202008000 nr=10000",
  "(XEN) [  812.101500] memory_map:add: d3 gfn=1010000 mfn=202010000 nr=8000",
  "(XEN) [  812.200000] memory_map:add: d4 gfn=f0000 mfn=c8000 nr=10",
  "(XEN) [  812.200100] memory_map:fail: d4 gfn=f0000 mfn=c8000 nr=10 ret:-12",
  "(XEN) memory_map:remove: d4 gfn=zz",
].join("\n");

const READ: readonly Output[] = [
  ["trace", "a log", () => readTrace(LOG, "xl-dmesg.txt")],
  ["trace", "an empty log", () => readTrace("", "-")],
  [
    "calibration",
    "two kinds",
    () => ({
      physmap: 1,
      kind: "calibration",
      name: "lab",
      costs: { hypercalls: [1, 2, 3], setEntries: [0, 0.5, 1] },
      from: { log: "xl-dmesg.txt" },
    }),
  ],
  ["script", "every operation", () => ALL_OPERATIONS],
  ...SCRIPTS.map((name): Output => ["script", name, () => readExample(`scripts/${name}.json`)]),
  [
    "collect",
    "nothing but what is missing",
    () => makeCollect({ missing: [{ what: "xl info", why: "no such program" }] }),
  ],
  [
    "collect",
    "everything",
    () =>
      makeCollect({
        xlInfo: "",
        xlDmesg: "",
        lspci: "",
        sysfs: { "0000:3f:00.0": { files: { vendor: "0x10de\n" }, links: { driver: "../pciback" }, config: "de10AB" } },
        iomem: "",
        linuxCmdline: "",
        xenCmdline: "",
        guests: [{ name: "guest.cfg", text: "" }],
        missing: [],
      }),
  ],
];

export const OUTPUTS: readonly Output[] = [...PLANS, ...COMPARES, ...WHYS, ...RUNS, ...TABLES, ...INSPECTED, ...READ];
