import { type Block, bestReading, type WrappedLine } from "./lspci-blocks.ts";
import { readMsixText, readResizableText, readSriovText } from "./lspci-capability.ts";
import { looksLikeRegion, parseRegion, type Region } from "./lspci-region.ts";
import { type Section, splitSections } from "./lspci-sections.ts";
import { quote } from "./note-list.ts";
import type { AddNote } from "./notes.ts";
import type { PciDevice, Source, Sriov } from "./types.ts";

/** What the lines below a block's head tell. */
export interface Body {
  readonly regions: readonly { readonly region: Region; readonly line: number }[];
  readonly msix: PciDevice["msix"];
  readonly resizable: PciDevice["resizable"];
  readonly sriov: Sriov | null;
  readonly driver: string | null;
  readonly numaNode: number | null;
  readonly iommuGroup: number | null;
  readonly memoryDecode: boolean | null;
  readonly bridge: boolean;
  /** `Capabilities: <access denied>`: regions are complete, everything else is unknown. */
  readonly denied: boolean;
}

const BRIDGE_PORT = /^Express .*(?:Root Port|Upstream Port|Downstream Port|PCI-Express to PCI|PCI\/PCI-X to)/;

/** Reads a block's body (host-inputs.md 1). `add` gets a note on each line that looks relevant and was not understood. */
export function readBody(block: Block, from: (line: number) => Source, add: AddNote): Body {
  const { own, capabilities, stray } = splitSections(block);
  for (const line of stray.filter(isAboutRegions))
    add("unread", `deeper than the function's own lines, but in no capability: ${shown(line)}`, line.line);

  const find = (pattern: RegExp): string | null => {
    for (const line of own) {
      const match = bestReading(line, (t) => pattern.exec(t));
      if (match !== null) return match[1] ?? "";
    }
    return null;
  };
  const number = (pattern: RegExp): number | null => {
    const found = find(pattern);
    return found === null ? null : Number(found);
  };
  const titled = (pattern: RegExp): Section | undefined => capabilities.find(({ title }) => titleHas(title, pattern));

  const decode = find(/^Control: .*Mem([+-])/);
  const msix = titled(/^MSI-X:/);
  const resizable = titled(/^(?:Physical )?Resizable BAR/);
  const virtualResizable = titled(/^Virtual Resizable BAR/);
  const sriov = titled(/\(SR-IOV\)/);
  const vfSizes = virtualResizable === undefined ? [] : readResizableText(virtualResizable, add);
  return {
    regions: own.flatMap((line) => readRegion(line, add)),
    msix: msix === undefined ? null : readMsixText(msix, add),
    resizable: resizable === undefined ? [] : readResizableText(resizable, add),
    sriov: sriov === undefined ? null : withSizes(readSriovText(sriov, from, add), vfSizes),
    driver: find(/^Kernel driver in use: (\S{1,64})$/),
    numaNode: number(/\bNUMA node:? (\d{1,5})(?=,|$)/),
    iommuGroup: number(/\bIOMMU group:? (\d{1,6})(?=,|$)/),
    memoryDecode: decode === null ? null : decode === "+",
    bridge: find(/^Bus: primary=/) !== null || titled(BRIDGE_PORT) !== undefined,
    denied: titled(/^(?:<|&lt;)access denied/) !== undefined,
  };
}

const shown = ({ parts }: WrappedLine): string => quote(parts.join(" "));
const titleHas = (title: WrappedLine, pattern: RegExp): boolean =>
  bestReading(title, (t) => (pattern.test(t) ? true : null)) !== null;
const isAboutRegions = ({ parts }: WrappedLine): boolean => looksLikeRegion(parts[0] ?? "");

function readRegion(line: WrappedLine, add: AddNote): Body["regions"] {
  if (!isAboutRegions(line)) return [];
  const region = bestReading(line, parseRegion, ({ problem }) => problem === null);
  const fits = region !== null && (region.bar.kind === "rom" || (region.index ?? 0) <= 5);
  if (!fits) add("unread", `region line not understood: ${shown(line)}`, line.line);
  else if (region.problem !== null) add("unread", `region line: ${region.problem}: ${shown(line)}`, line.line);
  return fits ? [{ region, line: line.line }] : [];
}

/** A Virtual Resizable BAR capability tells how large one VF's slice is now (guest-mmio-layout.md 11). */
function withSizes(sriov: Sriov | null, vfSizes: PciDevice["resizable"]): Sriov | null {
  if (sriov === null) return null;
  const bars = sriov.bars.map((bar) => ({ ...bar, size: vfSizes.find((v) => v.bar === bar.index)?.current ?? null }));
  return { ...sriov, bars };
}
