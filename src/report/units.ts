/** Numbers as people read them. */

export { plural, size, thousands } from "../plan/words.ts";

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
