/** Numbers as lspci and sysfs print them. */

const SHIFT = new Map([
  ["", 0],
  ["K", 10],
  ["M", 20],
  ["G", 30],
  ["T", 40],
  ["P", 50],
]);

/** At most 15 digits, so that every accepted size is exact in a double. */
const SIZE = /^(\d{1,15})([KMGTP]?)B?$/;

/** The largest size that a Resizable BAR can name: 2^43 MiB. */
const SIZE_LIMIT = 2 ** 63;

/**
 * Bytes of `64M`, `2000`, `1024T` (lspci's `[size=…]`) or `64MB` (Resizable BAR); binary suffixes. null when it is no
 * size, is zero, or is above 2^63. Source: host-inputs.md 1.2 and 1.4.
 */
export function parseSize(text: string): number | null {
  const match = SIZE.exec(text);
  if (match === null) return null;
  const bytes = Number(match[1]) * 2 ** (SHIFT.get(match[2] ?? "") ?? 0);
  return bytes > 0 && bytes <= SIZE_LIMIT ? bytes : null;
}

/** Machine addresses have at most 52 bits. */
const ADDRESS_LIMIT = 2 ** 52;

/** A byte address from hexadecimal digits with or without `0x`; null when it is none or has more than 52 bits. */
export function parseHexAddress(text: string): number | null {
  if (!/^(?:0x)?[0-9a-f]{1,16}$/i.test(text)) return null;
  const address = Number.parseInt(text, 16);
  return address < ADDRESS_LIMIT ? address : null;
}
