import { parentPort, workerData } from "node:worker_threads";
import { planLine } from "../plan/index.ts";
import type { BatchJob, BatchSettings, WorkerMessage } from "./batch-planner.ts";

/** Program of a worker thread: plans the hosts that it is sent, one after the other. */
const { keys, options } = workerData as BatchSettings;
const say = (message: WorkerMessage): void => parentPort?.postMessage(message);

parentPort?.on("message", ({ line, text }: BatchJob) => say(planLine(text, line, keys, options)));
say("ready");
