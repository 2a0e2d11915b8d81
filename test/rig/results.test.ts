import { describe, expect, it } from "vitest";
import { domainResult, operationResult, parseText } from "../../rig/results.ts";
import type { ScriptOperation } from "../../rig/script.ts";

const range = { domain: 1, gfn: "0x2000001", mfn: "0x200000", pages: 262144 } as const;
const map: ScriptOperation = { op: "memory_mapping", ...range, add: true };
const populate: ScriptOperation = { op: "populate", domain: 1, gfn: "0x0", order: 9, extents: 2 };

const result = (operation: ScriptOperation, line: string): unknown =>
  operationResult(operation, parseText(line).get(0)!);

describe("operationResult", () => {
  // rig.md 5: a pool of 1 MiB runs dry after 0x1e3ff pages.
  it("reads a library loop that failed half-way", () => {
    expect(result(map, "0 ret=-12 done=123903 calls=1937 first=64 last=-12 cycles=99")).toEqual({
      result: -12,
      error: "ENOMEM",
      pagesDone: 123903,
      hypercalls: 1937,
      firstReturn: 64,
      lastReturn: -12,
      cycles: 99,
    });
  });

  it("keeps an undo apart from what it undoes, and the crash with the operation", () => {
    const line =
      "0 ret=-1 done=64 calls=2 first=64 last=-1 cycles=5 undo ret=-22 done=64 calls=2 first=64 last=-22 cycles=4 crashed=1";
    expect(result(map, line)).toEqual({
      result: -1,
      error: "EPERM",
      pagesDone: 64,
      hypercalls: 2,
      firstReturn: 64,
      lastReturn: -1,
      undo: { result: -22, pagesDone: 64, hypercalls: 2, firstReturn: 64, lastReturn: -22 },
      crashed: true,
      cycles: 5,
    });
  });

  it("gives a single call's positive count as it is", () => {
    expect(result({ ...map, raw: true }, "0 ret=32768 cycles=7")).toEqual({ result: 32768, cycles: 7 });
  });

  it("counts extents, and has an error only for a negative return", () => {
    expect(result(populate, "0 ret=1 done=1")).toEqual({ result: 0, populated: 1 });
    expect(result(populate, "0 ret=-1 done=0")).toEqual({ result: -1, error: "EPERM", populated: 0 });
    const decrease: ScriptOperation = { op: "decrease_reservation", domain: 1, gfn: "0x0" };
    expect(result(decrease, "0 ret=1 done=1 crashed=1")).toEqual({ result: 0, released: 1, crashed: true });
  });

  it.each(["0 error=arguments", "0 ret=0", "0 ret=x done=1 calls=1 first=0 last=0", "0"])("refuses %s", (line) => {
    expect(() => result(map, line)).toThrow();
  });
});

describe("parseText", () => {
  it("finds lines by hexadecimal tags and steps over what is no line of the payload's", () => {
    const lines = parseText("1f ret=0\n\nnoise here\n20 ret=-3 a=b=c\n21");
    expect([...lines.keys()]).toEqual([0x1f, 0x20, 0x21]);
    expect(lines.get(0x20)?.get("a")).toBe("b=c");
    expect(lines.get(0x21)?.size).toBe(0);
  });
});

describe("domainResult", () => {
  it("tells the step that failed", () => {
    const failed = parseText("0 ret=-12 id=5 step=pool").get(0)!;
    expect(domainResult(1, failed)).toEqual({ id: 1, result: -12, error: "ENOMEM", step: "pool", xenId: 5 });
    expect(domainResult(1, parseText("0 ret=0 id=6").get(0)!)).toEqual({ id: 1, result: 0, xenId: 6 });
  });
});
