import { looksLikeRegion, parseRegion, type Region } from "./lspci-region.ts";
import { bestReading, firstMatches, mayMatch, type WrappedLine } from "./lspci-wrapped.ts";
import { quote } from "./note-list.ts";
import type { AddNote } from "./notes.ts";

/** What a function's own lines tell, without its capabilities. */
export interface Own {
  readonly regions: readonly Region[];
  /** Where each region stands. */
  readonly regionLines: readonly number[];
  readonly facts: Facts;
}

export interface Facts {
  readonly driver: string | null;
  readonly numaNode: number | null;
  readonly iommuGroup: number | null;
  readonly memoryDecode: boolean | null;
  /** It has buses behind it. */
  readonly buses: boolean;
}

/** What each line is asked first: few tell one of the facts below. */
const FACT = /^(?:Control:|Kernel driver|Bus:)|NUMA node|IOMMU group/;
const FACTS = [
  ["decode", /^Control: .*Mem([+-])/],
  ["driver", /^Kernel driver in use: (\S{1,64})$/],
  ["numa", /\bNUMA node:? (\d{1,5})(?=,|$)/],
  ["iommu", /\bIOMMU group:? (\d{1,6})(?=,|$)/],
  ["buses", /^Bus: primary=/],
] as const;

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
  return { regions, regionLines, facts: readFacts(facts) };
}

function readFacts(lines: readonly WrappedLine[]): Facts {
  const found = firstMatches(lines, FACTS);
  const numa = found.get("numa");
  const iommu = found.get("iommu");
  const decode = found.get("decode");
  return {
    driver: found.get("driver")?.[1] ?? null,
    numaNode: numa === undefined ? null : Number(numa[1]),
    iommuGroup: iommu === undefined ? null : Number(iommu[1]),
    memoryDecode: decode === undefined ? null : decode[1] === "+",
    buses: found.has("buses"),
  };
}

export const isAboutRegions = (line: WrappedLine): boolean => looksLikeRegion(line.parts[0]!);
export const shown = ({ parts }: WrappedLine): string => quote(parts.join(" "));

function readRegion(line: WrappedLine, add: AddNote): Region | null {
  const region = bestReading(line, parseRegion, ({ problem }) => problem === null);
  const fits = region !== null && (region.kind === "rom" || (region.index ?? 0) <= 5);
  if (!fits) add("unread", `region line not understood: ${shown(line)}`, line.line);
  else if (region.problem !== null) add("unread", `region line: ${region.problem}: ${shown(line)}`, line.line);
  return fits ? region : null;
}
