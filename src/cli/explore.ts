import { existsSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { openBrowser } from "./explore/browser.ts";
import { readPageInputs } from "./explore/inputs.ts";
import { pageWith } from "./explore/page.ts";
import { serve } from "./explore/server.ts";
import { DONE, UsageError } from "./failure.ts";
import { type CommonOptions, print, say } from "./output.ts";
import { addScenarioOptions, givenKeys } from "./scenario-options.ts";

interface ExploreOptions extends CommonOptions {
  readonly as?: string;
  readonly port?: string;
  readonly open?: boolean;
}

/** `physmap explore`: the browser explorer, served on loopback until it is stopped. */
export function exploreCommand(program: Command, exit: (code: number) => void): void {
  addScenarioOptions(
    program
      .command("explore")
      .summary("the explorer in your browser, served on loopback")
      .description(
        "Serve the explorer on loopback and open it: the address map, the tables, the mapping as it happens, reasons and advice, as pictures. The link holds a token, without which nothing is handed out; the page computes by itself and asks the network for nothing. Ctrl-C stops it.",
      )
      .argument("[INPUT...]", "what plan takes, and text dumps and snapshots; - for standard input"),
  )
    .option("--port <N>", "listen there (default: any port that is free)")
    .option("--no-open", "print the link, and do not open a browser")
    .addHelpText(
      "after",
      `
Examples:
  physmap explore
  physmap explore lspci.txt xl-info.txt guest.cfg --xen 4.12
  physmap collect | physmap explore -
  physmap explore --no-open --port 8080`,
    )
    .action(async (paths: string[], options: ExploreOptions & Record<string, unknown>) => {
      const port = portOf(options.port);
      const keys = givenKeys(options);
      const { texts, left } = await readPageInputs(paths, options.as);
      for (const path of left)
        say(options, `${path}: not text, and not handed to the page: drop it into the page there`);
      const root = pageFolder();
      const page = pageWith(readFileSync(`${root}index.html`, "utf8"), { inputs: texts, keys });
      if (page === null)
        throw new UsageError(`${root}index.html: not the explorer's page; build Physmap again (npm run build)`);
      const server = await serve({ root, page, port });
      const stopped = untilStopped();
      print(options, { physmap: 1, kind: "explore", url: server.url }, () => `${server.url}\n`);
      say(options, "The explorer is served to this machine alone. Ctrl-C stops it.");
      if (options.open !== false && !(await openBrowser(server.url)))
        say(options, "No browser could be started: open the link above yourself.");
      await stopped;
      await server.close();
      exit(DONE);
    });
}

const MOST_PORT = 65_535;

function portOf(text: string | undefined): number {
  const port = text === undefined ? 0 : Number(text);
  if (!/^\d{1,5}$/.test(text ?? "0") || port > MOST_PORT)
    throw new UsageError(`--port ${text}: expected a whole number from 0 (any that is free) to ${MOST_PORT}`);
  return port;
}

/** The built page: beside the built command line, or in dist/ where the sources run by themselves. */
function pageFolder(): string {
  const folders = ["./web/", "../web/", "../../dist/web/"].map((path) => fileURLToPath(new URL(path, import.meta.url)));
  const found = folders.find((folder) => existsSync(`${folder}index.html`));
  if (found === undefined) throw new UsageError("the explorer's page is not built: run npm run build");
  return found;
}

/** Resolves when the user or the system asks to stop. */
function untilStopped(): Promise<void> {
  return new Promise((done) => {
    const stop = (): void => {
      process.off("SIGINT", stop);
      process.off("SIGTERM", stop);
      done();
    };
    process.on("SIGINT", stop);
    process.on("SIGTERM", stop);
  });
}
