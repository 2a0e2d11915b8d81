/** Roots that the hardware's own structures name: VMCBs, VT-d's root and context tables, AMD-Vi's device table. */
import { hex, type Mfn } from "../address.ts";
import {
  decodeContextEntry,
  decodeDeviceTableEntry,
  decodePasidDirectoryEntry,
  decodePasidEntry,
  decodeRootEntry,
  decodeScalableContextEntry,
  decodeScalableRootEntry,
  frameField,
  type Raw,
} from "../format/index.ts";
import type { FrameReader } from "../memory/memory.ts";
import type { RootHint } from "./roots-hint.ts";

const quad = (words: Uint32Array, index: number): Raw => ({ lo: words[2 * index]!, hi: words[2 * index + 1]! });
const quads = (words: Uint32Array, index: number, count: number): Raw[] =>
  Array.from({ length: count }, (_, i) => quad(words, index + i));
const isZero = (raws: readonly Raw[]): boolean => raws.every(({ lo, hi }) => (lo | hi) === 0);
const at = (frame: number): string => hex(frame * 4096);

/** The nested CR3 of a frame that looks like a VMCB (page-table-formats.md 2.1). */
export function rootOfVmcb(mfn: Mfn, words: Uint32Array): RootHint {
  const root = frameField(words[0xb0 / 4]!, words[0xb4 / 4]!);
  return { format: "npt", root, from: "vmcb", says: `nested CR3 of the VMCB at ${at(mfn)}` };
}

const bdf = (bus: number, devfn: number): string =>
  `${bus.toString(16).padStart(2, "0")}:${(devfn >>> 3).toString(16).padStart(2, "0")}.${devfn & 7}`;

/**
 * Roots below a frame that looks like a VT-d root table, legacy or scalable (page-table-formats.md 3.1, 3.2). Empty unless
 * all that is present is well-formed: then it is none.
 */
export function rootsOfVtdTable(memory: FrameReader, mfn: Mfn, words: Uint32Array): RootHint[] {
  const scalable = Array.from({ length: 256 }, (_, bus) => quad(words, 2 * bus + 1)).some(({ lo }) => lo !== 0);
  const hints: RootHint[] = [];
  for (let bus = 0; bus < 256; bus++) {
    const entry = quads(words, 2 * bus, 2);
    if (isZero(entry)) continue;
    const found = scalable ? scalableBus(memory, entry, bus, mfn) : legacyBus(memory, entry, bus, mfn);
    if (found === null) return [];
    hints.push(...found);
  }
  return hints;
}

function legacyBus(memory: FrameReader, entry: readonly Raw[], bus: number, table: Mfn): RootHint[] | null {
  const { frame, faults } = decodeRootEntry(entry);
  const words = frame === null ? undefined : memory.frame(frame as Mfn);
  if (faults.length > 0 || !words) return null;
  const hints: RootHint[] = [];
  for (let devfn = 0; devfn < 256; devfn++) {
    const raws = quads(words, 2 * devfn, 2);
    if (isZero(raws)) continue;
    const context = decodeContextEntry(raws);
    if (!context.present || context.faults.length > 0) return null;
    if (context.frame === null || context.levels === null) continue;
    if (!memory.frame(context.frame as Mfn)) return null;
    hints.push({
      format: "vtd",
      root: context.frame,
      levels: context.levels,
      domain: context.domainId,
      from: "vtd-context",
      says: `context entry of ${bdf(bus, devfn)}, by the root table at ${at(table)}`,
    });
  }
  return hints;
}

/** PASIDs of one device that are looked at: the one that requests without PASID use comes first. */
const MOST_PASIDS = 64;

function scalableBus(memory: FrameReader, entry: readonly Raw[], bus: number, table: Mfn): RootHint[] | null {
  const { lower, upper, faults } = decodeScalableRootEntry(entry);
  if (faults.length > 0) return null;
  const hints: RootHint[] = [];
  for (const [half, frame] of [lower, upper].entries()) {
    if (frame === null) continue;
    const words = memory.frame(frame as Mfn);
    if (!words) return null;
    for (let i = 0; i < 128; i++) {
      const raws = quads(words, 4 * i, 4);
      if (isZero(raws)) continue;
      const context = decodeScalableContextEntry(raws);
      const directory = context.frame === null ? undefined : memory.frame(context.frame as Mfn);
      if (context.faults.length > 0 || !directory) return null;
      const says = `PASID table of ${bdf(bus, half * 128 + i)}, by the root table at ${at(table)}`;
      hints.push(...pasidRoots(memory, directory, says));
    }
  }
  return hints;
}

function pasidRoots(memory: FrameReader, directory: Uint32Array, says: string): RootHint[] {
  const { frame, faults } = decodePasidDirectoryEntry(quad(directory, 0));
  const words = frame === null || faults.length > 0 ? undefined : memory.frame(frame as Mfn);
  if (!words) return [];
  const hints: RootHint[] = [];
  for (let pasid = 0; pasid < MOST_PASIDS; pasid++) {
    const { present, secondStage, domainId, faults: broken } = decodePasidEntry(quads(words, 8 * pasid, 8));
    if (!present || broken.length > 0 || !secondStage || secondStage.levels === null) continue;
    const { frame: root, levels } = secondStage;
    hints.push({ format: "vtd", root, levels, domain: domainId, from: "vtd-context", says: `${says}, PASID ${pasid}` });
  }
  return hints;
}

/** Devices that one frame of a device table has entries for. */
const DEVICES = 128;

/**
 * Roots in a frame that looks like a part of an AMD-Vi device table (page-table-formats.md 4.1). Empty unless every entry
 * is well-formed: then it is none. Which devices these are depends on where the table begins, which the frame does not tell.
 */
export function rootsOfDeviceTable(memory: FrameReader, mfn: Mfn, words: Uint32Array): RootHint[] {
  const hints: RootHint[] = [];
  for (let i = 0; i < DEVICES; i++) {
    const raws = quads(words, 4 * i, 4);
    if (isZero(raws)) continue;
    const entry = decodeDeviceTableEntry(raws);
    const [first, second] = raws;
    const guest = (first!.hi & 0x00800000) !== 0;
    // Without guest translation nobody sets up a GCR3 table.
    const stray =
      !guest && ((first!.hi & 0x1f000000) !== 0 || second!.lo >>> 16 !== 0 || (second!.hi & 0xfffff800) !== 0);
    if (entry.faults.length > 0 || stray) return [];
    if (entry.frame === null || entry.levels === null) continue;
    if (!memory.frame(entry.frame as Mfn)) return [];
    hints.push({
      format: "amdvi",
      root: entry.frame,
      levels: entry.levels,
      domain: entry.domainId,
      from: "device-table",
      says: `entry ${i} of the device table's frame at ${at(mfn)}`,
    });
  }
  return hints;
}
