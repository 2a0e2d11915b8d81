/** Undoes line wrapping: a line that was broken is kept in parts, and read in the ways in which it may have been whole. */

/** A line of lspci as it was before something wrapped it: one part, or several. Blanks are single, ends trimmed. */
export interface WrappedLine {
  readonly parts: readonly string[];
  readonly column: number;
  readonly line: number;
}

/** A line whose rest may still come. */
export interface OpenLine {
  /** Breaks that were certainly at a blank are closed again; the others separate parts. */
  readonly parts: string[];
  endsBlank: boolean;
  readonly column: number;
  readonly line: number;
}

const MAX_PARTS = 16;
const MAX_LENGTH = 2 ** 16;
const MAX_WORD = 40;

/** `text` starts with no blank. */
export function openLine(text: string, column: number, line: number): OpenLine {
  const trimmed = text.trimEnd();
  return { parts: [singleBlanks(trimmed)], endsBlank: trimmed.length < text.length, column, line };
}

/** Most lines need no change, and a search that copies nothing is cheap. */
const singleBlanks = (text: string): string => (/\s\s|[^\S ]/.test(text) ? text.replace(/\s+/g, " ") : text);

export function append(before: OpenLine, rest: OpenLine, startsBlank: boolean): void {
  const text = rest.parts[0]!;
  const last = before.parts.length - 1;
  if (startsBlank || before.endsBlank) {
    if (before.parts[last]!.length < MAX_LENGTH) before.parts[last] += ` ${text}`;
  } else if (last + 1 < MAX_PARTS) before.parts.push(text);
  before.endsBlank = rest.endsBlank;
}

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

/** The first match of a pattern in any of the lines. */
export function firstMatch(lines: readonly WrappedLine[], pattern: RegExp): RegExpExecArray | null {
  for (let i = 0; i < lines.length; i++) {
    const match = matchOf(lines[i]!, pattern);
    if (match !== null) return match;
  }
  return null;
}

export function matchOf(line: WrappedLine, pattern: RegExp): RegExpExecArray | null {
  if (line.parts.length === 1) return pattern.exec(line.parts[0]!);
  return bestReading(line, (text) => pattern.exec(text));
}

/** What each of some named patterns matches first in the lines. */
export function firstMatches<Name>(
  lines: readonly WrappedLine[],
  patterns: readonly (readonly [Name, RegExp])[],
): ReadonlyMap<Name, RegExpExecArray> {
  const found = new Map<Name, RegExpExecArray>();
  for (let i = 0; i < patterns.length; i++) {
    const match = firstMatch(lines, patterns[i]![1]);
    if (match !== null) found.set(patterns[i]![0], match);
  }
  return found;
}

/** False when a line cannot match: wrapping may have broken the words that a pattern looks for. */
export const mayMatch = ({ parts }: WrappedLine, pattern: RegExp): boolean =>
  parts.length > 1 || pattern.test(parts[0]!);
