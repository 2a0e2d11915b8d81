import type { Look, MailboxState } from "./mailbox.ts";
import type { Ram } from "./ram.ts";

/** What a booted payload stands still for. */
export interface Stop {
  readonly state: Exclude<MailboxState, "running">;
  /** Stands still until `resume`. */
  readonly ram: Ram;
  /** Reads the payload's text since the last checkpoint. */
  readonly text: () => string;
  /** At a look: the hypervisor's id of the domain, and the extents that its last populate did. */
  readonly look: Look;
}

/** A booted machine with the payload in it. */
export interface Machine {
  /** Resolves when the payload stands still next. Rejects when the machine dies, or does not get there in time. */
  next(): Promise<Stop>;
  resume(): void;
  /** Ends the emulator; the hypervisor's console up to then is returned. Safe to call more than once. */
  stop(): Promise<string>;
}

export interface BootFiles {
  readonly xen: string;
  readonly payload: string;
  readonly script: string;
  /** A folder for this boot alone, removed by `stop`. */
  readonly folder: string;
  readonly nonce: number;
  /** Longest time between two stops, and until the first. */
  readonly timeoutMs: number;
}

/** What the hypervisor prints when dom0 or itself is lost. */
const LOST = [
  "Panic on CPU",
  "Hardware Dom0 crashed",
  "Hardware Dom0 halted",
  "Domain 0 crashed",
  "FATAL TRAP",
  "physmap-rig: no script",
];

/** The line of a console log that tells that the payload is lost. */
export const lostLine = (log: string): string | undefined =>
  log.split("\n").find((line) => LOST.some((words) => line.includes(words)));

/** The last lines of a log, for an error message. */
export const tail = (log: string, lines = 12): string => log.trimEnd().split("\n").slice(-lines).join("\n");
