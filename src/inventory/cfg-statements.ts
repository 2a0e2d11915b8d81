import { type CfgToken, cfgTokens } from "./cfg-tokens.ts";
import { quote } from "./note-list.ts";
import type { AddNote } from "./notes.ts";
import { lines } from "./text.ts";

/** A value of xl.cfg with the line it stands on. Numbers are as written: `8192` or `0x2000`. */
export type CfgValue =
  | { readonly kind: "number" | "string"; readonly text: string; readonly line: number }
  | { readonly kind: "list"; readonly items: readonly CfgValue[]; readonly line: number };

export interface CfgStatements {
  readonly values: ReadonlyMap<string, CfgValue>;
  /** Names whose last assignment did not parse. */
  readonly broken: ReadonlySet<string>;
}

const MAX_DEPTH = 8;
/** Of a list that += makes longer each time. */
const MAX_ITEMS = 4096;

/**
 * The assignments of an xl.cfg (grammar: host-inputs.md 8), the later one of a name winning and `+=` adding to it. A
 * statement that does not parse is noted with what was expected, and reading goes on after it. Never throws.
 */
export function readCfgStatements(text: string, add: AddNote): CfgStatements {
  const all = lines(text, { onCut: (says, at) => add("missing", says, at) });
  const tokens = cfgTokens(all.map((line) => line.text).join("\n"), (index) => all[index]?.line ?? all.length);
  const values = new Map<string, CfgValue>();
  const broken = new Set<string>();
  const cursor = { at: 0 };
  const peek = (ahead = 0): CfgToken => tokens[Math.min(cursor.at + ahead, tokens.length - 1)]!;
  const isMark = (token: CfgToken, text: string): boolean => token.kind === "mark" && token.text === text;
  const endsStatement = (token: CfgToken): boolean =>
    token.kind === "newline" || token.kind === "end" || isMark(token, ";");
  const startsStatement = (ahead: number): boolean =>
    peek(ahead).kind === "name" && (isMark(peek(ahead + 1), "=") || isMark(peek(ahead + 1), "+="));

  /** Skips what is left of a broken statement: its line, or its list, but never into the next assignment. */
  function fail(expected: string, insideList: boolean): void {
    const { text: found, line, kind } = peek();
    add("unread", `expected ${expected}, found ${kind === "bad" || kind === "name" ? quote(found) : found}`, line);
    if (insideList && startsStatement(0) && tokens[cursor.at - 1]?.kind === "newline") return;
    while (peek().kind !== "end") {
      if (peek().kind === "newline" && (!insideList || startsStatement(1))) return;
      if (!insideList && isMark(peek(), ";")) return;
      if (isMark(peek(), "]")) insideList = false;
      cursor.at++;
    }
  }

  function value(depth: number): CfgValue | undefined {
    const token = peek();
    const expected = "a number, a quoted string or a list in brackets";
    if (token.kind === "number" || token.kind === "string") {
      cursor.at++;
      return { kind: token.kind, text: token.text, line: token.line };
    }
    if (isMark(token, "[") && depth < MAX_DEPTH) return list(depth);
    fail(isMark(token, "[") ? `lists at most ${MAX_DEPTH} deep` : expected, depth > 0);
    return undefined;
  }

  function list(depth: number): CfgValue | undefined {
    const { line } = peek();
    const items: CfgValue[] = [];
    const skipNewlines = (): void => {
      while (peek().kind === "newline") cursor.at++;
    };
    cursor.at++;
    for (;;) {
      skipNewlines();
      if (isMark(peek(), "]")) break;
      const item = value(depth + 1);
      if (item === undefined) return undefined;
      items.push(item);
      skipNewlines();
      if (isMark(peek(), ",")) cursor.at++;
      else if (!isMark(peek(), "]")) {
        fail(`"," or "]" of the list that starts on line ${line}`, true);
        return undefined;
      }
    }
    cursor.at++;
    return { kind: "list", items, line };
  }

  function assign(name: CfgToken, found: CfgValue, append: boolean): void {
    const before = values.get(name.text);
    if (append && before?.kind === "list" && before.items.length > MAX_ITEMS)
      add("missing", `${quote(name.text)}: not more than ${MAX_ITEMS} items are kept`, name.line);
    else if (append && before?.kind === "list" && found.kind === "list")
      values.set(name.text, { ...before, items: [...before.items, ...found.items] });
    else if (append && before?.kind === "string" && found.kind === "string")
      values.set(name.text, { ...before, text: before.text + found.text });
    else {
      if (before !== undefined)
        add("conflict", `${quote(name.text)} was set on line ${before.line} already; this later value wins`, name.line);
      values.set(name.text, found);
    }
  }

  while (peek().kind !== "end") {
    const name = peek();
    if (endsStatement(name)) cursor.at++;
    else if (name.kind !== "name") fail("a name", false);
    else if (!startsStatement(0)) {
      cursor.at++;
      fail(`"=" after ${quote(name.text)}`, false);
    } else {
      const append = isMark(peek(1), "+=");
      cursor.at += 2;
      const found = value(0);
      broken.delete(name.text);
      if (found === undefined) {
        broken.add(name.text);
        continue;
      }
      assign(name, found, append);
      if (!endsStatement(peek())) fail("the end of the line or ;", false);
    }
  }
  return { values, broken };
}
