import { parentPort, workerData } from "node:worker_threads";
import { type BatchJob, type BatchSettings, remembering, type WorkerMessage } from "./batch-planner.ts";

/** Program of a worker thread: plans the hosts that it is sent, one after the other. */
const planOne = remembering(workerData as BatchSettings);
const say = (message: WorkerMessage): void => parentPort?.postMessage(message);

parentPort?.on("message", (job: BatchJob) => say(planOne(job)));
say("ready");
