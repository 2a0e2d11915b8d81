import { indentOf, isBlank, type Line } from "./text.ts";

/** A line of lspci as it was before something wrapped it: one part, or several. Blanks are single, ends trimmed. */
export interface WrappedLine {
  readonly parts: readonly string[];
  readonly column: number;
  readonly line: number;
}

/** One function's text (host-inputs.md 1.1) and the hex rows after it (2). */
export interface Block {
  readonly address: string;
  readonly head: WrappedLine;
  readonly body: readonly WrappedLine[];
  readonly hex: readonly { readonly text: string; readonly line: number }[];
}

export interface Blocks {
  readonly blocks: readonly Block[];
  /** Lines that belong to no block, without blank ones. */
  readonly outside: readonly Line[];
}

const HEAD = /^\s*((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\s+(\S.*)$/i;
const HEX_ROW = /^\s*[0-9a-f]{2,3}: ?(?:[0-9a-f]{2}(?: |$)){1,16}\s*$/i;
/** Somebody cut lines out by hand. */
const ELLIPSIS = /^\s*(?:\.{3,}|…|\[(?:\.{3}|…)\]|<snip>)\s*$/;
const PROMPT = /^(?:\[?[\w.-]{1,64}@[\w.-]{1,64}[^#$%>]{0,128}[#$%>]|[#$] )/;
/** How a body line starts, for text whose indent got lost. */
const LABEL =
  /^(?:Region \d|Memory (?:at|behind)|I\/O (?:ports at|behind)|\[virtual\] (?:Memory|I\/O|Exp)|Expansion ROM|Capabilities:|Subsystem:|DeviceName:|Control:|Status:|Latency|Interrupt:|NUMA node:|IOMMU group:|Flags:|Physical Slot:|Kernel |Bus: primary|Prefetchable memory|BIST|Vector table:|PBA:|BAR \d|IOV(?:Cap|Ctl|Sta):|Initial VFs:|VF (?:offset|Migration):|Supported Page Size:|!!!)/;
/** How the rest of a wrapped line starts, even where the wrapping kept the indent. */
const REST = /^(?:\[(?!virtual\] (?:Memory|I\/O|Exp))|\(|offset=|supported:|(?:non-)?prefetchable\)|\d+[MGTP]B\b)/;
const MAX_PARTS = 16;
const MAX_LENGTH = 2 ** 16;
const MAX_WORD = 40;

interface OpenLine {
  /** Breaks that were certainly at a blank are closed again; the others separate parts. */
  readonly parts: string[];
  endsBlank: boolean;
  readonly column: number;
  readonly line: number;
}

interface OpenBlock {
  readonly address: string;
  readonly head: OpenLine;
  readonly body: OpenLine[];
  readonly hex: { text: string; line: number }[];
}

/** Splits lspci text into blocks and undoes line wrapping. */
export function splitBlocks(all: readonly Line[]): Blocks {
  const blocks: OpenBlock[] = [];
  const outside: Line[] = [];
  let current: OpenBlock | undefined;
  let afterBlank = false;
  for (const { text, line } of all) {
    if (isBlank(text)) {
      afterBlank = true;
      continue;
    }
    const column = indentOf(text);
    const head = HEAD.exec(text);
    if (head !== null) {
      current = { address: head[1]!, head: openLine(head[2]!, column, line), body: [], hex: [] };
      blocks.push(current);
    } else if (current === undefined) outside.push({ text, line });
    else if (HEX_ROW.test(text)) current.hex.push({ text: text.trim(), line });
    else if (!ELLIPSIS.test(text) && !extend(current, openLine(text, column, line), afterBlank)) {
      current = undefined;
      outside.push({ text, line });
    }
    afterBlank = false;
  }
  return { blocks, outside };
}

const openLine = (text: string, column: number, line: number): OpenLine => ({
  parts: [tidy(text)],
  endsBlank: /\s$/.test(text.slice(-1)),
  column,
  line,
});

/** Adds a line to a block as a line of its own or as the rest of the line before; false when it belongs elsewhere. */
function extend(block: OpenBlock, line: OpenLine, afterBlank: boolean): boolean {
  const text = line.parts[0]!;
  const shallow = line.column < (block.body[0]?.column ?? block.head.column + 2);
  if (LABEL.test(text) || !shallow) {
    if (!REST.test(text)) {
      block.body.push(line);
      return true;
    }
  } else if (afterBlank || block.hex.length > 0 || PROMPT.test(text)) return false;
  append(block.body.at(-1) ?? block.head, line, line.column > block.head.column);
  return true;
}

function append(before: OpenLine, rest: OpenLine, startsBlank: boolean): void {
  const text = rest.parts[0]!;
  const last = before.parts.length - 1;
  if (startsBlank || before.endsBlank) {
    if (before.parts[last]!.length < MAX_LENGTH) before.parts[last] += ` ${text}`;
  } else if (last + 1 < MAX_PARTS) before.parts.push(text);
  before.endsBlank = rest.endsBlank;
}

/** Most lines need no change below their indent, and a search that copies nothing is cheap. */
const tidy = (text: string): string => {
  const trimmed = text.trim();
  return /\s\s|[^\S ]/.test(trimmed) ? trimmed.replace(/\s+/g, " ") : trimmed;
};

/** What a line may have been, likelier first: wrapped at a blank (mail), or in the middle of a word (terminals). */
export function unwrapped({ parts }: WrappedLine): readonly string[] {
  if (parts.length === 1) return [parts[0]!];
  const atBlank = parts.join(" ");
  const inWord = parts.join("");
  return parts.some((part) => /\[[^\]\s]*$/.test(part.slice(-MAX_WORD))) ? [inWord, atBlank] : [atBlank, inWord];
}

/** The first reading of what a line may have been that satisfies `good`, else the first that is not null. */
export function bestReading<T>(
  line: WrappedLine,
  read: (text: string) => T | null,
  good: (value: T) => boolean = () => true,
): T | null {
  if (line.parts.length === 1) return read(line.parts[0]!);
  const readings = unwrapped(line)
    .map(read)
    .filter((value) => value !== null);
  return readings.find(good) ?? readings[0] ?? null;
}
