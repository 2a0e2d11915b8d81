import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { vi } from "vitest";
import { UsageError } from "../../src/cli/failure.ts";

export const golden = (name: string): string => fileURLToPath(new URL(`../golden/${name}.json.gz`, import.meta.url));

type Add = (program: Command, exit: (code: number) => void) => void;

/** One command as `main` runs it, with the options that every command has; what it prints, and its exit code. */
export async function run(add: Add, ...args: string[]): Promise<{ code: number; out: string; err: string }> {
  let code = -1;
  const program = new Command("physmap").exitOverride();
  add(program, (value) => {
    code = value;
  });
  for (const command of program.commands)
    command
      .option("--json")
      .option("-q, --quiet")
      .option("-v, --verbose")
      .exitOverride()
      .configureOutput({ outputError: () => {} });
  const texts = { out: "", err: "" };
  const take = (to: "out" | "err") => (text: string | Uint8Array) => {
    texts[to] += String(text);
    return true;
  };
  const spies = [
    vi.spyOn(process.stdout, "write").mockImplementation(take("out") as typeof process.stdout.write),
    vi.spyOn(process.stderr, "write").mockImplementation(take("err") as typeof process.stderr.write),
  ];
  try {
    await program.parseAsync(args, { from: "user" });
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    code = 2;
    texts.err += error.message;
  } finally {
    for (const spy of spies) spy.mockRestore();
  }
  return { code, ...texts };
}
