import { readHvmloaderBar } from "./hvmloader-line.ts";
import { readLogEntries } from "./log-entries.ts";
import { quote } from "./note-list.ts";
import { type AddNote, fileNotes, source } from "./notes.ts";
import type { HostFacts, Note, ObservedBar, VtdUnit } from "./types.ts";
import { parseXenOptions } from "./xen-cmdline.ts";
import { hasSize, LOG_RULES, LOOKS_RELEVANT, VENDOR_RULES } from "./xl-dmesg-rules.ts";

const COMMAND_LINE = "Command line:";
const MEMORY_MAP =
  /^memory_map(?::(?:add|remove|fail): d(?:om)?\d{1,5} gfn=[0-9a-f]{1,16} mfn=[0-9a-f]{1,16} nr=|: error -?\d{1,5} removing )/;
const UNIT = /^Intel VT-d iommu (\d{1,4}) supported page sizes: (4kB.{0,64})$/;

/**
 * Reads the hypervisor's log, `xl dmesg` or a serial console's capture (host-inputs.md 7). The ring may have lost its
 * beginning: a fact without a line stays absent, which means unknown, never no. What guests print never counts as the
 * hypervisor's word. Of several boots in one capture the last is read. Never throws.
 */
export function readXlDmesg(text: string, file: string): { readonly host: HostFacts; readonly notes: readonly Note[] } {
  const { add, all: notes } = fileNotes(file);
  let facts: HostFacts = {};
  const units = new Map<number, VtdUnit>();
  const bars: ObservedBar[] = [];
  const memoryMap: number[] = [];
  let unitLine: number | undefined;
  let cmdlineNotes: readonly Note[] = [];

  for (const { text: says, line, domain } of readLogEntries(text, add)) {
    const from = source(file, line);
    const bar = readHvmloaderBar(says, domain ?? 0, from);
    const unit = UNIT.exec(says);
    if (bar !== null) {
      bars.push(bar);
      if (domain === null) add("assumed", "hvmloader's line without a guest's mark: which guest is not known", line);
    } else if (domain !== null) {
      if (/^pci dev .{0,20} bar /.test(says)) add("unread", `${quote(says)}: ${EXPECTED_BAR}`, line);
    } else if (MEMORY_MAP.test(says)) {
      memoryMap.push(line);
    } else if (says.startsWith(COMMAND_LINE)) {
      if (facts.xenCmdline !== undefined) continue;
      const parsed = parseXenOptions(says.slice(COMMAND_LINE.length).trim(), file, line);
      cmdlineNotes = parsed.notes;
      facts = { ...facts, xenCmdline: { value: parsed.cmdline, from } };
    } else {
      for (const { pattern, read } of VENDOR_RULES) {
        const match = pattern.exec(says);
        if (match !== null) facts = { ...read(match, from), ...facts };
      }
      if (unit !== null) {
        const [, index = "0", sizes = ""] = unit;
        unitLine ??= line;
        units.set(Number(index), { index: Number(index), has2m: hasSize(sizes, "2MB"), has1g: hasSize(sizes, "1GB") });
        continue;
      }
      const rule = LOG_RULES.find(({ pattern }) => pattern.test(says));
      const match = rule?.pattern.exec(says);
      if (rule !== undefined && match) facts = { ...rule.read(match, from), ...facts };
      else if (LOOKS_RELEVANT.test(says))
        add("unread", `${quote(says)} starts like a line that tells something, and is not understood (cut off?)`, line);
    }
  }

  const vtdUnits = [...units.values()].sort((a, b) => a.index - b.index);
  if (memoryMap.length > 0)
    add("info", `${memoryMap.length} memory_map lines: "physmap trace" reads them`, memoryMap[0]);
  const host: HostFacts = {
    ...sharingNeedsHap(facts, add),
    ...(vtdUnits.length > 0 && { vtdUnits: { value: vtdUnits, from: source(file, unitLine) } }),
    ...(bars.length > 0 && { observedBars: bars }),
    ...(memoryMap.length > 0 && { memoryMapLines: { value: memoryMap.length, from: source(file, memoryMap[0]) } }),
  };
  return { host, notes: [...notes(), ...cmdlineNotes] };
}

const EXPECTED_BAR = "expected pci dev DD:F bar RR size S: A, in hexadecimal";

/** The Shared EPT line is printed before HVM is set up: HAP missing or off clears sharing later (host-inputs.md 7). */
function sharingNeedsHap(facts: HostFacts, add: AddNote): HostFacts {
  const { sharedTables, hapDetected } = facts;
  if (sharedTables?.value !== true || hapDetected?.value !== false) return facts;
  const says = "shared EPT tables were enabled before HAP was found missing or off, which clears sharing";
  add("info", says, hapDetected.from.line);
  return { ...facts, sharedTables: hapDetected };
}
