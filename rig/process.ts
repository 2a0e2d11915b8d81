import { type ChildProcess, spawn } from "node:child_process";

/** An emulator's process, which the kernel ends when this process ends. */
export interface EmulatorProcess {
  readonly child: ChildProcess;
  /** Resolves when it has ended, with its last words on standard error. */
  readonly ended: Promise<string>;
  readonly hasEnded: () => boolean;
}

/** Starts a program in a folder, with a descriptor as its standard input or nothing. */
export function startEmulator(
  program: string,
  args: readonly string[],
  folder: string,
  input: number | "ignore" = "ignore",
): EmulatorProcess {
  const child = spawn("setpriv", ["--pdeathsig", "KILL", program, ...args], {
    cwd: folder,
    stdio: [input, "pipe", "pipe"],
  });
  let said = "";
  let over = false;
  child.stderr?.setEncoding("latin1").on("data", (text: string) => {
    said = (said + text).slice(-4000);
  });
  const ended = new Promise<string>((resolve) => {
    const end = (): void => {
      over = true;
      resolve(said);
    };
    child.once("close", end);
    child.once("error", (error) => {
      said += String(error);
      end();
    });
  });
  return { child, ended, hasEnded: () => over };
}
