import type { Command } from "commander";
import { plan } from "../plan/index.ts";
import { planText } from "../report/plan-text.ts";
import { addCalibration, calibrationOption } from "./calibration.ts";
import { DONE, orFail } from "./failure.ts";
import { loadInventory } from "./inputs.ts";
import { type CommonOptions, print, sayNotes } from "./output.ts";
import { addScenarioOptions, scenarioKeys } from "./scenario-options.ts";

interface PlanCommandOptions extends CommonOptions {
  readonly as?: string;
  readonly advice?: boolean;
  readonly calibration?: string;
}

/** `physmap plan`: how each BAR of each selected device is mapped, at what cost, why, and what to change. */
export function planCommand(program: Command, exit: (code: number) => void): void {
  addCalibration(
    addScenarioOptions(
      program
        .command("plan")
        .summary("how each BAR is mapped, at what cost, why, and what to change")
        .description(
          "Say how each BAR of each selected device will be mapped into the guest, at what cost, which rule decided it, whether it fits, and what to change.",
        )
        .argument(
          "<INPUT...>",
          "lspci -vv, a sysfs tree, xl info, xl dmesg, xl.cfg, command lines, a collect document; - for standard input",
        ),
    ),
  )
    .option("--no-advice", "do not search for what to change (faster)")
    .addHelpText(
      "after",
      `
Examples:
  lspci -vvvnn | physmap plan - --xen 4.17.5 --cmdline "iommu=no-sharept"
  physmap plan lspci.txt xl-info.txt guest.cfg
  physmap plan examples/p40 --xen 4.12
  physmap plan /sys/bus/pci/devices --device 82:00.0 --json`,
    )
    .action((paths: string[], options: PlanCommandOptions & Record<string, unknown>) => {
      const inventory = loadInventory(paths, options.as);
      const { document } = orFail(
        plan(inventory, scenarioKeys(options), {
          advice: options.advice !== false,
          ...calibrationOption(options.calibration),
        }),
      );
      sayNotes(options, document.notes);
      print(options, document, (style) =>
        planText(document, style, { verbose: options.verbose ?? false, advice: options.advice !== false }),
      );
      exit(DONE);
    });
}
