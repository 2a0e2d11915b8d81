/** Runs of the command line as a whole: wall-clock and processor time, peak memory. */
import { spawn } from "node:child_process";
import { closeSync, openSync } from "node:fs";
import { fileURLToPath } from "node:url";

const CLI = fileURLToPath(new URL("../dist/cli.js", import.meta.url));
/** Loaded before the command: says at its end what it took, on a channel of its own. */
const WATCH = `data:text/javascript,${encodeURIComponent(`
  import { writeSync } from "node:fs";
  import { isMainThread } from "node:worker_threads";
  if (isMainThread) process.on("exit", () => {
    const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage();
    writeSync(3, JSON.stringify({ user: userCPUTime / 1e6, system: systemCPUTime / 1e6, mib: maxRSS / 1024 }));
  });
`)}`;

/**
 * { wall, user, system } in seconds, peak memory in MiB, bytes and lines printed; `input` is a file for standard input.
 * Throws when the command fails.
 */
export function run(args, input = null) {
  const start = performance.now();
  const stdin = input === null ? "ignore" : openSync(input, "r");
  const child = spawn(process.execPath, ["--import", WATCH, CLI, ...args], {
    stdio: [stdin, "pipe", "inherit", "pipe"],
  });
  if (input !== null) closeSync(stdin);
  let told = "";
  let bytes = 0;
  let lines = 0;
  child.stdout.on("data", (chunk) => {
    bytes += chunk.length;
    for (const byte of chunk) if (byte === 10) lines++;
  });
  child.stdio[3].on("data", (chunk) => (told += chunk));
  return new Promise((resolve, reject) => {
    child.on("close", (code) => {
      if (code !== 0) reject(new Error(`physmap ${args.slice(0, 3).join(" ")}… ended with ${code}`));
      else resolve({ wall: (performance.now() - start) / 1000, bytes, lines, ...JSON.parse(told) });
    });
  });
}
