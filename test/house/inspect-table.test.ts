import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readResults, withTables } from "../../bench/inspect-table.mjs";

const page = readFileSync(new URL("../../docs/inspect.md", import.meta.url), "utf8");

describe("docs/inspect.md", () => {
  it("has the tables that bench/inspect.json and bench/fuzz.json give (node bench/inspect-table.mjs)", () => {
    expect(withTables(page, readResults())).toBe(page);
  });

  it("counts a million cases at least, and no failure: with one, no table is written", () => {
    const { fuzz } = readResults();
    expect(fuzz.cases).toBeGreaterThanOrEqual(1_000_000);
    expect(page).toContain(fuzz.cases.toLocaleString("en-US"));
  });
});
