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
/** The same for a whole text. Most texts have no mark at all, which one search tells sooner than one for each line. */
const ANY_QUOTE = new RegExp(QUOTE, "m");
const ANY_TIMESTAMP = new RegExp(TIMESTAMP, "m");

/**
 * The lines of a text: CR LF, CR CR LF and lone CR end a line as LF does; a byte order mark, constant `>` quote marks
 * and an indent that all non-empty lines share are removed; no-break spaces become spaces. Never throws.
 */
export const lines = (text: string, options: LineOptions = {}): readonly Line[] =>
  lineTexts(text, options).map((text, i) => ({ text, line: i + 1 }));

/** The same as bare strings, for texts of many lines: line n is at n - 1. */
export function lineTexts(text: string, options: LineOptions = {}): readonly string[] {
  const plain = plainText(text);
  let result = split(plain, options);
  const quoted = ANY_QUOTE.test(plain);
  for (let level = 0; quoted && level < MAX_QUOTE_LEVELS; level++) {
    const tight = result.some((line) => TIGHT_QUOTE.test(line));
    const stripped = stripWhereUsual(result, tight ? QUOTE : QUOTE_AND_SPACE);
    if (stripped === result) break;
    result = stripped;
  }
  if (options.timestamps === true && (quoted || ANY_TIMESTAMP.test(plain))) result = stripWhereUsual(result, TIMESTAMP);
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

/** All line ends as LF, all blanks as spaces and tabs, no byte order mark. To look for what is not there is cheap. */
function plainText(text: string): string {
  const ends = text.includes("\r") ? text.replace(/\r{1,2}\n|\r/g, "\n") : text;
  const blanks = ends.includes("\u00a0") ? ends.replaceAll("\u00a0", " ") : ends;
  return blanks.startsWith("\ufeff") ? blanks.slice(1) : blanks;
}

function split(plain: string, { maxLines = MAX_LINES, maxLength = MAX_LENGTH, onCut }: LineOptions): readonly string[] {
  const result: string[] = [];
  let start = 0;
  while (start < plain.length) {
    const line = result.length + 1;
    if (line > maxLines) {
      onCut?.(`only the first ${maxLines} lines were read`, line);
      break;
    }
    const lineEnd = plain.indexOf("\n", start);
    const end = lineEnd < 0 ? plain.length : lineEnd;
    if (end - start > maxLength) onCut?.(`line of ${end - start} characters cut to ${maxLength}`, line);
    result.push(plain.slice(start, Math.min(end, start + maxLength)));
    start = end + 1;
  }
  return result;
}

/** The same array where fewer than nearly all non-empty lines match. */
function stripWhereUsual(all: readonly string[], mark: RegExp): readonly string[] {
  let filled = 0;
  let marked = 0;
  for (const text of all) {
    if (isBlank(text)) continue;
    filled++;
    if (mark.test(text)) marked++;
  }
  if (marked === 0 || marked < filled * NEARLY_ALL) return all;
  return all.map((text) => text.replace(mark, ""));
}

function stripCommonIndent(all: readonly string[]): readonly string[] {
  let common: string | undefined;
  for (const text of all) {
    if (isBlank(text)) continue;
    const indent = text.slice(0, text.length - text.trimStart().length);
    common = common === undefined ? indent : commonPrefix(common, indent);
    if (common === "") return all;
  }
  const drop = common?.length ?? 0;
  return drop === 0 ? all : all.map((text) => text.slice(drop));
}

function commonPrefix(a: string, b: string): string {
  let length = 0;
  while (length < a.length && length < b.length && a[length] === b[length]) length++;
  return a.slice(0, length);
}
