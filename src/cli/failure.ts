import { printable } from "../inventory/notes.ts";

/** Exit codes (contract, "Command line"). */
export const DONE = 0;
export const FINDINGS = 1;
export const USAGE = 2;
export const INTERNAL = 70;
/** As a shell says of a command that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Something wrong with the command line or an input: one line on standard error, exit code 2. */
export class UsageError extends Error {}

/** Throw a sentence as a usage error; pass anything else through. */
export function orFail<T>(value: T | string): Exclude<T, string> {
  if (typeof value === "string") throw new UsageError(value);
  return value as Exclude<T, string>;
}

/** One line on standard error: what, where, what to do. Foreign text in it cannot speak to the terminal. */
export const complain = (text: string): void =>
  void process.stderr.write(`physmap: ${printable(text).replace(/\s+/g, " ").trim()}\n`);
