import type { Command } from "commander";
import { readScript, runScript } from "../plan/index.ts";
import { runDocument, runText } from "../report/run.ts";
import { DONE, orFail, UsageError } from "./failure.ts";
import { readJson } from "./inputs.ts";
import { type CommonOptions, print } from "./output.ts";

/** `physmap run`: carry an operation script out on the model. */
export function runCommand(program: Command, exit: (code: number) => void): void {
  program
    .command("run")
    .summary("run an operation script on the model; print tables and ledger")
    .description(
      "Carry an operation script out on the model and print the result of each operation, the tables that it leaves and what it cost.",
    )
    .argument("<SCRIPT.json>", "an operation script; - for standard input")
    .option("--raw", "keep bookkeeping bits (markers, accessed, dirty): they then split runs and show in flags")
    .addHelpText(
      "after",
      "\nExamples:\n  physmap run examples/scripts/partial-unmap.json\n  physmap run script.json --json",
    )
    .action((path: string, options: CommonOptions & { readonly raw?: boolean }) => {
      const script = readScript(readJson(path));
      if (typeof script === "string") throw new UsageError(`${path}: ${script}`);
      const document = runDocument(orFail(runScript(script)), options.raw ?? false);
      print(options, document, (style) => runText(document, script, style));
      exit(DONE);
    });
}
