import { hex } from "../address.ts";
import {
  type ByteRange,
  GIB,
  type GuestDevice,
  isPowerOfTwo,
  overlaps,
  ROM_INDEX,
  roundDown,
  roundUp,
} from "./guest-device.ts";
import { LOW_HOLE_END, lowHole } from "./hvmloader-hole.ts";
import { barLine, type PrintedBar, wideHex } from "./hvmloader-print.ts";
import { type PlatformCode, type Remark, remark } from "./reasons.ts";
import { has, isUnconfirmed, type ReleaseNumber } from "./release.ts";

const IO_START = 0xc000;
const IO_END = 0x10000;
/** 64-bit BARs strictly larger than this are relocated (guest-mmio-layout.md 2.1). */
const RELOCATE_ABOVE = GIB;

export interface PlacementInput {
  readonly release: ReleaseNumber;
  /** Every function on the guest's bus 0, emulated ones included: they share the low hole. */
  readonly devices: readonly GuestDevice[];
  /** End of RAM below 4 GiB, bytes. */
  readonly lowRamEnd: number;
  /** End of RAM above 4 GiB, bytes; null without any. */
  readonly highRamEnd: number | null;
  /** xl.cfg `mmio_hole`, MiB. */
  readonly mmioHoleMiB: number | null;
  /** The guest's physical address width, 32 to 52; 36 where CPUID lacks the leaf. */
  readonly physBits: number;
  /** xenstore `hvmloader/allow-memory-relocate`; libxl writes 0 for qemu-xen. */
  readonly allowRelocate: boolean;
  readonly rdm?: readonly ByteRange[];
  /** From 4.21: the Xen platform device's BAR is to be write-back cacheable (xenstore). Default false. */
  readonly platformWriteBack?: boolean;
}

export interface PlacedBar {
  readonly device: string;
  readonly index: number;
  readonly size: number;
  /** Guest byte address; null where none was given. */
  readonly address: number | null;
  readonly where: "low" | "high" | "io" | "none";
  readonly because: PlatformCode;
}

export interface Placement {
  /** In the order in which hvmloader places them. */
  readonly bars: readonly PlacedBar[];
  /** `used`: bytes from the start to the end of the last BAR placed there. */
  readonly low: ByteRange & { readonly used: number };
  /** The range that hvmloader declares uncached; null when nothing went high. */
  readonly high: ByteRange | null;
  /** RAM after relocation. */
  readonly lowRamEnd: number;
  readonly highRamEnd: number | null;
  /**
   * hvmloader's own lines on placement: exact from the first `pci dev` line on; the order of those before is not
   * confirmed. Lines on interrupt routing, mmio_hole and moved RAM are not among them.
   */
  readonly messages: readonly string[];
  readonly remarks: readonly Remark[];
}

interface Entry extends PrintedBar {
  readonly device: string;
  readonly platform: boolean;
}

const isHuge = (bar: Entry): boolean => bar.width === 64 && bar.size > RELOCATE_ABOVE;

/** The functions' BARs and ROMs in hvmloader's order: descending size, equal sizes in scan order. */
function scan(devices: readonly GuestDevice[]): { entries: Entry[]; rejected: PlacedBar[] } {
  const entries: Entry[] = [];
  const rejected: PlacedBar[] = [];
  for (const { id: device, devfn, bars, rom, xenPlatform } of devices) {
    const all: Omit<Entry, "devfn">[] = bars.map((bar) => ({ ...bar, device, platform: xenPlatform === true }));
    if (rom !== null)
      all.push({ device, index: ROM_INDEX, kind: "rom", size: rom, width: 32, prefetchable: false, platform: false });
    const onBus = devfn !== null && Number.isInteger(devfn) && devfn >= 0 && devfn < 256;
    for (const bar of all) {
      const { index, size } = bar;
      if (onBus && isPowerOfTwo(size)) entries.push({ ...bar, devfn });
      else
        rejected.push({ device, index, size, address: null, where: "none", because: onBus ? "bad-size" : "bad-slot" });
    }
  }
  entries.sort((a, b) => b.size - a.size || a.devfn - b.devfn || a.index - b.index);
  return { entries, rejected };
}

/** First address at or after `from` that is aligned to `size` and free of reserved ranges. */
function nextFree(from: number, size: number, reserved: readonly ByteRange[]): number {
  let start = roundUp(from, size);
  for (;;) {
    const hit = reserved.find((r) => overlaps(r, { start, end: start + size }));
    if (hit === undefined) return start;
    start = roundUp(hit.end, size);
  }
}

const lowestBit = (n: number): number => {
  let bit = 1;
  while (n % (bit * 2) === 0) bit *= 2;
  return bit;
};

