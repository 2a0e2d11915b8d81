import type { Command } from "commander";
import { differs, diffSides, type Side, sideOfDump, sideOfTree } from "../inspect/diff.ts";
import { diffText } from "../report/diff-text.ts";
import { DONE, FINDINGS, UsageError } from "./failure.ts";
import { type CommonOptions, print, say } from "./output.ts";
import { titleOf } from "./read-file.ts";
import { openTables, type TableFile, type TableFileOptions } from "./table-files.ts";
import { addTableOptions } from "./table-options.ts";

/** `physmap diff`: two sets of tables, range by range. */
export function diffCommand(program: Command, exit: (code: number) => void): void {
  addTableOptions(
    program
      .command("diff")
      .summary("two sets of tables (snapshots, images, text dumps or scripts), range by range")
      .description(
        "Compare what two sets of page tables map. A script is run on the model. Text dumps are compared by what they print. Exits 1 when they differ.",
      )
      .argument("<A>", "a snapshot, an operation script, a text dump, or a memory image")
      .argument("<B>", "another"),
  )
    .addHelpText(
      "after",
      `
Examples:
  physmap diff before.json.gz after.json.gz
  physmap diff xen-key-D.txt snapshot.json
  physmap diff script.json vmcore --root 1/npt:0x7f9ff000`,
    )
    .action((a: string, b: string, options: CommonOptions & TableFileOptions) => {
      const files = [a, b].map((path) => openTables(path, options));
      const [left, right] = [sidesOf(a, files[0], options), sidesOf(b, files[1], options)];
      const document = diffSides(left, right);
      for (const file of files) file?.close();
      print(options, document, (style) => diffText(document, style, options.verbose ?? false));
      exit(differs(document) ? FINDINGS : DONE);
    });
}

function sidesOf(path: string, found: TableFile | null | undefined, options: CommonOptions): Side[] {
  for (const text of found?.notes ?? []) say(options, `note: ${text}`);
  const sides = [...(found?.trees ?? []).map(sideOfTree), ...(found?.dumps ?? []).map(sideOfDump)];
  if (sides.length === 0)
    throw new UsageError(
      `${titleOf(path)}: no page tables: expected a snapshot, a script, a text dump or a memory image (a bare list of entries needs --format)`,
    );
  return sides;
}
