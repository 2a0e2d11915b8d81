import pc from "picocolors";
import type { Note } from "../inventory/index.ts";
import { printable } from "../inventory/notes.ts";
import { plainStyle, type Style } from "../report/style.ts";

/** Options that every command has. */
export interface CommonOptions {
  readonly json?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
  /** `--color` and `--no-color`; undefined: only on a terminal, and not with NO_COLOR. */
  readonly color?: boolean;
}

const LEAST_WIDTH = 80;
const MOST_WIDTH = 120;

/** How to dress text on standard output. */
export function style({ color }: CommonOptions): Style {
  const width = Math.min(MOST_WIDTH, Math.max(LEAST_WIDTH, process.stdout.columns ?? LEAST_WIDTH));
  const wanted = color ?? (process.stdout.isTTY === true && !process.env.NO_COLOR);
  if (!wanted) return plainStyle(width);
  const { bold, dim, green, yellow, red } = pc.createColors(true);
  return { width, bold, dim, good: green, warn: yellow, bad: red };
}

/** Print a document as JSON, or its text. */
export function print(options: CommonOptions, document: unknown, text: (style: Style) => string): void {
  process.stdout.write(options.json ? `${JSON.stringify(document, null, 2)}\n` : text(style(options)));
}

/** A note for people, on standard error. */
export function say({ quiet }: CommonOptions, text: string): void {
  if (!quiet) process.stderr.write(`${printable(text)}\n`);
}

const MOST_NOTES = 8;

/**
 * What the readers noticed about the inputs, on standard error. What was assumed stands in the report, and JSON holds
 * all notes.
 */
export function sayNotes(options: CommonOptions, notes: readonly Note[]): void {
  if (options.json) return;
  const told = notes.filter(({ kind }) => kind !== "assumed" && (options.verbose || kind !== "info"));
  const shown = options.verbose ? told : told.slice(0, MOST_NOTES);
  for (const { kind, says, from } of shown) {
    // A conflict names both places itself.
    const where = from && kind !== "conflict" ? ` (${from.file}${from.line === undefined ? "" : `:${from.line}`})` : "";
    say(options, `${kind}: ${says}${where}`);
  }
  if (shown.length < told.length) say(options, `… and ${told.length - shown.length} more notes (-v shows all)`);
}
