import { systemPageSizeOf } from "./config-capabilities.ts";
import { barOf, parseRegion } from "./lspci-region.ts";
import type { Section } from "./lspci-sections.ts";
import { bestReading, firstMatch, type WrappedLine } from "./lspci-wrapped.ts";
import { quote } from "./note-list.ts";
import type { AddNote } from "./notes.ts";
import { parseSize } from "./sizes.ts";
import type { Bar, Msix, MsixTable, PciDevice, Source, Sriov } from "./types.ts";

type Resizable = PciDevice["resizable"];

const text = ({ parts }: WrappedLine): string => parts.join(" ");

const MSIX = /^MSI-X: Enable([+-]) .*(?:Count|TabSize)=(\d{1,5})(?: Masked[+-])?$/;
const LOCATION = /^(Vector table|PBA): BAR=(\d) offset=([0-9a-f]{1,8})$/;

/** `MSI-X: Enable± Count=N Masked±` and its two location lines, which `-v` leaves out (host-inputs.md 1.3). */
export function readMsixText({ title, lines }: Section, add: AddNote): Msix | null {
  const head = bestReading(title, (t) => MSIX.exec(t));
  const vectors = Number(head?.[2] ?? 0);
  if (vectors < 1 || vectors > 2048) {
    add("unread", `MSI-X: expected Count=1 to 2048 in ${quote(text(title))}`, title.line);
    return null;
  }
  const places = new Map<string, MsixTable>();
  for (const line of lines) {
    const match = bestReading(line, (t) => LOCATION.exec(t));
    const bar = Number(match?.[2]);
    if (match === null || bar > 5)
      add("unread", `MSI-X: expected "BAR=0…5 offset=HEX" in ${quote(text(line))}`, line.line);
    else places.set(match[1]!, { bar, offset: Number.parseInt(match[3]!, 16) });
  }
  const [table = null, pba = null] = [places.get("Vector table"), places.get("PBA")];
  return { vectors, table, pba, enabled: head?.[1] === "+" };
}

/** A text may name a BAR any number of times; the first time counts. */
const firstOfEach = <T>(items: readonly T[], key: (item: T) => number): readonly T[] => {
  const seen = new Set<number>();
  return items.filter((item) => !seen.has(key(item)) && seen.add(key(item)));
};

const ENTRY = /^BAR (\d): current size: (\S{1,24}?)(?:, supported:(.*))?$/;

/** `BAR I: current size: S, supported: S S …` (host-inputs.md 1.4), in the physical and in the virtual form. */
export function readResizableText({ title, lines }: Section, add: AddNote): Resizable {
  if (text(title).startsWith("Resizable BAR <")) {
    add("missing", "Resizable BAR: this lspci does not print the sizes", title.line);
    return [];
  }
  const entries = lines.flatMap((line) => {
    const entry = bestReading(line, parseEntry, ({ clean }) => clean);
    if (entry === null || !entry.clean)
      add("unread", `Resizable BAR: expected sizes such as 256MB in ${quote(text(line))}`, line.line);
    return entry === null ? [] : [entry.value];
  });
  return firstOfEach(entries, ({ bar }) => bar);
}

function parseEntry(line: string): { value: Resizable[number]; clean: boolean } | null {
  const match = ENTRY.exec(line);
  const current = parseSize(match?.[2] ?? "");
  const bar = Number(match?.[1]);
  if (match === null || current === null || bar > 5) return null;
  const words = (match[3] ?? "").split(" ").filter((word) => word !== "");
  const supported = words.map((word) => (word.endsWith("B") ? parseSize(word) : null)).filter((size) => size !== null);
  return { value: { bar, current, supported }, clean: supported.length === words.length };
}

const COUNTS = /Total VFs: (\d{1,5}), Number of VFs: (\d{1,5})(?=,|$)/;
const PLACES = /^VF offset: (\d{1,5}), stride: (\d{1,5}), Device ID: ([0-9a-f]{4})/;
const PAGE_SIZE = /System Page Size: ([0-9a-f]{8})/;

/** The SR-IOV capability; its regions are the VF BARs, addresses without sizes (host-inputs.md 1.5). */
export function readSriovText({ title, lines }: Section, from: (line: number) => Source, add: AddNote): Sriov | null {
  const counts = firstMatch(lines, COUNTS);
  if (counts === null) {
    add("unread", "SR-IOV: the line with Total VFs is missing, so the capability was not read", title.line);
    return null;
  }
  const places = firstMatch(lines, PLACES);
  const pageSize = firstMatch(lines, PAGE_SIZE);
  return {
    totalVfs: Number(counts[1]),
    numVfs: Number(counts[2]),
    firstVfOffset: Number(places?.[1] ?? 0),
    vfStride: Number(places?.[2] ?? 0),
    ...(places === null ? {} : { vfDeviceId: Number.parseInt(places[3]!, 16) }),
    ...(pageSize === null ? {} : systemPageSizeOf(Number.parseInt(pageSize[1]!, 16))),
    bars: firstOfEach(
      lines.flatMap((line) => vfBar(line, from, add)),
      ({ index }) => index,
    ),
  };
}

function vfBar(line: WrappedLine, from: (line: number) => Source, add: AddNote): readonly Bar[] {
  if (!text(line).startsWith("Region ")) return [];
  const region = bestReading(line, parseRegion, ({ problem }) => problem === null);
  const index = region?.index ?? null;
  if (region === null || index === null || index > 5 || region.problem !== null)
    add("unread", `VF region: ${region?.problem ?? "not understood"}: ${quote(text(line))}`, line.line);
  return region === null || index === null || index > 5 ? [] : [barOf(region, index, from(line.line))];
}
