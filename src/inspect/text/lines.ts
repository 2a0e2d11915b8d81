import { stripLogPrefix } from "../../inventory/log-prefix.ts";
import { lines } from "../../inventory/text.ts";
import type { DumpLine } from "./dump.ts";

/** People cut dumps with a line of dashes or dots, or a mail's scissors. */
const CUT =
  /^\s{0,64}(?:-{2,64}|\.{2,64}|…|\[\.{3}\]|\[…\]|(?=[< >8]{0,8}-)[-< >8]{4,64}|\*{1,8}|\[snip\]|<snip>)\s{0,64}$/i;

export const isCut = (text: string): boolean => text.length <= 128 && CUT.test(text);

/** ftrace and dmesg put the task, the CPU and the time first; the event's name begins what is ours. */
function unprefixed(text: string): string {
  const { text: rest } = stripLogPrefix(text);
  const start = text.trimEnd().length - rest.length;
  if (rest === "" || start <= 0) return text;
  let first = start;
  while (first > 0 && text[first - 1] === " ") first--;
  // One blank belongs to a prefix; more of them are indent, which tells the level.
  const indent = start - first - (first > 0 ? 1 : 0);
  return " ".repeat(Math.max(0, indent)) + text.slice(start);
}

/** A text's lines, without what mail and logs put before them. Blanks after a prefix but the first are kept. */
export const dumpLines = (text: string, onCut: (says: string, line: number) => void): readonly DumpLine[] =>
  lines(text, { onCut, maxLength: 4096 }).map(({ text: raw, line }) => ({ text: unprefixed(raw), line }));
