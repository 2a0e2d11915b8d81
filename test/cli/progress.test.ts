import { describe, expect, it } from "vitest";
import { makeProgress } from "../../src/cli/progress.ts";

function place(isTTY: boolean) {
  const out: string[] = [];
  const clock = { at: 1000 };
  return { out, clock, where: { stream: { isTTY, write: (text: string) => out.push(text) }, now: () => clock.at } };
}

describe("progress", () => {
  it("says nothing of what takes less than half a second", () => {
    const { out, clock, where } = place(true);
    const progress = makeProgress({}, where);
    clock.at += 499;
    progress.tell("at work", 1, 2);
    progress.end();
    expect(out).toEqual([]);
  });

  it("writes one line over on a terminal, with what is left, and clears it", () => {
    const { out, clock, where } = place(true);
    const progress = makeProgress({}, where);
    clock.at += 1000;
    progress.tell("at work", 1, 10);
    clock.at += 50;
    progress.tell("too soon", 1, 10);
    clock.at += 950;
    progress.tell("at work", 9, 10);
    progress.end();
    expect(out).toEqual([
      "\r\u001b[Kat work, about 9 s left",
      "\r\u001b[Kat work, less than a second left",
      "\r\u001b[K",
    ]);
  });

  it("is silent elsewhere unless asked for, and never with -q", () => {
    for (const [isTTY, options, lines] of [
      [false, {}, 0],
      [false, { verbose: true }, 1],
      [true, { quiet: true }, 0],
      [false, { quiet: true, verbose: true }, 0],
    ] as const) {
      const { out, clock, where } = place(isTTY);
      const progress = makeProgress(options, where);
      clock.at += 600;
      progress.tell("at work", 3, Number.POSITIVE_INFINITY);
      progress.end();
      expect(out).toEqual(lines === 1 ? ["at work\n"] : []);
    }
  });
});
