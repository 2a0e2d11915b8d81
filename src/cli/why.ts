import type { Command } from "commander";
import type { Gfn } from "../address.ts";
import { why } from "../plan/index.ts";
import { whyText } from "../report/why-text.ts";
import { DONE, orFail, UsageError } from "./failure.ts";
import { loadInventory } from "./inputs.ts";
import { type CommonOptions, print, sayNotes } from "./output.ts";
import { addScenarioOptions, scenarioKeys } from "./scenario-options.ts";

interface WhyCommandOptions extends CommonOptions {
  readonly as?: string;
  readonly address?: boolean;
}

/** Beyond every table; what the P2M translates is checked with the plan at hand. */
const GFN_LIMIT = 2 ** 52;

function parseGfn(text: string, isAddress: boolean): Gfn {
  const value = /^(0x[0-9a-f]{1,13}|\d{1,15})$/i.test(text) ? Number(text) : Number.NaN;
  const gfn = isAddress ? Math.floor(value / 4096) : value;
  if (Number.isNaN(gfn) || gfn >= GFN_LIMIT)
    throw new UsageError(
      `${text}: expected a guest ${isAddress ? "address" : "frame number"}, such as ${isAddress ? "0x800000000" : "0x800000"}`,
    );
  return gfn as Gfn;
}

/** `physmap why`: the way from one guest address to its machine address, entry by entry, and the rule behind it. */
export function whyCommand(program: Command, exit: (code: number) => void): void {
  addScenarioOptions(
    program
      .command("why")
      .summary("the way from one guest frame to its machine address: entries, bits, rules")
      .description(
        "Walk the P2M and the IOMMU's tables for one guest frame: every level's raw entry decoded bit by bit, and the rules that put it there.",
      )
      .argument("<GFN>", "guest frame number (an address with --address)")
      .argument("<INPUT...>", "as for plan"),
  )
    .option("--address", "GFN is a byte address")
    .addHelpText(
      "after",
      `
Examples:
  physmap why 0x1000000 examples/p40
  physmap why --address 0x1000000000 examples/p40 --xen 4.17`,
    )
    .action((text: string, paths: string[], options: WhyCommandOptions & Record<string, unknown>) => {
      const gfn = parseGfn(text, options.address ?? false);
      const document = orFail(why(loadInventory(paths, options.as), scenarioKeys(options), gfn));
      sayNotes(options, document.notes);
      print(options, document, (style) => whyText(document, style, options.verbose ?? false));
      exit(DONE);
    });
}
