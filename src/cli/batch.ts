import { once } from "node:events";
import { createReadStream, openSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { addAbortSignal, type Readable } from "node:stream";
import { type BatchAnswer, batchError } from "../plan/index.ts";
import { linesOf, MOST_LINE_BYTES } from "./batch-lines.ts";
import { type BatchSettings, inlinePlanner, JOBS_A_WORKER, type Planner, workerPlanner } from "./batch-planner.ts";
import { DONE, FINDINGS, INTERRUPTED, UsageError } from "./failure.ts";
import type { CommonOptions } from "./output.ts";
import { makeProgress } from "./progress.ts";
import { reason, titleOf } from "./read-file.ts";

/** Hosts that are planned before workers are started, which takes as long as some dozen hosts. */
const BEFORE_WORKERS = 16;
const MOST_JOBS = 8;

export const defaultJobs = (): number => Math.min(MOST_JOBS, availableParallelism());

/**
 * `physmap plan --batch`: one host a line in, one document a line out, in the same order and in constant memory. Returns
 * the exit code: done, done with error lines, or interrupted.
 */
export async function runBatch(
  path: string,
  settings: BatchSettings,
  jobs: number,
  options: CommonOptions,
): Promise<number> {
  const stop = new AbortController();
  const interrupt = (): void => stop.abort();
  process.once("SIGINT", interrupt);
  const { stream, size } = open(path);
  const progress = makeProgress(options);
  const planner = growingPlanner(settings, jobs);
  let hosts = 0;
  let failed = 0;
  let reached = 0;
  const write = async ({ text, planned }: BatchAnswer, read: number): Promise<void> => {
    if (stop.signal.aborted) return;
    hosts++;
    if (!planned) failed++;
    reached = read;
    progress.tell(`${hosts} hosts planned${failed > 0 ? `, ${failed} of them in vain` : ""}`, reached, size);
    if (!process.stdout.write(`${text}\n`)) await once(process.stdout, "drain", { signal: stop.signal });
  };
  try {
    await inOrder(addAbortSignal(stop.signal, stream), planner, jobs * 2 * JOBS_A_WORKER, write);
    return failed > 0 ? FINDINGS : DONE;
  } catch (error) {
    if (stop.signal.aborted) return INTERRUPTED;
    if (stream.errored) throw new UsageError(`cannot read ${titleOf(path)}: ${reason(error)}`);
    throw error;
  } finally {
    process.off("SIGINT", interrupt);
    progress.end();
    await planner.close();
  }
}

/** Plan each line; `write` gets the answers in the order of the lines. At most `window` lines are under way. */
async function inOrder(
  chunks: AsyncIterable<Uint8Array>,
  planner: Planner,
  window: number,
  write: (answer: BatchAnswer, read: number) => Promise<void>,
): Promise<void> {
  const underWay: Promise<void>[] = [];
  let last = Promise.resolve();
  for await (const { number: line, text, read } of linesOf(chunks)) {
    const answer =
      text === null
        ? batchError(
            line,
            `longer than ${MOST_LINE_BYTES / 2 ** 20} MiB; give fewer inputs, or cut them to what matters`,
          )
        : planner.plan({ line, text });
    last = Promise.all([answer, last]).then(([given]) => write(given, read));
    // Whoever waits for it hears of a failure; nobody has to wait.
    last.catch(() => {});
    underWay.push(last);
    if (underWay.length >= window) await underWay.shift();
  }
  await last;
}

/** Plans the first hosts here, and the others in workers where more than one job is wanted. */
function growingPlanner(settings: BatchSettings, jobs: number): Planner {
  const here = inlinePlanner(settings);
  let workers: Planner | null = null;
  let begun = 0;
  return {
    plan(job) {
      if (jobs === 1 || begun++ < BEFORE_WORKERS) return here.plan(job);
      workers ??= workerPlanner(settings, jobs);
      return workers.plan(job);
    },
    close: async () => workers?.close(),
  };
}

/** The input's bytes, and how many there are if that is known. Throws UsageError. */
function open(path: string): { readonly stream: Readable; readonly size: number } {
  if (path === "-") return { stream: process.stdin, size: Number.POSITIVE_INFINITY };
  try {
    const file = statSync(path);
    if (file.isDirectory()) throw new Error("is a directory; expected a file with one host a line");
    const size = file.isFile() ? file.size : Number.POSITIVE_INFINITY;
    return { stream: createReadStream(path, { fd: openSync(path, "r") }), size };
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reason(error)}`);
  }
}
