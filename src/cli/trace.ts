import type { Command } from "commander";
import { type Inventory, readXlDmesg } from "../inventory/index.ts";
import { calibrate, readTrace } from "../plan/index.ts";
import { traceText } from "../report/trace-text.ts";
import { DONE, orFail, UsageError } from "./failure.ts";
import { loadInventory, readText } from "./inputs.ts";
import { type CommonOptions, print, say } from "./output.ts";
import { addScenarioOptions, scenarioKeys } from "./scenario-options.ts";
import { writeOut } from "./write-file.ts";

interface TraceCommandOptions extends CommonOptions {
  readonly as?: string;
  readonly calibrate?: string;
}

/** `physmap trace`: what a hypervisor's log tells about mappings; costs measured from it. */
export function traceCommand(program: Command, exit: (code: number) => void): void {
  addScenarioOptions(
    program
      .command("trace")
      .summary("read the hypervisor's own mapping messages: in which pieces, how long each took")
      .description(
        "Rebuild from a hypervisor's log (xl dmesg, a serial console's capture) what was mapped into which guest, in which pieces, how often and how fast. The messages are printed with guest_loglvl=all on Xen's command line.",
      )
      .argument("<LOG>", "the log; - for standard input")
      .argument("[INPUT...]", "with --calibrate: what else tells the host, as for plan"),
  )
    .option(
      "--calibrate <OUT.json>",
      "write costs measured from the log, for plan --calibration; - for standard output",
    )
    .addHelpText(
      "after",
      `
Examples:
  xl dmesg | physmap trace -
  physmap trace serial.log --json
  physmap trace xl-dmesg.txt --calibrate costs.json xl-info.txt guest.cfg
  physmap plan lspci.txt guest.cfg --calibration costs.json`,
    )
    .action((log: string, inputs: string[], options: TraceCommandOptions & Record<string, unknown>) => {
      const { calibrate: out } = options;
      if (out === undefined && inputs.length > 0)
        throw new UsageError(`${inputs[0]}: further inputs serve --calibrate OUT.json only; trace reads one log`);
      const text = readText(log);
      const trace = readTrace(text, log);
      if (trace.lines.read === 0)
        throw new UsageError(
          `${log}: no mapping message that can be read (${trace.lines.unread} cannot); Xen prints them with guest_loglvl=all on its command line`,
        );
      if (!options.verbose && trace.notes.length > 0)
        for (const { kind, says, from } of trace.notes) say(options, `${kind}: ${log}:${from?.line ?? ""} ${says}`);
      if (out === undefined) {
        print(options, trace, (style) => traceText(trace, style, options.verbose ?? false));
        exit(DONE);
        return;
      }
      const { document, notes } = orFail(
        calibrate(trace, hostOf(text, log, inputs, options.as), scenarioKeys(options)),
      );
      for (const { kind, says } of notes) say(options, `${kind}: ${says}`);
      const json = `${JSON.stringify(document, null, 2)}\n`;
      writeOut(out, json);
      if (out !== "-") print(options, trace, (style) => traceText(trace, style, options.verbose ?? false));
      exit(DONE);
    });
}

const NOTHING: Inventory = { devices: [], host: {}, guest: null, notes: [] };

/** What the log tells about the host, and the inputs, which win. */
function hostOf(text: string, log: string, inputs: readonly string[], as: string | undefined): Inventory {
  const { host, notes } = readXlDmesg(text, log);
  const inventory: Inventory = inputs.length === 0 ? NOTHING : loadInventory(inputs, as);
  return { ...inventory, host: { ...host, ...inventory.host }, notes: [...notes, ...inventory.notes] };
}
