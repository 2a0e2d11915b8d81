/**
 * The rig: scripts on a real hypervisor beside the model (rig/README.md). Exit codes: 0 equal, 1 differences, 2 the
 * command line, an input or this machine is wrong.
 */
import { commands, USAGE } from "./cli.ts";

async function main(args: readonly string[]): Promise<number> {
  try {
    return await commands(args);
  } catch (error) {
    process.stderr.write(`rig: ${error instanceof Error ? error.message : String(error)}\n`);
    if (args.length === 0) process.stderr.write(USAGE);
    return 2;
  }
}

process.exitCode = await main(process.argv.slice(2));
