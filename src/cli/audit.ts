import type { Command } from "commander";
import type { Mfn } from "../address.ts";
import { type AuditDocument, audit } from "../inspect/audit/audit.ts";
import { auditBars } from "../inspect/audit/bars.ts";
import type { AuditInput, AuditTree } from "../inspect/audit/rule.ts";
import { RULES } from "../inspect/audit/rules/index.ts";
import { type FrameRange, FrameSet } from "../ranges.ts";
import { auditText } from "../report/audit-text.ts";
import { auditSarif } from "../report/sarif.ts";
import { DONE, FINDINGS, UsageError } from "./failure.ts";
import { loadInventory } from "./inputs.ts";
import { type CommonOptions, print, say, sayNotes } from "./output.ts";
import { titleOf } from "./read-file.ts";
import { openAllTables, type TableFile, type TableFileOptions } from "./table-files.ts";
import { addTableOptions } from "./table-options.ts";
import { VERSION } from "./version.ts";

interface AuditOptions extends CommonOptions, TableFileOptions {
  readonly lspci?: string;
  readonly hypervisor?: readonly string[];
  readonly physBits?: string;
  readonly owner?: string;
  readonly rule?: readonly string[];
  readonly sarif?: boolean;
  readonly "2m"?: boolean;
  readonly "1g"?: boolean;
}

const collect = (value: string, list: readonly string[] = []): readonly string[] => [...list, value];

/** `physmap audit`: check page tables by rules. */
export function auditCommand(program: Command, exit: (code: number) => void): void {
  addTableOptions(
    program
      .command("audit")
      .summary("check P2M against IOMMU, find what must not be reachable, what is malformed, what was missed")
      .description(
        "Check the page tables of one host by rules. In a memory image they are looked for, unless roots are given; what was assumed then is told. Exits 1 when there is a fault, a risk or waste; notes alone are no findings.",
      )
      .argument("<IMAGE...>", "snapshots, operation scripts, memory images"),
  )
    .option("--lspci <FILE>", "the host's lspci -vv: checks that BARs are mapped whole, and their memory type")
    .option("--hypervisor <START-END>", "physical addresses of the hypervisor, end inclusive; may be repeated", collect)
    .option("--phys-bits <N>", "physical address width (32 to 52): bits above are reserved")
    .option("--owner <WHOSE>", "xen or kvm: whose software bits the entries hold, where they do not tell")
    .option("--no-2m", "the hardware has no 2 MiB pages")
    .option("--no-1g", "the hardware has no 1 GiB pages")
    .option("--rule <ID>", "only this rule; may be repeated", collect)
    .option("--sarif", "print SARIF 2.1.0, for a CI")
    .addHelpText(
      "after",
      `
Rules, worst first:
${RULES.map(({ id, severity }) => `  ${severity.padEnd(6)} ${id}`).join("\n")}

Examples:
  physmap audit test/golden/s4_deb417_iommu.json.gz
  physmap audit vmcore --log xl-dmesg.txt
  physmap audit vmcore --root 1/npt:0x7f9ff000 --root 1/amdvi:0x66575000 --lspci lspci.txt
  physmap audit snapshot.json --sarif > audit.sarif`,
    )
    .action((paths: string[], options: AuditOptions) => {
      const rules = rulesOf(options.rule);
      const files = openAllTables(paths, options);
      const document = audit(inputOf(paths, files, options), rules);
      for (const file of files) file?.close();
      if (options.sarif) process.stdout.write(`${JSON.stringify(auditSarif(document, paths, VERSION), null, 2)}\n`);
      else print(options, document, (style) => auditText(document, style, options.verbose ?? false));
      exit(isClean(document) ? DONE : FINDINGS);
    });
}

const isClean = ({ counts }: AuditDocument): boolean => counts.fault + counts.risk + counts.waste === 0;

function rulesOf(ids: readonly string[] | undefined) {
  const unknown = ids?.find((id) => !RULES.some((rule) => rule.id === id));
  if (unknown !== undefined) throw new UsageError(`--rule ${unknown}: no such rule; physmap audit --help lists them`);
  return ids === undefined ? RULES : RULES.filter(({ id }) => ids.includes(id));
}

function inputOf(paths: readonly string[], files: readonly (TableFile | null)[], options: AuditOptions): AuditInput {
  const { lspci, hypervisor, physBits, owner } = options;
  if (owner !== undefined && owner !== "xen" && owner !== "kvm")
    throw new UsageError(`--owner ${owner}: expected xen or kvm`);
  const width = Number(physBits ?? 52);
  if (!Number.isInteger(width) || width < 32 || width > 52)
    throw new UsageError(`--phys-bits ${physBits}: expected a number from 32 to 52`);
  return {
    trees: files.flatMap((file) => treesOf(file, options, files.length > 1, paths)),
    bars: lspci === undefined ? [] : barsOf(lspci, options),
    hypervisor: FrameSet.of<Mfn>(...(hypervisor ?? []).map(rangeOf)),
    decode: { physBits: width, has2m: options["2m"] ?? true, has1g: options["1g"] ?? true },
    ...(owner === undefined ? {} : { owner }),
  };
}

function treesOf(file: TableFile | null, options: AuditOptions, named: boolean, paths: readonly string[]): AuditTree[] {
  if (!file || file.trees.length === 0)
    throw new UsageError(
      file?.kind === "text"
        ? `${titleOf(file.path)}: a text dump has no tables to check, physmap diff compares it`
        : `${paths.map(titleOf).join(", ")}: no page tables: expected a snapshot, a script or a memory image`,
    );
  for (const text of file.notes) say(options, `note: ${text}`);
  return file.trees.map((tree) => (named ? { ...tree, name: `${file.path}: ${tree.name}` } : tree));
}

function barsOf(path: string, options: AuditOptions) {
  const { devices, notes } = loadInventory([path]);
  sayNotes(options, notes);
  const bars = auditBars(devices);
  if (bars.length === 0) throw new UsageError(`${titleOf(path)}: no memory BAR with an address and a size`);
  return bars;
}

function rangeOf(text: string): FrameRange {
  const match = /^(0x[0-9a-f]{1,13})-(0x[0-9a-f]{1,13})$/i.exec(text);
  const start = Number(match?.[1]);
  const end = Number(match?.[2]);
  if (!match || end < start) throw new UsageError(`--hypervisor ${text}: expected 0xSTART-0xEND`);
  return { start: Math.floor(start / 4096), end: Math.floor(end / 4096) + 1 };
}
