import type { ObservedBar, Source } from "./types.ts";

const BAR =
  /^pci dev ([0-9a-f]{1,2}):([0-7]) bar ([0-9a-f]{2}) size (?:0x)?([0-9a-f]{1,16}): (?:0x)?([0-9a-f]{1,16})$/i;
const ROM_REGISTER = 0x30;

/**
 * `pci dev DD:F bar RR size S: A` (guest-mmio-layout.md 2.5), all hexadecimal. The address is printed with the
 * register's low flag bits: 2 for I/O, 4 for memory. null for anything else, and for numbers above 2^53.
 */
export function readHvmloaderBar(text: string, domain: number, from: Source): ObservedBar | null {
  const match = BAR.exec(text);
  if (match === null) return null;
  const [device, fn, register, size, raw] = match.slice(1).map((digits) => Number.parseInt(digits, 16));
  if (device === undefined || fn === undefined || register === undefined || size === undefined || raw === undefined)
    return null;
  if (device > 0x1f || size === 0 || !Number.isSafeInteger(size) || !Number.isSafeInteger(raw)) return null;
  const io = register !== ROM_REGISTER && raw % 2 === 1;
  const address = raw - (raw % (io ? 4 : 16));
  return { domain, device, function: fn, register, size, address, from };
}
