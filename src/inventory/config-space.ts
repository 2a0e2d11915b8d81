import { readBarRegisters, type SourceAt } from "./bar-registers.ts";
import { type Capabilities, readCapabilities } from "./config-capabilities.ts";
import { isBridgeClass } from "./device-class.ts";
import type { Bar, Msix, PciDevice, Sriov } from "./types.ts";

/** What the bytes of a function's configuration space tell. */
export interface ConfigSpace {
  readonly vendorId: number;
  readonly deviceId: number;
  /** 24 bits, with the programming interface. */
  readonly classCode: number;
  readonly bridge: boolean;
  /** Command register bit 1; null when the bytes end before it. */
  readonly memoryDecode: boolean | null;
  /** Sizes are null, except where a Resizable BAR capability tells the current one. */
  readonly bars: readonly Bar[];
  readonly msix: Msix | null;
  readonly resizable: PciDevice["resizable"];
  readonly sriov: Sriov | null;
  /** Capability lists lead beyond the bytes given: what is not listed may still exist. */
  readonly truncated: boolean;
  /** What is malformed, one sentence each. */
  readonly problems: readonly string[];
}

const HEADER_LENGTH = 64;
const HEADER_BRIDGE = 1;
const HEADER_CARDBUS = 2;
const COMMAND_MEMORY = 2;

/**
 * Decodes configuration space from its first byte on: 64 bytes, 256 or 4096 (fewer is null, as is an answer of all ones,
 * which a function gives that is not there). A register that reads zero is no BAR: unimplemented and unassigned look
 * alike. Source: host-inputs.md 2. Never throws; capability loops end and are reported in `problems`.
 */
export function readConfigSpace(bytes: Uint8Array, at: SourceAt): ConfigSpace | null {
  if (bytes.length < HEADER_LENGTH) return null;
  const view = new DataView(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 4096));
  const vendorId = view.getUint16(0, true);
  if (vendorId === 0xffff) return null;
  const classCode = view.getUint32(8, true) >>> 8;
  const headerType = view.getUint8(0x0e) & 0x7f;
  const memoryDecode = (view.getUint16(4, true) & COMMAND_MEMORY) !== 0;
  const capabilities = readCapabilities(view, at);
  const bars = headerType > HEADER_BRIDGE ? [] : readHeaderBars(view, headerType, memoryDecode, at);
  return {
    vendorId,
    deviceId: view.getUint16(2, true),
    classCode,
    bridge: headerType === HEADER_BRIDGE || headerType === HEADER_CARDBUS || isBridgeClass(classCode >>> 8),
    memoryDecode,
    bars: withCurrentSizes(bars, capabilities),
    msix: capabilities.msix,
    resizable: capabilities.resizable,
    sriov: capabilities.sriov,
    truncated: capabilities.truncated,
    problems: capabilities.problems,
  };
}

function readHeaderBars(view: DataView, headerType: number, decode: boolean, at: SourceAt): readonly Bar[] {
  const count = headerType === HEADER_BRIDGE ? 2 : 6;
  const bars = readBarRegisters(view, 0x10, count, at).map((bar) =>
    bar.kind === "memory" && !decode ? { ...bar, disabled: true } : bar,
  );
  const romOffset = headerType === HEADER_BRIDGE ? 0x38 : 0x30;
  const rom = view.getUint32(romOffset, true);
  const romAddress = rom - (rom % 2048);
  if (romAddress === 0) return bars;
  const off = (rom & 1) === 0;
  return [
    ...bars,
    {
      index: 6,
      kind: "rom",
      address: romAddress,
      size: null,
      width: 32,
      prefetchable: false,
      ...(off ? { disabled: true } : {}),
      from: at(romOffset),
    },
  ];
}

function withCurrentSizes(bars: readonly Bar[], { resizable }: Capabilities): readonly Bar[] {
  return bars.map((bar) => {
    const entry = resizable.find((r) => r.bar === bar.index);
    return entry === undefined || bar.kind !== "memory" ? bar : { ...bar, size: entry.current };
  });
}
