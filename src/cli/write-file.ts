import { writeFileSync } from "node:fs";
import { UsageError } from "./failure.ts";
import { reason } from "./read-file.ts";

function writeText(path: string, text: string): void {
  try {
    writeFileSync(path, text);
  } catch (error) {
    throw new UsageError(`cannot write ${path}: ${reason(error)}; check the folder and your rights`);
  }
}

/** Write to a file that the user named, or to standard output for "-". Throws UsageError that names it. */
export function writeOut(path: string, text: string): void {
  if (path === "-") process.stdout.write(text);
  else writeText(path, text);
}
