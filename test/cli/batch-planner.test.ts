import { afterEach, describe, expect, it } from "vitest";
import { type Planner, workerPlanner } from "../../src/cli/batch-planner.ts";

/** A worker's program that answers with the job's text, and ends its thread at "die". */
const MORTAL = new URL(
  `data:text/javascript,${encodeURIComponent(`
    import { parentPort } from "node:worker_threads";
    parentPort.on("message", ({ text }) => {
      if (text === "die") process.exit(3);
      if (text === "throw") throw new Error("out of order");
      parentPort.postMessage({ text, planned: true });
    });
    parentPort.postMessage("ready");
  `)}`,
);
const STILLBORN = new URL("data:text/javascript,throw new Error('cannot start')");
const SETTINGS = { keys: {}, options: {} };

let planner: Planner;
afterEach(() => planner.close());

const planAll = (texts: readonly string[]) => Promise.all(texts.map((text, i) => planner.plan({ line: i + 1, text })));

describe("worker threads of a batch", () => {
  it("that die are replaced, and cost one error line each", async () => {
    planner = workerPlanner(SETTINGS, 2, MORTAL);
    const texts = Array.from({ length: 40 }, (_, i) => (i % 9 === 4 ? "die" : i % 9 === 7 ? "throw" : `host ${i}`));
    const answers = await planAll(texts);
    for (const [i, { text, planned }] of answers.entries()) {
      expect(planned).toBe(texts[i]!.startsWith("host"));
      if (planned) expect(text).toBe(texts[i]);
      else
        expect(JSON.parse(text)).toMatchObject({
          kind: "batch-error",
          line: i + 1,
          error: expect.stringMatching(
            texts[i] === "die" ? /ended its worker: the worker ended with code 3/ : /ended its worker: out of order/,
          ),
        });
    }
  });

  it("that cannot start say so, and nothing waits for them", async () => {
    planner = workerPlanner(SETTINGS, 2, STILLBORN);
    const outcomes = await Promise.allSettled(["a", "b", "c"].map((text, i) => planner.plan({ line: i + 1, text })));
    for (const outcome of outcomes)
      expect(outcome).toMatchObject({
        status: "rejected",
        reason: expect.objectContaining({ message: "cannot start" }),
      });
  });
});
