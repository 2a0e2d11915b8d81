import type { Api, Progress, Reply, Request } from "../protocol.ts";

/** A worker with the core in it, and what was opened in it. */
export interface Client {
  call<K extends keyof Api>(
    call: K,
    args: Parameters<Api[K]>[0],
    onProgress?: (progress: Progress) => void,
  ): Promise<ReturnType<Api[K]>>;
  /** Ends whatever it is at; what was asked fails. */
  stop(): void;
}

interface Waiting {
  readonly done: (value: never) => void;
  readonly failed: (error: Error) => void;
  readonly onProgress: ((progress: Progress) => void) | undefined;
}

/** Starts a worker. Calls are answered in order. */
export function startClient(): Client {
  const worker = new Worker(new URL("../worker/worker.ts", import.meta.url), { type: "module" });
  const waiting = new Map<number, Waiting>();
  let last = 0;
  worker.onmessage = ({ data }: MessageEvent<Reply>): void => {
    const asked = waiting.get(data.id);
    if (!asked) return;
    if ("progress" in data) {
      asked.onProgress?.(data.progress);
      return;
    }
    waiting.delete(data.id);
    if ("error" in data) asked.failed(new Error(data.error));
    else asked.done(data.value as never);
  };
  worker.onerror = (event): void => {
    event.preventDefault();
    const error = new Error(`the worker stopped: ${event.message || "the browser does not say why"}`);
    for (const { failed } of waiting.values()) failed(error);
    waiting.clear();
  };
  return {
    call(call, args, onProgress) {
      const id = ++last;
      return new Promise((done, failed) => {
        waiting.set(id, { done: done as (value: never) => void, failed, onProgress });
        worker.postMessage({ id, call, args } satisfies Request);
      });
    },
    stop() {
      worker.terminate();
      // Nobody must wait for ever.
      for (const { failed } of waiting.values()) failed(new Error("stopped"));
      waiting.clear();
    },
  };
}
