import { DOM0_CASES } from "./dom0.ts";
import type { FormatTarget } from "./generate.ts";
import type { Tally } from "./random.ts";
import { SCENARIOS } from "./scenarios.ts";

/** One run of random sequences (docs/confirmed.json). */
export interface ConfirmedRandom extends Tally {
  readonly target: FormatTarget;
  readonly xen: string;
  readonly seed: number;
  readonly differences: number;
  readonly date: string;
}

/** Named scenarios on one target, or dom0's own tables. */
export interface ConfirmedNamed {
  readonly target: FormatTarget | "dom0";
  readonly xen: string;
  readonly build: string;
  readonly names: readonly string[];
  /** Names of those that differed. */
  readonly differ: readonly string[];
  readonly entries: number;
  readonly date: string;
}

/** The results of the rig's last runs: what docs/confirmed.md is made of. */
export interface Confirmed {
  readonly physmap: 1;
  readonly kind: "confirmed";
  readonly random: readonly ConfirmedRandom[];
  readonly named: readonly ConfirmedNamed[];
}

export const NOTHING_CONFIRMED: Confirmed = { physmap: 1, kind: "confirmed", random: [], named: [] };

const sameRow = (a: { target: string; xen: string }, b: { target: string; xen: string }): boolean =>
  a.target === b.target && a.xen === b.xen;

/** With a later result in place of the earlier one for the same target and release. */
export const withRandom = (confirmed: Confirmed, row: ConfirmedRandom): Confirmed => ({
  ...confirmed,
  random: [...confirmed.random.filter((old) => !sameRow(old, row)), row],
});
export const withNamed = (confirmed: Confirmed, row: ConfirmedNamed): Confirmed => ({
  ...confirmed,
  named: [...confirmed.named.filter((old) => !sameRow(old, row)), row],
});

const TITLES: Readonly<Record<FormatTarget | "dom0", string>> = {
  npt: "NPT, without an IOMMU context",
  amdvi: "NPT and AMD-Vi (QEMU)",
  vtd: "NPT and VT-d (QEMU, `iommu=no-sharept`)",
  ept: "EPT (Bochs)",
  dom0: "dom0's own tables (QEMU)",
};

const thousands = (n: number): string => String(n).replace(/\B(?=(\d{3})+$)/g, ",");
const byRelease = (a: { xen: string; target: string }, b: { xen: string; target: string }): number =>
  a.xen === b.xen ? (a.target < b.target ? -1 : 1) : a.xen < b.xen ? -1 : 1;

const randomRow = (r: ConfirmedRandom): string =>
  `| ${r.build} | ${TITLES[r.target]} | ${thousands(r.sequences)} | ${thousands(r.operations)} | ${thousands(r.p2mEntries)} | ${thousands(r.iommuEntries)} | ${r.seed} | **${r.differences}** | ${r.date} |`;

/** How often operations ended in each way, over all random runs of a target. */
function outcomesOf(rows: readonly ConfirmedRandom[]): string {
  const sums = new Map<string, number>();
  for (const { outcomes } of rows)
    for (const [name, n] of Object.entries(outcomes)) sums.set(name, (sums.get(name) ?? 0) + n);
  const named: Readonly<Record<string, string>> = {
    "0": "done",
    pages: "a positive count",
    crashed: "the domain crashed",
    undone: "undone by the library",
  };
  return [...sums]
    .sort((a, b) => b[1] - a[1])
    .map(([name, n]) => `${named[name] ?? `-${name}`} ${thousands(n)}`)
    .join(", ");
}

