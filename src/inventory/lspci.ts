import { parseBdf } from "./bdf.ts";
import { combineDevices } from "./combine.ts";
import { type ConfigSpace, readConfigSpace } from "./config-space.ts";
import { isBridgeClass } from "./device-class.ts";
import { type Block, splitBlocks } from "./lspci-blocks.ts";
import { readBody } from "./lspci-body.ts";
import { readHead } from "./lspci-head.ts";
import { readHexRows } from "./lspci-hex.ts";
import { looksLikeRegion } from "./lspci-region.ts";
import { listDevices, quote } from "./note-list.ts";
import { type AddNote, fileNotes, source } from "./notes.ts";
import { numberRegions } from "./region-index.ts";
import { lines } from "./text.ts";
import type { Bdf, Note, PciDevice } from "./types.ts";
import { fillVfSlices } from "./vf-slices.ts";

/** PCI devices as one input describes them, and notes on what was not understood. */
export interface PciReading {
  readonly devices: readonly PciDevice[];
  readonly notes: readonly Note[];
}

/** A device, and what is to be said about many devices at once. */
interface BlockReading {
  readonly device: PciDevice;
  readonly numbersAssumed: boolean;
  readonly capabilitiesUnknown: boolean;
}

/**
 * Reads what lspci prints with any of -v, -vv, -vvv, -n, -nn, -k, -D, -x, -xxx and -xxxx, as it comes through mail,
 * terminals and web forms (host-inputs.md 1 and 2). Where both stand, text wins over the hex dump, which fills in what the
 * text lacks. A function that is listed twice is one device; a listing with numbered regions wins, else the later one.
 * Never throws; lines that look relevant and were not understood are in `notes`.
 */
export function readLspci(text: string, file: string): PciReading {
  const { add, all } = fileNotes(file);
  const onCut = (says: string, line: number): void => add("unread", says, line);
  const { blocks, outside } = splitBlocks(lines(text, { timestamps: true, onCut }));
  for (const line of outside.filter((l) => looksLikeRegion(l.text.trim())))
    add("unread", `region line outside any device's block: ${quote(line.text)}`, line.line);

  const readings = new Map<Bdf, BlockReading>();
  for (const block of blocks) {
    const reading = readBlock(block, file, add);
    if (reading === null) continue;
    const earlier = readings.get(reading.device.bdf);
    readings.set(reading.device.bdf, earlier === undefined ? reading : combineReadings(earlier, reading));
  }
  if (blocks.length === 0) add("missing", "no device found: expected lines such as 3f:00.0 3D controller: …");
  const found = [...readings.values()];
  addSummaries(found, add);
  return { devices: fillVfSlices(found.map(({ device }) => device)), notes: all() };
}

function readBlock(block: Block, file: string, add: AddNote): BlockReading | null {
  const headText = block.head.parts.join(" ");
  const bdf = parseBdf(block.address);
  if (bdf === null || headText.startsWith('"')) {
    const expected = bdf === null ? "a device number up to 1f" : "lspci without -m";
    add("unread", `expected ${expected}: ${quote(`${block.address} ${headText}`)}`, block.head.line);
    return null;
  }
  const head = readHead(block.head);
  if (head.idsCut) add("missing", `${bdf}: the name is cut, so vendor and device numbers are missing`, block.head.line);
  const from = (line: number) => source(file, line);
  const body = readBody(block, from, add);
  const config = readHex(block, bdf, file, add);
  const bridgeClass = head.classCode !== null && isBridgeClass(head.classCode);
  const bridge = body.bridge || bridgeClass || config?.bridge === true;
  const numbered = numberRegions(body.regions, config?.bars ?? [], bridge ? 2 : 6);
  for (const { line } of numbered.left)
    add("unread", `${bdf}: a second region with the same number, or more regions than BARs; left out`, line);

  const fromText: PciDevice = {
    bdf,
    classCode: head.classCode,
    vendorId: head.vendorId,
    deviceId: head.deviceId,
    name: head.name,
    bridge,
    bars: numbered.bars.map(({ region, index, line }) => ({ ...region.bar, index, from: from(line) })),
    msix: body.msix,
    resizable: body.resizable,
    sriov: body.sriov,
    driver: body.driver,
    numaNode: body.numaNode,
    iommuGroup: body.iommuGroup,
    memoryDecode: body.memoryDecode,
    // A boot VGA's ROM is [virtual] too: the kernel keeps a copy of it at 0xc0000.
    virtualFunction: body.regions.some(({ region: { bar } }) => bar.kind === "memory" && bar.virtual === true),
    from: from(block.head.line),
  };
  const device = config === null ? fromText : combineDevices(fromText, { ...fromText, ...config });
  const textTells = !body.denied && body.regions.length > 0;
  const capabilitiesUnknown = !textTells && (config === null || config.truncated);
  return { device, numbersAssumed: numbered.assumed, capabilitiesUnknown };
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

function combineReadings(earlier: BlockReading, later: BlockReading): BlockReading {
  const earlierWins = later.device.bars.length === 0 || (later.numbersAssumed && !earlier.numbersAssumed);
  const [first, second] = earlierWins ? [earlier, later] : [later, earlier];
  return {
    device: combineDevices(first.device, second.device),
    numbersAssumed: first.numbersAssumed,
    capabilitiesUnknown: first.capabilitiesUnknown && second.capabilitiesUnknown,
  };
}

function addSummaries(found: readonly BlockReading[], add: AddNote): void {
  const endpoints = found.filter(({ device }) => !device.bridge && device.bars.length > 0);
  const which = (test: (reading: BlockReading) => boolean): readonly Bdf[] =>
    endpoints.filter(test).map(({ device }) => device.bdf);
  const assumed = which((reading) => reading.numbersAssumed);
  if (assumed.length > 0)
    add(
      "assumed",
      `regions have no numbers (lspci -v); numbered by order, use -vv to be sure: ${listDevices(assumed)}`,
    );
  const unknown = which((reading) => reading.capabilitiesUnknown);
  if (unknown.length > 0)
    add(
      "missing",
      `capabilities are not in the input, or not all (MSI-X, Resizable BAR, SR-IOV); run lspci -vv as root: ${listDevices(unknown)}`,
    );
  const unplaced = which(({ device }) => device.msix !== null && device.msix.table === null);
  if (unplaced.length > 0)
    add("missing", `where the MSI-X table is, is not printed by lspci -v; use -vv: ${listDevices(unplaced)}`);
  const unsized = which(({ device }) => device.bars.some((bar) => bar.kind === "memory" && bar.size === null));
  if (unsized.length > 0) add("missing", `sizes of BARs are not in the input: ${listDevices(unsized)}`);
}
