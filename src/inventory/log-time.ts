/**
 * When a line was printed. Only differences mean anything. `boot`: since the hypervisor started; `date`: calendar time;
 * both in microseconds. `counter`: ticks of the time-stamp counter, whose rate the log does not tell.
 */
export interface LogTime {
  readonly clock: "boot" | "date" | "counter";
  readonly value: number;
  /** The least difference that the stamp can show, in the units of `value`. */
  readonly resolution: number;
}

const STAMP =
  /(?:\[ {0,12}(\d{1,12})\.(\d{1,9})\]|(\d{4})-(\d\d)-(\d\d)[ T](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,9}))?|\[([0-9a-f]{16})\])/gi;
const PREFIX_CHARACTERS = 200;

/** The time stamp before a line's text: of several (a logger's and the hypervisor's own) the one next to the text. */
export function stampOf(raw: string, text: string): LogTime | null {
  const end = raw.trimEnd().length - text.length;
  const match = [...raw.slice(Math.max(0, end - PREFIX_CHARACTERS), end).matchAll(STAMP)].at(-1);
  if (!match) return null;
  const [, seconds, fraction, year, month, day, hour, minute, second, part = "", counter] = match;
  if (counter !== undefined) return { clock: "counter", value: Number.parseInt(counter, 16), resolution: 1 };
  if (seconds !== undefined) return { clock: "boot", ...micros(Number(seconds), fraction ?? "") };
  const date = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  return { clock: "date", ...micros(date / 1000, part) };
}

const micros = (seconds: number, fraction: string): { readonly value: number; readonly resolution: number } => ({
  value: seconds * 1e6 + Number(`0.${fraction}0`) * 1e6,
  resolution: 10 ** (6 - fraction.length),
});
