/** QEMU's `info tlb` and `info mem`, the guest's own tables: page-table-formats.md 9.8. */
import type { MappedRun } from "../mapped-run.ts";
import { placed, type RunBuilder, runBuilder } from "./build.ts";
import type { Dialect, DialectInput, TextDump } from "./dump.ts";

const TLB = /^\s{0,8}([0-9a-f]{8,16}): ([0-9a-f]{8,16}) ([XGPDACTUW-]{9})\s{0,8}$/;
const MEM = /^\s{0,8}([0-9a-f]{8,16})-([0-9a-f]{8,16}) ([0-9a-f]{8,16}) ([u-])(r)([w-])\s{0,8}$/;
/** Virtual addresses are sign-extended; what counts are the bits below the sign. */
const LOW = 2n ** 57n - 1n;
const frame = (text: string): number => Number((BigInt(`0x${text}`) & LOW) >> 12n);

function tlbOf(text: string): MappedRun | null {
  const match = TLB.exec(text);
  if (!match) return null;
  const flags = match[3]!;
  // X is for NX, P for a large page, of which the text does not tell the size.
  const order = flags[2] === "P" ? 9 : 0;
  const access = `r${flags[8] === "W" ? "w" : "-"}${flags[0] === "X" ? "-" : "x"}`;
  return { ...placed(frame(match[1]!), 2 ** order, frame(match[2]!)), order, access };
}

function memOf(text: string): MappedRun | null {
  const match = MEM.exec(text);
  if (!match) return null;
  const start = frame(match[1]!);
  const pages = frame(match[2]!) - start;
  return pages > 0 ? { ...placed(start, pages, null), access: `r${match[6]}-` } : null;
}

function read({ lines, note }: DialectInput): readonly TextDump[] {
  const tlb: RunBuilder = runBuilder(note);
  const mem: RunBuilder = runBuilder(note);
  let large = false;
  for (const { text, line } of lines) {
    const entry = tlbOf(text);
    const range = entry ? null : memOf(text);
    if (entry) {
      large ||= entry.order === 9;
      tlb.add(entry, line);
    } else if (range) mem.add(range, line);
    else note(line, "looks like a line of QEMU's monitor, and is not one");
  }
  if (large) note(null, "info tlb does not tell the size of large pages: taken for 2 MiB");
  const dump = (title: string, builder: RunBuilder): TextDump[] => {
    const runs = builder.runs();
    if (runs.length === 0) return [];
    return [{ dialect: "qemu-monitor", title, domain: null, what: "p2m", format: null, runs, leaves: null }];
  };
  note(null, "QEMU's monitor shows the guest's own tables: neither EPT or NPT nor the IOMMU's");
  return [...dump("info tlb: the guest's own tables", tlb), ...dump("info mem: ranges of the guest's own tables", mem)];
}

export const qemuMonitor: Dialect = { name: "qemu-monitor", claims: (text) => TLB.test(text) || MEM.test(text), read };
