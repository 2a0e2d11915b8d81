/** Plain-text columns and paragraphs. Widths count characters; none of the texts hold wide ones. */

import type { Style } from "./style.ts";

export interface Column {
  readonly align?: "left" | "right";
}

/** Rows as aligned columns, two blanks between them; trailing blanks dropped. */
export function table(rows: readonly (readonly string[])[], columns: readonly Column[], indent = ""): string[] {
  const widths = columns.map((_, i) => Math.max(0, ...rows.map((row) => (row[i] ?? "").length)));
  return rows.map((row) =>
    `${indent}${columns
      .map(({ align }, i) =>
        align === "right" ? (row[i] ?? "").padStart(widths[i]!) : (row[i] ?? "").padEnd(widths[i]!),
      )
      .join("  ")}`.trimEnd(),
  );
}

/** A paragraph broken at blanks; lines after the first are indented by `hang`. */
export function wrap(text: string, width: number, first = "", hang = first): string[] {
  const lines: string[] = [];
  let line = first;
  let empty = true;
  for (const word of text.split(" ")) {
    if (!empty && line.length + 1 + word.length > width) {
      lines.push(line);
      line = hang;
      empty = true;
    }
    line += empty ? word : ` ${word}`;
    empty = false;
  }
  lines.push(line);
  return lines;
}

/** A short paragraph behind its title. Colour comes after the breaking: escape sequences have no width. */
export function titled(style: Style, title: string, text: string): string[] {
  const [first = "", ...rest] = wrap(text, style.width, `${title}   `, "  ");
  return [style.bold(title) + first.slice(title.length), ...rest];
}

/** A text cut to a width, with an ellipsis where something was cut. */
export const cut = (text: string, width: number): string =>
  text.length <= width ? text : `${text.slice(0, Math.max(0, width - 1))}…`;

/** With a capital letter, unless it begins with a name, and a full stop. */
export function sentence(text: string): string {
  const first = /^[a-z]+[ ,]/.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

/** A row of a table whose last cell is too long for the width: continued under itself. */
export function wrapCell(line: string, width: number): string[] {
  const cell = line.lastIndexOf("  ") + 2;
  if (line.length <= width || cell < 2) return [line];
  return wrap(line.slice(cell), width, line.slice(0, cell), " ".repeat(Math.min(cell, Math.floor(width / 2))));
}
