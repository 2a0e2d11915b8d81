import { ROM_INDEX } from "./guest-device.ts";

/** The high word, then the low word in 8 digits: never fewer than nine hex digits (guest-mmio-layout.md 2.5). */
export const wideHex = (n: number): string =>
  `${Math.floor(n / 2 ** 32).toString(16)}${(n % 2 ** 32).toString(16).padStart(8, "0")}`;

export interface PrintedBar {
  readonly devfn: number;
  readonly index: number;
  readonly kind: "memory" | "io" | "rom";
  readonly width: 32 | 64;
  readonly prefetchable: boolean;
  readonly size: number;
}

/** Config-space offset of a BAR's register: 0x10 to 0x24, 0x30 for the ROM. */
export const registerOf = (index: number): number => (index === ROM_INDEX ? 0x30 : 0x10 + 4 * index);

/** Type bits as the register shows them: 1 I/O, 4 64-bit, 8 prefetchable; the ROM's enable bit is off. */
function flagBits({ kind, width, prefetchable }: PrintedBar): number {
  if (kind === "io") return 1;
  if (kind === "rom") return 0;
  return (width === 64 ? 4 : 0) + (prefetchable ? 8 : 0);
}

/**
 * hvmloader's line on a BAR, e.g. `pci dev 03:0 bar 14 size 800000000: 80000000c`; the address includes the flag bits
 * (guest-mmio-layout.md 2.5). `address` null: it found no room.
 */
export function barLine(bar: PrintedBar, address: number | null): string {
  const device = `${(bar.devfn >> 3).toString(16).padStart(2, "0")}:${(bar.devfn & 7).toString(16)}`;
  const where = `pci dev ${device} bar ${registerOf(bar.index).toString(16)} size ${wideHex(bar.size)}:`;
  return address === null ? `${where} no space for resource!` : `${where} ${wideHex(address + flagBits(bar))}`;
}
