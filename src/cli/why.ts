import { statSync } from "node:fs";
import type { Command } from "commander";
import type { Gfn } from "../address.ts";
import { walkTables } from "../inspect/why.ts";
import { why } from "../plan/index.ts";
import { walkText } from "../report/walk-text.ts";
import { whyText } from "../report/why-text.ts";
import { DONE, orFail, UsageError } from "./failure.ts";
import { loadInventory } from "./inputs.ts";
import { type CommonOptions, print, say, sayNotes } from "./output.ts";
import { addScenarioOptions, scenarioKeys } from "./scenario-options.ts";
import { openTables, type TableFile, type TableFileOptions } from "./table-files.ts";
import { addTableOptions } from "./table-options.ts";

interface WhyCommandOptions extends CommonOptions, TableFileOptions {
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
  const command = addScenarioOptions(
    program
      .command("why")
      .summary("the way from one guest frame to its machine address: entries, bits, rules")
      .description(
        "Walk the P2M and the IOMMU's tables for one guest frame: every level's raw entry decoded bit by bit, and the rules that put it there. Of a snapshot, a memory image or a text dump: what its own tables say.",
      )
      .argument("<GFN>", "guest frame number (an address with --address)")
      .argument("<INPUT...>", "as for plan; or a snapshot, a text dump, or a memory image"),
  );
  addTableOptions(command)
    .option("--address", "GFN is a byte address")
    .addHelpText(
      "after",
      `
Examples:
  physmap why 0x1000000 examples/p40
  physmap why --address 0x1000000000 examples/p40 --xen 4.17
  physmap why 0x2000001 test/golden/s4_deb417_iommu.json.gz
  physmap why 0x2000001 vmcore --root 1/ept:0x1f9f9000`,
    )
    .action((text: string, paths: string[], options: WhyCommandOptions & Record<string, unknown>) => {
      const gfn = parseGfn(text, options.address ?? false);
      const found = tablesIn(paths, options);
      if (found) {
        for (const note of found.notes) say(options, `note: ${note}`);
        const walk = walkTables(gfn, found.trees, found.dumps);
        found.close();
        print(options, walk, (style) => walkText(walk, style, options.verbose ?? false));
        exit(DONE);
        return;
      }
      const document = orFail(why(loadInventory(paths, options.as), scenarioKeys(options), gfn));
      sayNotes(options, document.notes);
      print(options, document, (style) => whyText(document, style, options.verbose ?? false));
      exit(DONE);
    });
}

/** The tables of the only input, where it is one that holds some; a script is for planning. */
function tablesIn(paths: readonly string[], options: WhyCommandOptions): TableFile | null {
  const [path] = paths;
  if (path === undefined || paths.length > 1 || path === "-" || options.as !== undefined || isDirectory(path))
    return null;
  const found = openTables(path, options);
  return found && found.kind !== "script" ? found : null;
}

const isDirectory = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
