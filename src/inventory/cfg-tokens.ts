/** A token of xl.cfg's grammar (host-inputs.md 8). "bad" holds what fits none; strings are without their quotes. */
export interface CfgToken {
  readonly kind: "name" | "number" | "string" | "mark" | "newline" | "bad" | "end";
  readonly text: string;
  readonly line: number;
}

const BLANK = /[ \t\f\v]+/y;
const COMMENT = /#[^\n]*/y;
const NAME = /[A-Za-z_][A-Za-z0-9_]*/y;
const NUMBER = /-?(?:0[xX][0-9a-fA-F]+|\d+)(?![A-Za-z0-9_.])/y;
const MARK = /\+=|[=[\],;]/y;
const BAD = /[^\s=[\],;#"']+|./sy;
const PATTERNS = [
  ["name", NAME],
  ["number", NUMBER],
  ["mark", MARK],
] as const;
const ESCAPES = new Map([
  ["a", "\u0007"],
  ["b", "\b"],
  ["f", "\f"],
  ["n", "\n"],
  ["r", "\r"],
  ["t", "\t"],
  ["v", "\v"],
]);

/** One pass over the text; `lineAt` gives the line number of the n-th line, from 0. The last token is "end". */
export function cfgTokens(text: string, lineAt: (index: number) => number): readonly CfgToken[] {
  const tokens: CfgToken[] = [];
  let at = 0;
  let index = 0;
  const take = (pattern: RegExp): string | undefined => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0];
    if (found !== undefined) at += found.length;
    return found;
  };
  const push = (kind: CfgToken["kind"], value: string): void => {
    tokens.push({ kind, text: value, line: lineAt(index) });
  };

  while (at < text.length) {
    if (take(BLANK) !== undefined || take(COMMENT) !== undefined) continue;
    const c = text[at]!;
    if (c === "\n") {
      push("newline", "end of line");
      at++;
      index++;
    } else if (c === '"' || c === "'") {
      const { value, next, closed } = quotedString(text, at);
      push(closed ? "string" : "bad", closed ? value : text.slice(at, next));
      at = next;
    } else {
      const pattern = PATTERNS.find(([, candidate]) => {
        candidate.lastIndex = at;
        return candidate.test(text);
      });
      push(pattern?.[0] ?? "bad", take(pattern?.[1] ?? BAD) ?? "");
    }
  }
  push("end", "end of file");
  return tokens;
}

/** Strings end on their line. A backslash takes the next character, or stands for a control character or `\xHH`. */
function quotedString(text: string, start: number): { value: string; next: number; closed: boolean } {
  const quote = text[start];
  let value = "";
  let at = start + 1;
  for (; at < text.length && text[at] !== "\n"; at++) {
    const c = text[at]!;
    if (c === quote) return { value, next: at + 1, closed: true };
    if (c !== "\\" || text[at + 1] === undefined || text[at + 1] === "\n") value += c;
    else {
      const next = text[++at]!;
      const digits = next === "x" ? text.slice(at + 1, at + 3) : "";
      if (/^[0-9a-fA-F]{2}$/.test(digits)) {
        value += String.fromCharCode(Number.parseInt(digits, 16));
        at += 2;
      } else value += ESCAPES.get(next) ?? next;
    }
  }
  return { value, next: at, closed: false };
}
