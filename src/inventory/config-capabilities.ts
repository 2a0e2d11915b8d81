import { readBarRegisters, type SourceAt } from "./bar-registers.ts";
import type { Bar, Msix, PciDevice, Sriov } from "./types.ts";

/** What the two capability lists of a configuration space tell. */
export interface Capabilities {
  readonly msix: Msix | null;
  readonly resizable: PciDevice["resizable"];
  readonly sriov: Sriov | null;
  /** A list leads beyond the bytes given. */
  readonly truncated: boolean;
  readonly problems: readonly string[];
}

/** Where a capability starts. */
interface Found {
  readonly id: number;
  readonly offset: number;
}

interface FoundList {
  readonly found: readonly Found[];
  readonly truncated: boolean;
  readonly problem: string | null;
}

const MSIX = 0x11;
const SRIOV = 0x10;
const RESIZABLE = 0x15;
const VF_RESIZABLE = 0x24;
const STATUS_CAPABILITY_LIST = 0x10;
const EXTENDED_START = 0x100;
const MIB = 2 ** 20;

/** Capabilities of at least 64 bytes of configuration space. Source: host-inputs.md 2, guest-mmio-layout.md 11. */
export function readCapabilities(view: DataView, at: SourceAt): Capabilities {
  const problems: string[] = [];
  const plain = walkPlain(view);
  const extended = walkExtended(view);
  for (const list of [plain, extended]) if (list.problem !== null) problems.push(list.problem);
  let truncated = plain.truncated || extended.truncated;

  /** The first capability of that id, if all of its bytes are there. */
  const find = ({ found }: FoundList, id: number, length: number): number | null => {
    const first = found.find((c) => c.id === id);
    if (first === undefined) return null;
    if (first.offset + length <= view.byteLength) return first.offset;
    truncated = true;
    return null;
  };

  const msix = find(plain, MSIX, 12);
  const sriov = find(extended, SRIOV, 0x3c);
  const resizable = find(extended, RESIZABLE, 12);
  const vfResizable = find(extended, VF_RESIZABLE, 12);
  const vfSizes = vfResizable === null ? [] : readResizable(view, vfResizable, problems);
  return {
    msix: msix === null ? null : readMsix(view, msix, problems),
    resizable: resizable === null ? [] : readResizable(view, resizable, problems),
    sriov: sriov === null ? null : readSriov(view, sriov, vfSizes, at),
    truncated,
    problems,
  };
}

function walkPlain(view: DataView): FoundList {
  const found: Found[] = [];
  if ((view.getUint16(6, true) & STATUS_CAPABILITY_LIST) === 0) return { found, truncated: false, problem: null };
  const seen = new Set<number>();
  let offset = view.getUint8(0x34) & 0xfc;
  while (offset !== 0) {
    if (seen.has(offset)) return { found, truncated: false, problem: loop("capability", offset) };
    if (offset < 0x40)
      return { found, truncated: false, problem: `capability pointer into the header: ${hex(offset)}` };
    if (offset + 2 > view.byteLength) return { found, truncated: true, problem: null };
    seen.add(offset);
    found.push({ id: view.getUint8(offset), offset });
    offset = view.getUint8(offset + 1) & 0xfc;
  }
  return { found, truncated: false, problem: null };
}

function walkExtended(view: DataView): FoundList {
  const found: Found[] = [];
  if (view.byteLength <= EXTENDED_START) return { found, truncated: true, problem: null };
  const seen = new Set<number>();
  let offset = EXTENDED_START;
  while (offset !== 0) {
    if (seen.has(offset)) return { found, truncated: false, problem: loop("extended capability", offset) };
    if (offset < EXTENDED_START)
      return { found, truncated: false, problem: `extended capability pointer below 0x100: ${hex(offset)}` };
    if (offset + 4 > view.byteLength) return { found, truncated: true, problem: null };
    seen.add(offset);
    const header = view.getUint32(offset, true);
    // No capability at all reads as zeros, or as all ones where the extended space does not answer.
    if (header === 0 || header === 0xffffffff) break;
    found.push({ id: header & 0xffff, offset });
    offset = (header >>> 20) & 0xffc;
  }
  return { found, truncated: false, problem: null };
}

const hex = (n: number): string => `0x${n.toString(16)}`;
const loop = (what: string, offset: number): string => `${what} list comes back to ${hex(offset)}`;

function readMsix(view: DataView, offset: number, problems: string[]): Msix {
  const control = view.getUint16(offset + 2, true);
  const location = (where: number): Msix["table"] => {
    const word = view.getUint32(offset + where, true);
    if ((word & 7) <= 5) return { bar: word & 7, offset: word - (word % 8) };
    problems.push(`MSI-X capability at ${hex(offset)} names BAR ${word & 7}`);
    return null;
  };
  return { vectors: (control & 0x7ff) + 1, table: location(4), pba: location(8), enabled: control >= 0x8000 };
}

/** Entries of a Resizable BAR capability, of the function's own form and of the VF form alike. */
function readResizable(view: DataView, offset: number, problems: string[]): PciDevice["resizable"] {
  const count = (view.getUint32(offset + 8, true) >>> 5) & 7;
  const entries: PciDevice["resizable"][number][] = [];
  for (let i = 0; i < count; i++) {
    const where = offset + 4 + 8 * i;
    if (where + 8 > view.byteLength) break;
    const capability = view.getUint32(where, true);
    const control = view.getUint32(where + 4, true);
    const bar = control & 7;
    const exponent = (control >>> 8) & 0x3f;
    if (bar > 5 || exponent > 43) {
      problems.push(`Resizable BAR entry at ${hex(where)} is malformed (BAR ${bar}, size 2^${exponent} MiB)`);
      continue;
    }
    const supported: number[] = [];
    for (let n = 0; n <= 27; n++) if (((capability >>> (4 + n)) & 1) === 1) supported.push(MIB * 2 ** n);
    for (let n = 28; n <= 43; n++) if (((control >>> (n - 12)) & 1) === 1) supported.push(MIB * 2 ** n);
    entries.push({ bar, current: MIB * 2 ** exponent, supported });
  }
  return entries;
}

/** Registers of the SR-IOV capability: PCI Express Base Specification, "SR-IOV Extended Capability". */
function readSriov(view: DataView, offset: number, vfSizes: PciDevice["resizable"], at: SourceAt): Sriov {
  const pageSize = view.getUint32(offset + 0x20, true);
  const withSize = (bar: Bar): Bar => {
    const current = vfSizes.find((v) => v.bar === bar.index)?.current;
    return current === undefined ? bar : { ...bar, size: current };
  };
  return {
    totalVfs: view.getUint16(offset + 0x0e, true),
    numVfs: view.getUint16(offset + 0x10, true),
    firstVfOffset: view.getUint16(offset + 0x14, true),
    vfStride: view.getUint16(offset + 0x16, true),
    vfDeviceId: view.getUint16(offset + 0x1a, true),
    ...systemPageSizeOf(pageSize),
    bars: readBarRegisters(view, offset + 0x24, 6, at).map(withSize),
  };
}

/** The System Page Size register in bytes: bit i = 4 KiB·2^i (host-inputs.md 1.5). Nothing for a zero register. */
export function systemPageSizeOf(register: number): { systemPageSize?: number } {
  if (register === 0) return {};
  return { systemPageSize: 4096 * ((register & -register) >>> 0) };
}
