import { describe, expect, it } from "vitest";
import { ENTRIES, exportsOf, textOf } from "./entries.ts";

describe("doc comments of the library", () => {
  it.each(Object.entries(ENTRIES))("%s says what it is", (_, file) => {
    expect(textOf(file)).toMatch(/^\/\*\*[\s\S]*?@module\s*\*\//);
  });

  it.each(Object.entries(ENTRIES))("every export of %s has one, here or where it is declared", (_, file) => {
    const found = exportsOf(file);
    expect(found.length).toBeGreaterThan(10);
    const bare = found.filter(({ documented }) => !documented);
    expect(bare.map(({ name, file: where }) => `${where}: ${name}`)).toEqual([]);
  });

  it("finds what the contract promises of the front door", () => {
    const names = exportsOf("src/index.ts").map(({ name }) => name);
    expect(names).toEqual(
      expect.arrayContaining([
        ...["Domain", "createDomain", "makeMachine", "mapMmioRegions", "unmapMmioRegions", "mmioOrder", "REASONS"],
        ...["release", "parseRelease", "MAIN_RELEASES", "FORMATS", "walk", "translate", "runs", "count"],
        ...["Ledger", "LEDGER_KINDS", "readScript", "runScript", "runDocument"],
      ]),
    );
    expect(new Set(names).size).toBe(names.length);
  });

  it("knows an export without a comment when it sees one", () => {
    // `Reading` of the format fields has none; it is no part of any entry.
    expect(exportsOf("src/format/fields.ts")).toContainEqual(
      expect.objectContaining({ name: "Reading", documented: false }),
    );
    expect(exportsOf("src/format/index.ts")).toContainEqual(
      expect.objectContaining({ name: "FORMATS", documented: true }),
    );
  });
});
