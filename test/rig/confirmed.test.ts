import { describe, expect, it } from "vitest";
import {
  type ConfirmedNamed,
  type ConfirmedRandom,
  confirmedMarkdown,
  NOTHING_CONFIRMED,
  withNamed,
  withRandom,
} from "../../rig/confirmed.ts";
import { SCENARIOS } from "../../rig/scenarios.ts";

const random: ConfirmedRandom = {
  target: "amdvi",
  xen: "4.17",
  build: "4.17.7+1",
  seed: 5,
  sequences: 2000,
  operations: 17000,
  p2mEntries: 6_429_696,
  iommuEntries: 3,
  outcomes: { "0": 10, EPERM: 1234, crashed: 2 },
  differences: 0,
  date: "2026-01-02",
};
const named: ConfirmedNamed = {
  target: "ept",
  xen: "4.17",
  build: "4.17.7+1",
  names: ["bar-off-by-a-page", "errors", "golden ept_s4_417"],
  differ: ["errors"],
  entries: 12,
  date: "2026-01-02",
};

describe("confirmedMarkdown", () => {
  const page = confirmedMarkdown(withNamed(withRandom(NOTHING_CONFIRMED, random), named));

  it("says how many sequences were equal on which build, and how to repeat them", () => {
    expect(page).toContain(
      "| 4.17.7+1 | NPT and AMD-Vi (QEMU) | 2,000 | 17,000 | 6,429,696 | 3 | 5 | **0** | 2026-01-02 |",
    );
    expect(page).toContain("-EPERM 1,234, done 10, the domain crashed 2");
  });

  it("marks each scenario as equal, differing or not run", () => {
    const row = (name: string): string => page.split("\n").find((line) => line.startsWith(`| ${name} `)) ?? "";
    expect(row("bar-off-by-a-page")).toMatch(/\| equal \|$/);
    expect(row("errors")).toMatch(/\| \*\*differs\*\* \|$/);
    expect(row("bar-32g-aligned")).toBe("");
    expect(page).toContain("1 scripts, 0 differ: ept_s4_417");
  });

  it("replaces the earlier result of the same target and release", () => {
    const later = { ...random, sequences: 3000 };
    expect(withRandom(withRandom(NOTHING_CONFIRMED, random), later).random).toEqual([later]);
  });
});

describe("SCENARIOS", () => {
  it("have names of their own", () => {
    expect(new Set(SCENARIOS.map(({ name }) => name)).size).toBe(SCENARIOS.length);
  });
});
