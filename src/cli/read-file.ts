import { closeSync, openSync, readSync } from "node:fs";
import { UsageError } from "./failure.ts";

/** The largest text input that is read; logs and lspci of large hosts stay far below. */
const MOST_BYTES = 64 * 2 ** 20;
const CHUNK = 2 ** 20;

/** An operating system's message without its code: "no such file or directory, open 'x'". */
export const reason = (error: unknown): string =>
  error instanceof Error ? error.message.replace(/^[A-Z]+: /, "") : String(error);

/** What a path is called in messages. */
export const titleOf = (path: string): string => (path === "-" ? "standard input" : path);

/** The text of a file, or of standard input for "-". Throws UsageError that names it. Devices that never end are cut off. */
export function readText(path: string): string {
  try {
    const file = path === "-" ? 0 : openSync(path, "r");
    try {
      return readAll(file, path).toString("utf8");
    } finally {
      if (file !== 0) closeSync(file);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${titleOf(path)}: ${reason(error)}; check the path and your rights`);
  }
}

function readAll(file: number, path: string): Buffer {
  const chunks: Buffer[] = [];
  for (let length = 0; ; ) {
    const chunk = Buffer.allocUnsafe(CHUNK);
    const read = readSome(file, chunk);
    if (read === 0) return Buffer.concat(chunks);
    chunks.push(chunk.subarray(0, read));
    length += read;
    if (length > MOST_BYTES)
      throw new UsageError(`${titleOf(path)}: larger than ${MOST_BYTES / 2 ** 20} MiB; cut it to what matters`);
  }
}

const PAUSE_MS = 10;

/** Bytes read, 0 at the end. Standard input may be a pipe that says "not yet". */
function readSome(file: number, chunk: Buffer): number {
  for (;;) {
    try {
      return readSync(file, chunk);
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === "EOF") return 0;
      if (code !== "EAGAIN") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, PAUSE_MS);
    }
  }
}

/** A JSON file's content. Throws UsageError that names the file. */
export function readJson(path: string): unknown {
  const text = readText(path);
  if (text.trim() === "") throw new UsageError(`${titleOf(path)}: empty, expected a JSON document`);
  try {
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${titleOf(path)}: not JSON: ${reason(error)}`);
  }
}