const RELEASE_RULES = ["hugeBarsSkipLowHole", "platformBarAtHoleEnd"] as const;

/** Whether two releases place alike, and as surely. */
export const placesAlike = (a: ReleaseNumber, b: ReleaseNumber): boolean =>
  RELEASE_RULES.every((rule) => has(a, rule) === has(b, rule) && isUnconfirmed(a, rule) === isUnconfirmed(b, rule));

/**
 * Where hvmloader puts every BAR and ROM of an HVM guest (guest-mmio-layout.md 2.1 to 2.5). Never throws: a BAR that
 * cannot be placed is in the result with the reason.
 */
export function placeBars(input: PlacementInput): Placement {
  const { release, physBits, allowRelocate, rdm = [] } = input;
  const hugeSkipLow = has(release, "hugeBarsSkipLowHole");
  const { entries, rejected } = scan(input.devices);

  const writeBack = input.platformWriteBack === true && has(release, "platformBarAtHoleEnd");
  const cached = writeBack ? entries.find((e) => e.platform && e.kind === "memory" && e.width === 32) : undefined;
  const end = cached === undefined ? LOW_HOLE_END : roundDown(LOW_HOLE_END - cached.size, cached.size);
  const list = entries.filter((e) => e !== cached);

  const counts = (e: Entry): boolean => e.kind !== "io" && !(hugeSkipLow && isHuge(e));
  const total = list.reduce((sum, e) => sum + (counts(e) ? e.size : 0), 0);
  const hole = lowHole({ ...input, total, end, rdm });
  const overflow = total > end - hole.start;
  const relocate = overflow || (hugeSkipLow && list.some(isHuge));

  const highFloor = hole.highRamEnd ?? 4 * GIB;
  const messages = [`Relocating guest memory for lowmem MMIO space ${allowRelocate ? "enabled" : "disabled"}`];
  if (relocate) messages.push("Low MMIO hole not large enough for all devices, relocating some BARs to 64-bit");
  messages.push(
    `${hole.highRamEnd === null ? "No RAM" : "RAM"} in high memory; setting high_mem resource base to ${wideHex(highFloor)}`,
  );

  const windows = {
    low: { next: hole.start, end, reserved: rdm },
    high: { next: highFloor, end: 2 ** physBits, reserved: [] as readonly ByteRange[] },
    io: { next: IO_START, end: IO_END, reserved: [] as readonly ByteRange[] },
  };
  const bars: PlacedBar[] = [];
  let remaining = total;
  let highStart: number | null = null;

  const choose = (e: Entry): { where: keyof typeof windows; because: PlatformCode } => {
    if (e.kind === "io") return { where: "io", because: "io-window" };
    if (e.kind === "memory" && e.width === 64 && relocate) {
      if (hugeSkipLow && isHuge(e)) return { where: "high", because: "high-over-1g" };
      if (remaining > windows.low.end - windows.low.next) return { where: "high", because: "high-low-hole-full" };
    }
    return { where: "low", because: "low-hole" };
  };

  if (cached !== undefined) {
    const { device, index, size } = cached;
    bars.push({ device, index, size, address: end, where: "low", because: "platform-write-back" });
    messages.push(barLine(cached, end));
  }
  for (const entry of list) {
    const { device, index, size } = entry;
    const { where, because } = choose(entry);
    if (counts(entry)) remaining -= size;
    const window = windows[where];
    const address = nextFree(window.next, size, window.reserved);
    if (address + size > window.end) {
      bars.push({ device, index, size, address: null, where: "none", because: `no-space-${where}` });
      messages.push(barLine(entry, null));
      continue;
    }
    window.next = address + size;
    if (where === "high") highStart ??= address;
    bars.push({ device, index, size, address, where, because });
    messages.push(barLine(entry, address));
  }

  const remarks = [...hole.remarks];
  if (relocate && !overflow) remarks.push(remark("relocation-message"));
  if (list.some(isHuge) && isUnconfirmed(release, "hugeBarsSkipLowHole"))
    remarks.push(remark("huge-bars-point-release"));
  for (const { device, index, size, because } of rejected)
    remarks.push(remark(because, `${device} BAR ${index} (size ${hex(size)})`));
  return {
    bars: [...bars, ...rejected],
    low: { start: hole.start, end, used: windows.low.next - hole.start },
    high: highStart === null ? null : { start: highStart, end: roundUp(windows.high.next, lowestBit(highStart)) },
    lowRamEnd: hole.lowRamEnd,
    highRamEnd: hole.highRamEnd,
    messages,
    remarks,
  };
}
