import type { Command } from "commander";
import { collectHost } from "./collect-host.ts";
import { DONE, UsageError } from "./failure.ts";
import { type CommonOptions, say } from "./output.ts";

/** `physmap collect`: gather from the running host, read-only, what `plan` needs. */
export function collectCommand(program: Command, exit: (code: number) => void): void {
  program
    .command("collect")
    .summary("gather from this host, read-only, what plan needs, as one JSON document")
    .description(
      "Gather what plan needs from the running host into one JSON document on standard output: xl info, xl dmesg, lspci, sysfs, /proc/iomem, command lines. Nothing is written or changed; what your rights do not allow is listed as missing.",
    )
    .argument("[GUEST.cfg...]", "guest configurations to include")
    .addHelpText(
      "after",
      "\nExamples:\n  physmap collect > host.json && physmap plan host.json\n  sudo physmap collect /etc/xen/guest.cfg > host.json",
    )
    .action(async (guests: string[], options: CommonOptions) => {
      const document = await collectHost({ guests }).catch((error: unknown) => {
        throw new UsageError(error instanceof Error ? error.message : String(error));
      });
      process.stdout.write(`${JSON.stringify(document, null, 2)}\n`);
      for (const { what, why } of document.missing) say(options, `missing: ${what}: ${why}`);
      exit(DONE);
    });
}
