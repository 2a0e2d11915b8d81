import pc from "picocolors";
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
  if (!quiet) process.stderr.write(`${text}\n`);
}
