import { Command, CommanderError } from "commander";
import { complain, DONE, INTERNAL, USAGE, UsageError } from "./failure.ts";
import { VERSION } from "./version.ts";

/** Adds a command to the program; `exit` takes the code that it ends with. */
type AddCommand = (program: Command, exit: (code: number) => void) => void;

/** The commands by name, in the order in which help lists them. Only what is asked for is loaded: most of a short run is start-up. */
const COMMANDS: Readonly<Record<string, () => Promise<AddCommand>>> = {
  plan: async () => (await import("./plan.ts")).planCommand,
  compare: async () => (await import("./compare.ts")).compareCommand,
  why: async () => (await import("./why.ts")).whyCommand,
  run: async () => (await import("./run.ts")).runCommand,
  tables: async () => (await import("./tables.ts")).tablesCommand,
  roots: async () => (await import("./roots.ts")).rootsCommand,
  audit: async () => (await import("./audit.ts")).auditCommand,
  diff: async () => (await import("./diff.ts")).diffCommand,
  trace: async () => (await import("./trace.ts")).traceCommand,
  collect: async () => (await import("./collect.ts")).collectCommand,
  explore: async () => (await import("./explore.ts")).exploreCommand,
};

/** The command that a command line names, or all of them for help and for suggestions. */
function wanted([name]: readonly string[]): readonly (() => Promise<AddCommand>)[] {
  const one = new Map(Object.entries(COMMANDS)).get(name ?? "");
  return one ? [one] : Object.values(COMMANDS);
}

/** An error and the place that it came from. */
function fault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const place = error.stack?.split("\n").find((line) => line.trimStart().startsWith("at "));
  return `${error.name}: ${error.message}${place ? ` (${place.trim()})` : ""}`;
}

/** Run the command line. Returns the exit code; never throws. */
export async function main(args: readonly string[]): Promise<number> {
  let code = DONE;
  const program = new Command("physmap")
    .description("Shows, predicts and proves how a hypervisor maps a PCI device's memory (its BARs) into a guest.")
    .version(VERSION)
    .showSuggestionAfterError()
    .addHelpText(
      "after",
      `
Start with what you have, in any order; what each file is, is told from its content:
  lspci -vvvnn > lspci.txt;  xl info > xl-info.txt
  physmap plan lspci.txt xl-info.txt /etc/xen/guest.cfg
  physmap compare lspci.txt xl-info.txt --with xen=4.12 --with cmdline=iommu=no-sharept
  physmap plan --help`,
    )
    .exitOverride()
    .configureOutput({ outputError: () => {} });
  for (const load of wanted(args)) (await load())(program, (value) => (code = value));
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
    complain(`a fault of physmap itself, please report it with your command line: ${fault(error)}`);
    return INTERNAL;
  }
}
