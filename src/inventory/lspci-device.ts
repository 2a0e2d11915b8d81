import { parseBdf } from "./bdf.ts";
import { combineDevices } from "./combine.ts";
import { type ConfigSpace, readConfigSpace } from "./config-space.ts";
import { isBridgeClass } from "./device-class.ts";
import type { Block } from "./lspci-blocks.ts";
import { readHead } from "./lspci-head.ts";
import { readHexRows } from "./lspci-hex.ts";
import { isAboutRegions, type Own, readOwn, shown } from "./lspci-own.ts";
import { barOf } from "./lspci-region.ts";
import { splitSections } from "./lspci-sections.ts";
import { readCapabilities } from "./lspci-titles.ts";
import type { WrappedLine } from "./lspci-wrapped.ts";
import { quote } from "./note-list.ts";
import { type AddNote, source } from "./notes.ts";
import { numberRegions } from "./region-index.ts";
import type { Bar, Bdf, PciDevice } from "./types.ts";

/** A device, and what is to be said about many devices at once. */
export interface BlockReading {
  readonly device: PciDevice;
  readonly numbersAssumed: boolean;
  readonly capabilitiesUnknown: boolean;
}

/** The device that a block describes; null where it describes none, which is noted. */
export function readBlock(block: Block, file: string, add: AddNote): BlockReading | null {
  const headText = block.head.parts.join(" ");
  const bdf = parseBdf(block.address);
  if (bdf === null || headText.startsWith('"')) {
    const expected = bdf === null ? "a device number up to 1f" : "lspci without -m";
    add("unread", `expected ${expected}: ${quote(`${block.address} ${headText}`)}`, block.head.line);
    return null;
  }
  const head = readHead(block.head);
  if (head.idsCut) add("missing", `${bdf}: the name is cut, so vendor and device numbers are missing`, block.head.line);
  const sections = splitSections(block);
  if (sections.stray.length > 0) noteStray(sections.stray, add);
  const own = readOwn(sections.own, add);
  const capabilities = readCapabilities(sections.capabilities, (line) => source(file, line), add);
  const config = readHex(block, bdf, file, add);
  const bridgeClass = head.classCode !== null && isBridgeClass(head.classCode);
  const bridge = own.facts.buses || capabilities.bridgePort || bridgeClass || config?.bridge === true;
  const numbered = numberRegions(own.regions, config?.bars ?? [], bridge ? 2 : 6);
  const fromText: PciDevice = {
    bdf,
    classCode: head.classCode,
    vendorId: head.vendorId,
    deviceId: head.deviceId,
    name: head.name,
    bridge,
    bars: barsOf(own, numbered.indexes, bdf, file, add),
    msix: capabilities.msix,
    resizable: capabilities.resizable,
    sriov: capabilities.sriov,
    driver: own.facts.driver,
    numaNode: own.facts.numaNode,
    iommuGroup: own.facts.iommuGroup,
    memoryDecode: own.facts.memoryDecode,
    // A boot VGA's ROM is [virtual] too: the kernel keeps a copy of it at 0xc0000.
    virtualFunction: own.regions.some(({ kind, marks }) => kind === "memory" && marks?.virtual === true),
    from: source(file, block.head.line),
  };
  const device = config === null ? fromText : combineDevices(fromText, { ...fromText, ...config });
  const textTells = !capabilities.denied && own.regions.length > 0;
  const capabilitiesUnknown = !textTells && (config === null || config.truncated);
  return { device, numbersAssumed: numbered.assumed, capabilitiesUnknown };
}

function noteStray(lines: readonly WrappedLine[], add: AddNote): void {
  for (const line of lines.filter(isAboutRegions))
    add("unread", `deeper than the function's own lines, but in no capability: ${shown(line)}`, line.line);
}

function barsOf(own: Own, indexes: readonly (number | null)[], bdf: Bdf, file: string, add: AddNote): readonly Bar[] {
  const bars: Bar[] = [];
  for (let i = 0; i < indexes.length; i++) {
    const index = indexes[i]!;
    const line = own.regionLines[i]!;
    if (index !== null) bars.push(barOf(own.regions[i]!, index, source(file, line)));
    else add("unread", `${bdf}: a second region with the same number, or more regions than BARs; left out`, line);
  }
  return bars;
}

function readHex(block: Block, bdf: Bdf, file: string, add: AddNote): ConfigSpace | null {
  if (block.hex.length === 0) return null;
  const { bytes, lineOf, gapBefore } = readHexRows(block.hex);
  const first = block.hex[0]?.line;
  if (gapBefore !== null)
    add(
      "unread",
      `${bdf}: hex rows are missing before offset 0x${gapBefore.toString(16)}; those after it are ignored`,
      first,
    );
  const config = readConfigSpace(bytes, (offset) => source(file, lineOf(offset)));
  if (config === null) add("unread", `${bdf}: hex dump is shorter than 64 bytes or all ones`, first);
  for (const problem of config?.problems ?? []) add("unread", `${bdf}: ${problem}`, first);
  return config;
}
