import { describe, expect, it } from "vitest";
import type { RigScript, ScriptOperation } from "../../rig/script.ts";
import { shrink } from "../../rig/shrink.ts";

const map = (n: number, pages: number): ScriptOperation => ({
  op: "memory_mapping",
  domain: 1,
  gfn: `0x${n.toString(16)}`,
  mfn: "0x1",
  pages,
  add: true,
  undoOnFailure: true,
});
const script: RigScript = {
  hypervisor: { xen: "4.17", cpu: "amd" },
  domains: [{ id: 1, guest: "hvm" }],
  operations: Array.from({ length: 13 }, (_, i) => map(i, 700 + i)),
};

describe("shrink", () => {
  it("keeps only what the difference needs, in its simplest form", async () => {
    const has = (s: RigScript, gfn: string, least: number): boolean =>
      s.operations.some((o) => o.op === "memory_mapping" && o.gfn === gfn && o.pages >= least);
    let calls = 0;
    const smallest = await shrink(script, async (scripts) => {
      calls++;
      return scripts.map((s) => has(s, "0x3", 1) && has(s, "0xb", 512));
    });
    expect(smallest.operations).toEqual([
      { op: "memory_mapping", domain: 1, gfn: "0x3", mfn: "0x1", pages: 1, add: true },
      { op: "memory_mapping", domain: 1, gfn: "0xb", mfn: "0x1", pages: 512, add: true },
    ]);
    expect(calls).toBeLessThanOrEqual(24);
  });

  it("leaves a script as it is when nothing smaller differs", async () => {
    const one = { ...script, operations: [map(1, 1)] };
    expect(await shrink(one, async (scripts) => scripts.map(() => false))).toEqual(one);
  });
});
