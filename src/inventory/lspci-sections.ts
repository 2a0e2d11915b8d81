import type { Block } from "./lspci-blocks.ts";
import type { WrappedLine } from "./lspci-wrapped.ts";

/** A `Capabilities:` line with the lines that stand below it. */
export interface Section {
  /** Without `Capabilities: ` and the bracketed offset. */
  readonly title: WrappedLine;
  readonly lines: readonly WrappedLine[];
}

export interface Sections {
  /** The function's own lines. */
  readonly own: readonly WrappedLine[];
  readonly capabilities: readonly Section[];
  /** Lines deeper than the function's own whose `Capabilities:` line is missing. */
  readonly stray: readonly WrappedLine[];
}

const CAPABILITY = /^Capabilities: ?(?:\[[0-9a-f]{2,3}(?: v\d{1,2})?\] ?)?/;
/** Own lines that follow the capabilities; they end the last one where the indent got lost. */
const AFTER_CAPABILITIES = /^Kernel (?:driver|modules)/;

/**
 * Tells a function's own lines from those of its capabilities by indent, and by position where the indent got lost:
 * lspci prints own regions before the capabilities (host-inputs.md 1.5: `Region` lines inside SR-IOV are VF BARs).
 */
export function splitSections({ head, body }: Block): Sections {
  let ownColumn = Number.POSITIVE_INFINITY;
  for (let i = 0; i < body.length; i++) {
    const { column } = body[i]!;
    if (column > head.column && column < ownColumn) ownColumn = column;
  }
  const own: WrappedLine[] = [];
  const stray: WrappedLine[] = [];
  const capabilities: { title: WrappedLine; lines: WrappedLine[] }[] = [];
  let open: { column: number; lines: WrappedLine[] } | undefined;
  for (let i = 0; i < body.length; i++) {
    const line = body[i]!;
    const text = line.parts[0] ?? "";
    if (text.startsWith("Capabilities:")) {
      open = { column: line.column > head.column ? line.column : Number.NaN, lines: [] };
      capabilities.push({ title: titleOf(line), lines: open.lines });
      continue;
    }
    const inside =
      open !== undefined && (Number.isNaN(open.column) ? !AFTER_CAPABILITIES.test(text) : line.column > open.column);
    if (inside) open?.lines.push(line);
    else {
      open = undefined;
      (line.column > ownColumn ? stray : own).push(line);
    }
  }
  return { own, capabilities, stray };
}

function titleOf({ parts, column, line }: WrappedLine): WrappedLine {
  const title = parts[0]!.replace(CAPABILITY, "");
  return { parts: parts.length === 1 ? [title] : [title, ...parts.slice(1)], column, line };
}
