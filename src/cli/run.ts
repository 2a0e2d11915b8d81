import type { Command } from "commander";
import { readScript, runScript } from "../plan/index.ts";
import { type RunDocument, runDocument, runText } from "../report/run.ts";
import { complain, DONE, orFail, USAGE, UsageError } from "./failure.ts";
import { type CommonOptions, print } from "./output.ts";
import { readJson, titleOf } from "./read-file.ts";

/** `physmap run`: carry an operation script out on the model. */
export function runCommand(program: Command, exit: (code: number) => void): void {
  program
    .command("run")
    .summary("run an operation script on the model; print tables and ledger")
    .description(
      "Carry an operation script out on the model and print the result of each operation, the tables that it leaves and what it cost. Exits 2 when the hypervisor refuses an operation; those after it are carried out all the same.",
    )
    .argument("<SCRIPT.json>", "an operation script; - for standard input")
    .option("--raw", "keep bookkeeping bits (markers, accessed, dirty): they then split runs and show in flags")
    .addHelpText(
      "after",
      "\nExamples:\n  physmap run examples/scripts/partial-unmap.json\n  physmap run script.json --json",
    )
    .action((path: string, options: CommonOptions & { readonly raw?: boolean }) => {
      const script = readScript(readJson(path));
      if (typeof script === "string") throw new UsageError(`${titleOf(path)}: ${script}`);
      const document = runDocument(orFail(runScript(script)), options.raw ?? false);
      print(options, document, (style) => runText(document, script, style));
      exit(refused(path, document) ? USAGE : DONE);
    });
}

/** Name the first operation that the hypervisor refused; the document has the results of all. */
function refused(path: string, { operations }: RunDocument): boolean {
  const at = operations.findIndex(({ error }) => error !== undefined);
  const first = operations[at];
  if (!first) return false;
  const count = operations.filter(({ error }) => error !== undefined).length;
  const more = count > 1 ? `, and ${count - 1} more fail` : "";
  complain(
    `${titleOf(path)}: operation ${at + 1} fails with ${first.error} (${first.result})${more}; check its frames, its permissions and the domain's pool`,
  );
  return true;
}
