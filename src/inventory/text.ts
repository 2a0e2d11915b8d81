/**
 * Undoes what happens to text on its way from a terminal through mail, web forms and loggers (host-inputs.md, general
 * rule 2). Every text reader starts here, so line numbers always count the lines of the file as it was given.
 */

export interface Line {
  /** Without line end, quote marks and common indent. Trailing blanks stay. */
  readonly text: string;
  /** Counted from 1 in the original text. */
  readonly line: number;
}

export interface LineOptions {
  /** Lines after this many are left out. Default 1,048,576. */
  readonly maxLines?: number;
  /** UTF-16 units kept of a line. Default 65,536. */
  readonly maxLength?: number;
  /** Also remove a console's or logger's time stamp where nearly all lines start with one. Default false. */
  readonly timestamps?: boolean;
  /** Told once for each line that was cut, and once when lines were left out. */
  readonly onCut?: (says: string, line: number) => void;
}

const MAX_LINES = 2 ** 20;
const MAX_LENGTH = 2 ** 16;
const MAX_QUOTE_LEVELS = 8;
/** Share of the non-empty lines that must carry a mark before it counts as added by transport. */
const NEARLY_ALL = 0.8;

const QUOTE = /^ ?>/;
const QUOTE_AND_SPACE = /^ ?> ?/;
/** A quote mark directly before text: this writer puts no space after it, so spaces belong to the text. */
const TIGHT_QUOTE = /^ ?>[^\s>]/;
const TIMESTAMP =
  /^(?:\[ {0,12}\d{1,10}\.\d{1,9}\]|\[?\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:[.,]\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?\]?|\[?\d\d:\d\d:\d\d(?:[.,]\d{1,9})?\]?) ?/;

/**
 * The lines of a text: CR LF, CR CR LF and lone CR end a line as LF does; a byte order mark, constant `>` quote marks
 * and an indent that all non-empty lines share are removed; no-break spaces become spaces. Never throws.
 */
export function lines(text: string, options: LineOptions = {}): readonly Line[] {
  let result = split(text, options);
  for (let level = 0; level < MAX_QUOTE_LEVELS; level++) {
    const tight = result.some(({ text }) => TIGHT_QUOTE.test(text));
    const stripped = stripWhereUsual(result, tight ? QUOTE : QUOTE_AND_SPACE);
    if (stripped === result) break;
    result = stripped;
  }
  if (options.timestamps === true) result = stripWhereUsual(result, TIMESTAMP);
  return stripCommonIndent(result);
}

/** Column of the first non-blank character, with tab stops every 8 columns. */
export function indentOf(text: string): number {
  let column = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === " ") column += 1;
    else if (text[i] === "\t") column += 8 - (column % 8);
    else break;
  }
  return column;
}

export const isBlank = (text: string): boolean => !/\S/.test(text);

function split(text: string, { maxLines = MAX_LINES, maxLength = MAX_LENGTH, onCut }: LineOptions): readonly Line[] {
  const result: Line[] = [];
  const lineEnd = /\r{0,2}\n|\r/g;
  let start = text.startsWith("\ufeff") ? 1 : 0;
  while (start < text.length) {
    const line = result.length + 1;
    if (line > maxLines) {
      onCut?.(`only the first ${maxLines} lines were read`, line);
      break;
    }
    lineEnd.lastIndex = start;
    const match = lineEnd.exec(text);
    const end = match?.index ?? text.length;
    if (end - start > maxLength) onCut?.(`line of ${end - start} characters cut to ${maxLength}`, line);
    const kept = text.slice(start, Math.min(end, start + maxLength));
    result.push({ text: kept.includes("\u00a0") ? kept.replaceAll("\u00a0", " ") : kept, line });
    start = match === null ? text.length : lineEnd.lastIndex;
  }
  return result;
}

/** The same array where fewer than nearly all non-empty lines match. */
function stripWhereUsual(all: readonly Line[], mark: RegExp): readonly Line[] {
  let filled = 0;
  let marked = 0;
  for (const { text } of all) {
    if (isBlank(text)) continue;
    filled++;
    if (mark.test(text)) marked++;
  }
  if (marked === 0 || marked < filled * NEARLY_ALL) return all;
  return all.map(({ text, line }) => ({ text: text.replace(mark, ""), line }));
}

function stripCommonIndent(all: readonly Line[]): readonly Line[] {
  let common: string | undefined;
  for (const { text } of all) {
    if (isBlank(text)) continue;
    const indent = text.slice(0, text.length - text.trimStart().length);
    common = common === undefined ? indent : commonPrefix(common, indent);
    if (common === "") return all;
  }
  const drop = common?.length ?? 0;
  return drop === 0 ? all : all.map(({ text, line }) => ({ text: text.slice(drop), line }));
}

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}
