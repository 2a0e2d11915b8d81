/** Numbers as the sentences of a plan and its report show them. */

const UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"] as const;

/** Bytes in the largest binary unit that leaves at most four digits: "32 GiB", "1.5 MiB", "512 B". */
export function size(bytes: number): string {
  let unit = 0;
  let value = bytes;
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[unit]}`;
}

/** 8388608 as "8,388,608". */
export const thousands = (n: number): string => String(Math.round(n)).replace(/\B(?=(\d{3})+$)/g, ",");

/** "1 device", "2 devices". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${thousands(n)} ${n === 1 ? one : many}`;

/** The first few of a list, and how many more there are. */
export const listed = (items: readonly string[], most = 4): string =>
  items.length === 0
    ? "none"
    : items.length > most
      ? `${items.slice(0, most).join(", ")} and ${thousands(items.length - most)} more`
      : items.join(", ");