function scenarioTable(named: readonly ConfirmedNamed[]): string[] {
  const columns = named.filter((row) => row.target !== "dom0").sort(byRelease);
  if (columns.length === 0) return [];
  const cell = (row: ConfirmedNamed, name: string): string =>
    row.differ.includes(name) ? "**differs**" : row.names.includes(name) ? "equal" : "";
  const lines = SCENARIOS.filter(({ name }) => columns.some((row) => row.names.includes(name))).map(
    ({ name, says }) => `| ${name} | ${says} | ${columns.map((row) => cell(row, name)).join(" | ")} |`,
  );
  return [
    `| scenario | what | ${columns.map((row) => `${row.xen} ${row.target}`).join(" | ")} |`,
    `|---|---|${columns.map(() => "---|").join("")}`,
    ...lines,
  ];
}

function dom0Table(named: readonly ConfirmedNamed[]): string[] {
  const columns = named.filter((row) => row.target === "dom0").sort(byRelease);
  if (columns.length === 0) return [];
  const cell = (row: ConfirmedNamed, name: string): string =>
    row.differ.includes(name) ? "**differs**" : row.names.includes(name) ? "equal" : "";
  return [
    `| dom0 | what | ${columns.map((row) => row.build).join(" | ")} |`,
    `|---|---|${columns.map(() => "---|").join("")}`,
    ...DOM0_CASES.map(
      ({ name, says }) => `| ${name} | ${says} | ${columns.map((row) => cell(row, name)).join(" | ")} |`,
    ),
    `| entries compared | | ${columns.map((row) => thousands(row.entries)).join(" | ")} |`,
  ];
}

const NOT_COVERED = [
  "Grant mappings, which only a guest that runs can make: what the model says of them comes from the specification alone. Foreign mappings of guests on 4.14 and 4.17, which refuse them.",
  "Tables that VT-d shares with EPT: sharing needs VMX and VT-d in one machine. QEMU has `intel-iommu` but its own emulation of processors has no VMX (only KVM passes that on, and there is none to be assumed); Bochs has VMX with EPT but no IOMMU. A processor with SVM that says it is Intel's does not help: its tables are NPT's. What is confirmed is each half: EPT entries on Bochs, where the domains have no IOMMU context (so SNP stays 0), and VT-d's own tables in QEMU.",
  "A PVH dom0 beside VT-d (it needs VMX), and its devices at run time: BARs that it moves, MSI-X that it switches on; read-only frames other than those that boot makes.",
  "Devices under `iommu=no-quarantine` or `quarantine=scratch-page`; memory that comes back when a domain with tables is destroyed while there is none; guests that run (accessed and dirty bits, memory types set by guest MTRRs).",
  "On Bochs the frames of RAM are compared up to renaming; on 4.14 only in the ranges that a script touches, since a domain starts with an APIC page there that the model leaves out.",
  "Releases other than these: their rows rest on the specification and on recorded goldens (4.11, 4.12, 4.16).",
];

