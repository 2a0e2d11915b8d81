import type { Command } from "commander";
import { compare } from "../plan/index.ts";
import { compareText } from "../report/compare-text.ts";
import { addCalibration, calibrationOption } from "./calibration.ts";
import { DONE, FINDINGS, orFail, UsageError } from "./failure.ts";
import { loadInventory } from "./inputs.ts";
import { type CommonOptions, print, sayNotes } from "./output.ts";
import { addScenarioOptions, scenarioKeys } from "./scenario-options.ts";

interface CompareCommandOptions extends CommonOptions {
  readonly as?: string;
  readonly with?: readonly string[];
  readonly calibration?: string;
}

/** `physmap compare`: the same plan under several scenarios, side by side. */
export function compareCommand(program: Command, exit: (code: number) => void): void {
  addCalibration(
    addScenarioOptions(
      program
        .command("compare")
        .summary("the same plan under several scenarios, side by side")
        .description(
          "Plan the inputs as they are and once with each --with, and print the counts side by side. Exits 1 when any count differs.",
        )
        .argument("<INPUT...>", "as for plan"),
    ),
  )
    .option(
      "--with <KEY=VALUE,...>",
      "a scenario to compare with (repeatable); keys are those of the options",
      (text: string, before: string[] = []) => [...before, text],
    )
    .addHelpText(
      "after",
      `
Examples:
  physmap compare examples/p40 --with xen=4.12 --with "xen=4.12,cmdline=iommu=sharept" --with xen=4.19
  physmap compare lspci.txt guest.cfg --xen 4.17 --with cpu=amd`,
    )
    .action((paths: string[], options: CompareCommandOptions & Record<string, unknown>) => {
      if (!options.with || options.with.length === 0)
        throw new UsageError("compare needs at least one --with KEY=VALUE,...");
      const document = orFail(
        compare(
          loadInventory(paths, options.as),
          scenarioKeys(options),
          options.with,
          calibrationOption(options.calibration),
        ),
      );
      sayNotes(options, document.scenarios[0]?.plan.notes ?? []);
      print(options, document, (style) => compareText(document, style, options.verbose ?? false));
      exit(document.differs.length > 0 ? FINDINGS : DONE);
    });
}
