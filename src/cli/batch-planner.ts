import { Worker } from "node:worker_threads";
import {
  type BatchAnswer,
  batchError,
  type PlanOptions,
  planLine,
  rememberingSimulator,
  type ScenarioKeys,
} from "../plan/index.ts";

/** What holds for every host of a batch. */
export interface BatchSettings {
  readonly keys: ScenarioKeys;
  readonly options: Pick<PlanOptions, "advice" | "calibration">;
}

export interface BatchJob {
  readonly line: number;
  readonly text: string;
}

/** Plans hosts, several at a time; whoever asks puts the answers in order. */
export interface Planner {
  readonly plan: (job: BatchJob) => Promise<BatchAnswer>;
  readonly close: () => Promise<void>;
}

/** Lines that each worker has at hand: one in work, one to go on with. */
export const JOBS_A_WORKER = 2;
const WORKER_HEAP_MIB = 1024;

/** Plans in this thread, and lets signals and writes have their turn between hosts. */
export function inlinePlanner(settings: BatchSettings): Planner {
  const planOne = remembering(settings);
  return {
    plan: ({ line, text }) => new Promise((resolve) => setImmediate(() => resolve(planOne({ line, text })))),
    close: async () => {},
  };
}

/** Plans one host after the other; what is carried out for one serves those that are like it. */
export function remembering({ keys, options }: BatchSettings): (job: BatchJob) => BatchAnswer {
  const shared = { ...options, simulator: rememberingSimulator() };
  return ({ line, text }) => planLine(text, line, keys, shared);
}

interface Assigned extends BatchJob {
  readonly resolve: (answer: BatchAnswer) => void;
  readonly reject: (error: Error) => void;
  /** Must be the only one that a worker has, so that it is known who ends it. */
  readonly alone?: boolean;
}

interface Seat {
  worker: Worker | null;
  ready: boolean;
  readonly jobs: Assigned[];
}

/** What a worker says: that it is ready, then one answer a job, in the order of the jobs. */
export type WorkerMessage = "ready" | BatchAnswer;

/** The worker's program: beside this file, built or not. */
const PROGRAM = new URL(`./batch-worker${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`, import.meta.url);

/**
 * Plans in worker threads. A worker that dies costs the host that it was working on an error, and is replaced; one that
 * cannot even start rejects. `program` is for tests of just that.
 */
export function workerPlanner(settings: BatchSettings, workers: number, program = PROGRAM): Planner {
  let closed = false;
  const queue: Assigned[] = [];
  const seats: Seat[] = Array.from({ length: workers }, () => ({ worker: null, ready: false, jobs: [] }));

  const start = (seat: Seat): void => {
    const worker = new Worker(program, {
      workerData: settings,
      resourceLimits: { maxOldGenerationSizeMb: WORKER_HEAP_MIB },
    });
    seat.worker = worker;
    seat.ready = false;
    worker.on("message", (message: WorkerMessage) => {
      if (message === "ready") seat.ready = true;
      else seat.jobs.shift()?.resolve(message);
      feed(seat);
    });
    // The error comes before the exit, and only one of them may count.
    let dead = false;
    const died = (why: Error): void => {
      if (closed || dead) return;
      dead = true;
      bury(seat, why);
    };
    worker.on("error", died);
    worker.on("exit", (code) => died(new Error(`the worker ended with code ${code}`)));
  };

  const bury = (seat: Seat, why: Error): void => {
    const jobs = seat.jobs.splice(0);
    if (!seat.ready) {
      for (const { reject } of [...jobs, ...queue.splice(0)]) reject(why);
      return;
    }
    // With several under way, any of them may be the culprit: an answer is lost when the next host ends the thread.
    if (jobs.length > 1) queue.unshift(...jobs.map((job) => ({ ...job, alone: true })));
    else
      for (const { line, resolve } of jobs)
        resolve(batchError(line, `planning this host ended its worker: ${why.message}`));
    start(seat);
  };

  /** Not before it is ready: that it died at a host must not look as if it could not start. */
  const feed = (seat: Seat): void => {
    if (!seat.ready) return;
    while (seat.jobs.length < JOBS_A_WORKER && !seat.jobs[0]?.alone) {
      if (queue[0]?.alone && seat.jobs.length > 0) return;
      const job = queue.shift();
      if (!job) return;
      seat.jobs.push(job);
      const { line, text } = job;
      seat.worker?.postMessage({ line, text } satisfies BatchJob);
    }
  };

  for (const seat of seats) start(seat);
  return {
    plan: (job) =>
      new Promise((resolve, reject) => {
        queue.push({ ...job, resolve, reject });
        // The least busy first, so that no worker idles while another has two.
        const [seat] = [...seats].sort((a, b) => a.jobs.length - b.jobs.length);
        feed(seat!);
      }),
    close: async () => {
      closed = true;
      await Promise.all(seats.map(({ worker }) => worker?.terminate()));
    },
  };
}
