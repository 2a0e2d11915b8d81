import type { Block, WrappedLine } from "./lspci-blocks.ts";

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
  const indents = body.map(({ column }) => column).filter((column) => column > head.column);
  const ownColumn = indents.reduce((least, column) => Math.min(least, column), Number.POSITIVE_INFINITY);
  const own: WrappedLine[] = [];
  const stray: WrappedLine[] = [];
  const capabilities: { title: WrappedLine; lines: WrappedLine[] }[] = [];
  let open: { column: number; lines: WrappedLine[] } | undefined;
  for (const line of body) {
    const text = line.parts[0] ?? "";
    if (CAPABILITY.test(text)) {
      const lines: WrappedLine[] = [];
      const title = { ...line, parts: [text.replace(CAPABILITY, ""), ...line.parts.slice(1)] };
      open = { column: line.column > head.column ? line.column : Number.NaN, lines };
      capabilities.push({ title, lines });
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
