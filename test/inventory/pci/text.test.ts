import { describe, expect, it } from "vitest";
import { indentOf, lines, lineTexts } from "../../../src/inventory/text.ts";

const texts = (text: string, options = {}): readonly string[] => lines(text, options).map((l) => l.text);

describe("lines", () => {
  it("ends lines at LF, CR LF, CR CR LF and lone CR, and counts them from 1", () => {
    expect(lines("a\nb\r\nc\r\r\nd\re")).toEqual([
      { text: "a", line: 1 },
      { text: "b", line: 2 },
      { text: "c", line: 3 },
      { text: "d", line: 4 },
      { text: "e", line: 5 },
    ]);
  });

  it("as bare strings, line n is at n - 1, after a byte order mark as well", () => {
    expect(lineTexts("\ufeff> a\r\r\r\n> b\r\n>\u00a0c\r")).toEqual(["a", "", "b", "c"]);
  });

  it("keeps empty lines, and none after the last line end", () => {
    expect(texts("a\n\nb\n")).toEqual(["a", "", "b"]);
    expect(texts("")).toEqual([]);
  });

  it("strips a byte order mark and turns no-break spaces into spaces", () => {
    expect(texts("\ufeff3f:00.0\u00a0x")).toEqual(["3f:00.0 x"]);
  });

  it("strips quote marks of several levels, with a greeting that has none", () => {
    expect(texts("Hi,\n> > a\n> > \tb\n> >\n> > c\n> > d\n")).toEqual(["Hi,", "a", "\tb", "", "c", "d"]);
    expect(texts(">> a\n>> \tb\n")).toEqual(["a", "\tb"]);
  });

  it("keeps an indent after a quote mark that has no space of its own", () => {
    expect(texts(">100-1ff : a\n>  120-12f : b\n")).toEqual(["100-1ff : a", "  120-12f : b"]);
    expect(texts("> 100-1ff : a\n>   120-12f : b\n")).toEqual(["100-1ff : a", "  120-12f : b"]);
  });

  it("leaves > alone where only some lines start with it", () => {
    expect(texts("a\n> b\nc\n")).toEqual(["a", "> b", "c"]);
  });

  it("strips an indent that all non-empty lines share, in blanks or tabs", () => {
    expect(texts("    a\n\n    \tb\n      c")).toEqual(["a", "", "\tb", "  c"]);
    expect(texts("\t\ta\n\t  b")).toEqual(["\ta", "  b"]);
  });

  it("strips time stamps only when asked", () => {
    const text = "[   12.000001] a\n[   12.000002] \tb\n[   13.5] c\n";
    expect(texts(text, { timestamps: true })).toEqual(["a", "\tb", "c"]);
    expect(texts(text)[0]).toBe("[   12.000001] a");
    expect(texts("2024-01-02T03:04:05.678+00:00 a\n2024-01-02 03:04:06 b", { timestamps: true })).toEqual(["a", "b"]);
  });

  it("cuts long lines and many lines, and says so", () => {
    const said: [string, number][] = [];
    const onCut = (says: string, line: number): void => void said.push([says, line]);
    expect(texts(`${"x".repeat(70_000)}\nb`, { onCut })[0]).toHaveLength(65_536);
    expect(texts("a\nb\nc", { maxLines: 2, onCut })).toEqual(["a", "b"]);
    expect(said).toEqual([
      ["line of 70000 characters cut to 65536", 1],
      ["only the first 2 lines were read", 3],
    ]);
  });
});

describe("indentOf", () => {
  it("counts tab stops of eight", () => {
    expect(["a", "  a", "\ta", "   \ta", "\t\ta"].map(indentOf)).toEqual([0, 2, 8, 8, 16]);
  });
});
