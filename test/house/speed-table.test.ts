import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { withTable } from "../../bench/table.mjs";

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), "utf8");

describe("docs/speed.md", () => {
  it("has the table that bench/speed.json gives (node bench/table.mjs)", () => {
    const page = read("docs/speed.md");
    expect(withTable(page, JSON.parse(read("bench/speed.json")))).toBe(page);
    expect(page).toContain("| a fleet of ");
  });
});