/** What the specification did not say, or said otherwise, and how the hypervisors answered. */
const CORRECTIONS = [
  "Revoking an I/O permission over a range that begins in a gap and reaches into a later permission makes the permission before the gap grow up to the range (4.14.6, 4.17.7; no longer in 4.20.4).",
  "dom0 lacks the frames of the IOMMU's registers too: no guest can be given them.",
  "The page of an IOMMU root is taken when it is first needed (a mapping, an assignment), not with the domain.",
  "Assigning a device twice gives -EBUSY; taking one away that the domain does not have -ENODEV, and without an IOMMU context -EOPNOTSUPP. Populating and giving back count no extents for a domain that does not exist, where other requests give -ESRCH.",
  "The console names the types and access rights of a refused conflict by number: `(0x4000800,9,5,7) -> (0x4000600,9,5,7) not permitted`.",
  "A guest may map another's pages from 4.20.4 on, as its device model only; 4.14.6 and 4.17.7 refuse it. A foreign page over a foreign or grant mapping gives -ENXIO and changes nothing; remove_from_physmap takes foreign pages away, giving back stops at them.",
  "Without memory for the root of AMD-Vi tables a mapping fails with -ENOMEM, not with the -EFAULT of all other tables.",
  "Up to 4.16 (4.14.6 shows it, 4.17.7 no longer), assigning a device before anything is mapped makes the VT-d tables on the way to address 0, as many as there is memory for; only a missing root fails.",
  "Devices are quarantined, which takes memory. On 4.14.6 a device gets five pages for good when a domain first has it; with fewer left the assignment gives -ENOMEM, and each attempt loses a page. On 4.17.7 and 4.20.4 VT-d needs one page for a moment, to take a device from dom0 and to take it away from a domain: without one that gives -ENOMEM, and the domain keeps the device, so that assigning it again is -EBUSY. AMD-Vi needs none there. A device that is in quarantine is had without memory.",
  "A device that another domain has gives -EBUSY; of a domain that is destroyed it goes into quarantine.",
  "AMD-Vi tables follow the physical address width in Debian's 4.20.4 already, not from 4.22 on: with 38 bits a guest's have three levels, and a PV dom0's four with 46 bits.",
  "dom0 lacks the registers of VT-d units only after its tables have been made: with `map-inclusive` 4.20 maps them, those of AMD's it does not.",
  "A PV dom0 of 4.14 and 4.17 crashes at boot on AMD-Vi when the machine has less than 1 GiB: its tables then have two levels, and the configuration window lies beyond.",
  "An EPT domain starts with its APIC page mapped (and three tables for it) on 4.14, and empty on 4.17 and 4.20.",
];

/** docs/confirmed.md. */
export function confirmedMarkdown(confirmed: Confirmed): string {
  const random = [...confirmed.random].sort(byRelease);
  const named = [...confirmed.named].sort(byRelease);
  const targets = [...new Set(random.map((row) => row.target))].sort();
  const lines = [
    "# What real Xen has confirmed",
    "",
    "Made by `npm run rig -- --confirm` from `docs/confirmed.json`, the results of the rig's last runs; not by hand. Equal",
    "means: every return value and count, and every entry of every table, bit by bit, absent entries and markers included.",
    "",
    "## Random sequences",
    "",
    "| hypervisor | tables | sequences | operations | P2M entries | IOMMU entries | seed | differences | date |",
    "|---|---|---|---|---|---|---|---|---|",
    ...random.map(randomRow),
    "",
    "How the operations ended:",
    "",
    ...targets.map((target) => `- ${TITLES[target]}: ${outcomesOf(random.filter((row) => row.target === target))}.`),
    "",
    "One batch in four runs with `hap_2mb=0`, `hap_1gb=0`, both, `iommu=no-superpages`, `iommu=no-snoop` or `ept=exec-sp`,",
    "as the target has them. Repeat a run with `npm run rig -- --random SEQUENCES --seed SEED --target TARGET --xen RELEASE`.",
    "",
    "## Named scenarios",
    "",
    ...scenarioTable(named),
    "",
    "## Recorded goldens, run again",
    "",
    ...named
      .filter((row) => row.names.some((name) => name.startsWith("golden ")))
      .map((row) => {
        const goldens = row.names.filter((name) => name.startsWith("golden "));
        const wrong = goldens.filter((name) => row.differ.includes(name));
        return `- ${row.build}, ${TITLES[row.target]}: ${goldens.length} scripts, ${wrong.length} differ: ${goldens.map((name) => name.slice(7)).join(", ")}.`;
      }),
    "",
    "## dom0's own tables, as boot leaves them",
    "",
    "Whole trees: a PV dom0's IOMMU tables in its modes (AMD-Vi, and VT-d beside an Intel processor), a PVH dom0's P2M and",
    "AMD-Vi tables with its RAM, its reserved ranges, and what vPCI maps of its devices.",
    "",
    ...dom0Table(named),
    "",
    "## Where the hypervisor had the last word",
    "",
    ...CORRECTIONS.map((line) => `- ${line}`),
    "",
    "## Not confirmed",
    "",
    ...NOT_COVERED.map((line) => `- ${line}`),
    "",
  ];
  return lines.join("\n");
}
