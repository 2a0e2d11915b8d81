/** Numbers as people read them. */

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
export const thousands = (n: number): string => Math.round(n).toLocaleString("en-US");

/** A byte address in groups of four digits: "0x3838_0000_0000". */
export function address(text: string): string {
  const digits = text.replace(/^0x/, "");
  const groups: string[] = [];
  for (let end = digits.length; end > 0; end -= 4) groups.unshift(digits.slice(Math.max(0, end - 4), end));
  return `0x${groups.join("_")}`;
}

/** Seconds with a unit that suits them, two or three digits: "4.2 ms", "18 s", "4.6 min". */
export function seconds(value: number): string {
  const [number, unit] =
    value >= 5400
      ? [value / 3600, "h"]
      : value >= 120
        ? [value / 60, "min"]
        : value >= 1
          ? [value, "s"]
          : value >= 0.001
            ? [value * 1000, "ms"]
            : [value * 1e6, "µs"];
  return `${number >= 10 ? Math.round(number) : Number(number.toPrecision(2))} ${unit}`;
}

/** "about 18 s (8 s to 50 s)". */
export const range = ({ low, likely, high }: { low: number; likely: number; high: number }): string =>
  `about ${seconds(likely)} (${seconds(low)} to ${seconds(high)})`;

/** "1 device", "2 devices". */
export const plural = (n: number, one: string, many = `${one}s`): string => `${thousands(n)} ${n === 1 ? one : many}`;
