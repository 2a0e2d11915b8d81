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
  /** Its column is null where the indent got lost. */
  let open: { column: number | null; lines: WrappedLine[] } | undefined;
  for (let i = 0; i < body.length; i++) {
    const line = body[i]!;
    const { parts, column } = line;
    const text = parts[0]!;
    if (text.startsWith("Capabilities:")) {
      const title = text.replace(CAPABILITY, "");
      const titleParts = parts.length === 1 ? [title] : [title, ...parts.slice(1)];
      open = { column: column > head.column ? column : null, lines: [] };
      capabilities.push({ title: { parts: titleParts, column, line: line.line }, lines: open.lines });
      continue;
    }
    const inside = open !== undefined && (open.column === null ? !AFTER_CAPABILITIES.test(text) : column > open.column);
    if (inside) open?.lines.push(line);
    else {
      open = undefined;
      (column > ownColumn ? stray : own).push(line);
    }
  }
  return { own, capabilities, stray };
}
