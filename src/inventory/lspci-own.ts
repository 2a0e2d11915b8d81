import { looksLikeRegion, parseRegion, type Region } from "./lspci-region.ts";
import { bestReading, firstMatch, mayMatch, type WrappedLine } from "./lspci-wrapped.ts";
import { quote } from "./note-list.ts";
import type { AddNote } from "./notes.ts";

/** What a function's own lines tell, without its capabilities. */
export interface Own {
  readonly regions: readonly Region[];
  /** Where each region stands. */
  readonly regionLines: readonly number[];
  readonly driver: string | null;
  readonly numaNode: number | null;
  readonly iommuGroup: number | null;
  readonly memoryDecode: boolean | null;
  /** It has buses behind it. */
  readonly buses: boolean;
}

/** What each line is asked first: few tell one of the facts below. */
const FACT = /^(?:Control:|Kernel driver|Bus:)|NUMA node|IOMMU group/;
const DECODE = /^Control: .*Mem([+-])/;
const DRIVER = /^Kernel driver in use: (\S{1,64})$/;
const NUMA_NODE = /\bNUMA node:? (\d{1,5})(?=,|$)/;
const IOMMU_GROUP = /\bIOMMU group:? (\d{1,6})(?=,|$)/;
const BUSES = /^Bus: primary=/;

/** Reads a function's own lines (host-inputs.md 1.1, 1.2). `add` gets a note on each region that was not understood. */
export function readOwn(lines: readonly WrappedLine[], add: AddNote): Own {
  const regions: Region[] = [];
  const regionLines: number[] = [];
  const facts: WrappedLine[] = [];
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i]!;
    if (mayMatch(line, FACT)) facts.push(line);
    const region = isAboutRegions(line) ? readRegion(line, add) : null;
    if (region === null) continue;
    regions.push(region);
    regionLines.push(line.line);
  }
  const decode = find(facts, DECODE);
  return {
    regions,
    regionLines,
    driver: find(facts, DRIVER),
    numaNode: number(find(facts, NUMA_NODE)),
    iommuGroup: number(find(facts, IOMMU_GROUP)),
    memoryDecode: decode === null ? null : decode === "+",
    buses: firstMatch(facts, BUSES) !== null,
  };
}

export const isAboutRegions = (line: WrappedLine): boolean => looksLikeRegion(line.parts[0]!);
export const shown = ({ parts }: WrappedLine): string => quote(parts.join(" "));

const find = (facts: readonly WrappedLine[], pattern: RegExp): string | null => firstMatch(facts, pattern)?.[1] ?? null;
const number = (digits: string | null): number | null => (digits === null ? null : Number(digits));

function readRegion(line: WrappedLine, add: AddNote): Region | null {
  const region = bestReading(line, parseRegion, ({ problem }) => problem === null);
  const fits = region !== null && (region.kind === "rom" || (region.index ?? 0) <= 5);
  if (!fits) add("unread", `region line not understood: ${shown(line)}`, line.line);
  else if (region.problem !== null) add("unread", `region line: ${region.problem}: ${shown(line)}`, line.line);
  return fits ? region : null;
}
