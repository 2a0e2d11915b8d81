import { Command, CommanderError } from "commander";
import { collectCommand } from "./collect.ts";
import { compareCommand } from "./compare.ts";
import { DONE, INTERNAL, USAGE, UsageError } from "./failure.ts";
import { planCommand } from "./plan.ts";
import { runCommand } from "./run.ts";
import { VERSION } from "./version.ts";
import { whyCommand } from "./why.ts";

const COMMANDS = [planCommand, compareCommand, whyCommand, runCommand, collectCommand];

/** One line on standard error: what, where, what to do. */
const complain = (text: string): void => void process.stderr.write(`physmap: ${text.replace(/\s+/g, " ").trim()}\n`);

/** Run the command line. Returns the exit code; never throws. */
export async function main(args: readonly string[]): Promise<number> {
  let code = DONE;
  const program = new Command("physmap")
    .description("Shows, predicts and proves how a hypervisor maps a PCI device's memory (its BARs) into a guest.")
    .version(VERSION)
    .showSuggestionAfterError()
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const add of COMMANDS) add(program, (value) => (code = value));
  for (const command of program.commands) {
    command
      .option("--json", "print one JSON document")
      .option("-q, --quiet", "no notes on standard error")
      .option("-v, --verbose", "everything: all counts, all notes")
      .option("--color", "colours although the output is no terminal")
      .option("--no-color", "no colours")
      .exitOverride()
      .configureOutput({ outputError: () => {} });
    // Commander's default for --no-color would hide whether the user said anything.
    command.setOptionValue("color", undefined);
  }
  try {
    await program.parseAsync(args.length === 0 ? ["--help"] : [...args], { from: "user" });
    return code;
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return DONE;
      complain(`${error.message.replace(/^error: /, "")} (physmap --help tells how)`);
      return USAGE;
    }
    if (error instanceof UsageError) {
      complain(error.message);
      return USAGE;
    }
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return DONE;
    complain(
      `a fault of physmap itself, please report it: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
    );
    return INTERNAL;
  }
}
