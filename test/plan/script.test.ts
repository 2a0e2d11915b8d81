import { describe, expect, it } from "vitest";
import { readScript } from "../../src/plan/index.ts";
import { ALL_OPERATIONS } from "../schemas/scripts.ts";

describe("a script that is refused", () => {
  it.each([
    { ...ALL_OPERATIONS, hypervisor: { ...ALL_OPERATIONS.hypervisor, readOnly: [["0x\u007ffe00", 1]] } },
    { ...ALL_OPERATIONS, "\u009b2J": 1 },
    { ...ALL_OPERATIONS, kind: `\u001b[2J${"x".repeat(10_000)}` },
  ])("is told in one printable line of bounded length", (script) => {
    const says = readScript(script);
    expect(says).toMatch(/^not an operation script: \P{Cc}+$/u);
    expect((says as string).length).toBeLessThan(600);
  });
});
