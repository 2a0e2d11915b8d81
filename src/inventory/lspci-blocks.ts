import { append, type OpenLine, openLine, type WrappedLine } from "./lspci-wrapped.ts";
import { indentOf } from "./text.ts";

/** One function's text (host-inputs.md 1.1) and the hex rows after it (2). */
export interface Block {
  readonly address: string;
  readonly head: WrappedLine;
  readonly body: readonly WrappedLine[];
  readonly hex: readonly HexRow[];
}

export interface HexRow {
  /** `OO: xx xx …` without blanks around. */
  readonly text: string;
  readonly line: number;
}

/** How heads, hex rows and ellipses start, and hardly any other line: one look instead of three. */
const START = /^(?:[0-9a-f]{2}[0-9a-f:]|[.…[<])/i;
const HEAD = /^((?:[0-9a-f]{4,8}:)?[0-9a-f]{2}:[0-9a-f]{2}\.[0-7])\s+(\S.*)$/i;
const HEX_ROW = /^[0-9a-f]{2,3}: ?(?:[0-9a-f]{2}(?: |$)){1,16}\s*$/i;
/** Somebody cut lines out by hand. */
const ELLIPSIS = /^(?:\.{3,}|…|\[(?:\.{3}|…)\]|<snip>)\s*$/;
const PROMPT = /^(?:\[?[\w.-]{1,64}@[\w.-]{1,64}[^#$%>]{0,128}[#$%>]|[#$] )/;
/** How a body line starts, for text whose indent got lost. */
const LABEL =
  /^(?:Region \d|Memory (?:at|behind)|I\/O (?:ports at|behind)|\[virtual\] (?:Memory|I\/O|Exp)|Expansion ROM|Capabilities:|Subsystem:|DeviceName:|Control:|Status:|Latency|Interrupt:|NUMA node:|IOMMU group:|Flags:|Physical Slot:|Kernel |Bus: primary|Prefetchable memory|BIST|Vector table:|PBA:|BAR \d|IOV(?:Cap|Ctl|Sta):|Initial VFs:|VF (?:offset|Migration):|Supported Page Size:|!!!)/;
/** How the rest of a wrapped line starts, even where the wrapping kept the indent. */
const REST = /^(?:\[(?!virtual\] (?:Memory|I\/O|Exp))|\(|offset=|supported:|(?:non-)?prefetchable\)|\d+[MGTP]B\b)/;

interface OpenBlock {
  readonly address: string;
  readonly head: OpenLine;
  readonly body: OpenLine[];
  readonly hex: HexRow[];
}

/** Gets what a text is split into, one after the other, so that nobody keeps all of it. */
export interface Receiver {
  block(block: Block): void;
  /** A line that belongs to no block, and is not blank. */
  outside(text: string, line: number): void;
}

/** Splits lspci text into blocks and undoes line wrapping. */
export function splitBlocks(all: readonly string[], to: Receiver): void {
  let current: OpenBlock | undefined;
  let afterBlank = false;
  for (let i = 0; i < all.length; i++) {
    const text = all[i]!;
    const unindented = text.trimStart();
    if (unindented === "") {
      afterBlank = true;
      continue;
    }
    const special = START.test(unindented);
    const head = special ? HEAD.exec(unindented) : null;
    if (head !== null) {
      if (current !== undefined) to.block(current);
      current = { address: head[1]!, head: openLine(head[2]!, indentOf(text), i + 1), body: [], hex: [] };
    } else if (current === undefined) to.outside(text, i + 1);
    else if (special && HEX_ROW.test(unindented)) current.hex.push({ text: unindented.trimEnd(), line: i + 1 });
    else if (
      !(special && ELLIPSIS.test(unindented)) &&
      !extend(current, openLine(unindented, indentOf(text), i + 1), afterBlank)
    ) {
      to.block(current);
      current = undefined;
      to.outside(text, i + 1);
    }
    afterBlank = false;
  }
  if (current !== undefined) to.block(current);
}

/** Adds a line to a block as a line of its own or as the rest of the line before; false when it belongs elsewhere. */
function extend(block: OpenBlock, line: OpenLine, afterBlank: boolean): boolean {
  const text = line.parts[0]!;
  const shallow = line.column < (block.body[0]?.column ?? block.head.column + 2);
  if (!shallow || LABEL.test(text)) {
    if (!REST.test(text)) {
      block.body.push(line);
      return true;
    }
  } else if (afterBlank || block.hex.length > 0 || PROMPT.test(text)) return false;
  append(block.body.at(-1) ?? block.head, line, line.column > block.head.column);
  return true;
}
