import { combineDevices } from "./combine.ts";
import { splitBlocks } from "./lspci-blocks.ts";
import { type BlockReading, readBlock } from "./lspci-device.ts";
import { looksLikeRegion } from "./lspci-region.ts";
import { listDevices, quote } from "./note-list.ts";
import { type AddNote, fileNotes } from "./notes.ts";
import { lineTexts } from "./text.ts";
import type { Bdf, Note, PciDevice } from "./types.ts";
import { fillVfSlices } from "./vf-slices.ts";

/** PCI devices as one input describes them, and notes on what was not understood. */
export interface PciReading {
  readonly devices: readonly PciDevice[];
  readonly notes: readonly Note[];
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
  const readings = new Map<Bdf, BlockReading>();
  let blocks = 0;
  splitBlocks(lineTexts(text, { timestamps: true, onCut }), {
    block(block) {
      blocks++;
      const reading = readBlock(block, file, add);
      if (reading === null) return;
      const earlier = readings.get(reading.device.bdf);
      readings.set(reading.device.bdf, earlier === undefined ? reading : combineReadings(earlier, reading));
    },
    outside(line, at) {
      if (looksLikeRegion(line.trim())) add("unread", `region line outside any device's block: ${quote(line)}`, at);
    },
  });
  if (blocks === 0) add("missing", "no device found: expected lines such as 3f:00.0 3D controller: …");
  const found = [...readings.values()];
  addSummaries(found, add);
  return { devices: fillVfSlices(found.map(({ device }) => device)), notes: all() };
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
