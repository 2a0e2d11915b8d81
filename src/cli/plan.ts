import type { Command } from "commander";
import { addressMapOf, type Planned, plan } from "../plan/index.ts";
import { addressMapSvg } from "../report/map-svg.ts";
import { planHtml } from "../report/plan-html.ts";
import { planText, scenarioTitle, tablesTitle } from "../report/plan-text.ts";
import { addCalibration, calibrationOption } from "./calibration.ts";
import { DONE, orFail, UsageError } from "./failure.ts";
import { loadInventory } from "./inputs.ts";
import { type CommonOptions, print, sayNotes } from "./output.ts";
import { makeProgress } from "./progress.ts";
import { addScenarioOptions, scenarioKeys } from "./scenario-options.ts";
import { writeOut } from "./write-file.ts";

interface PlanCommandOptions extends CommonOptions {
  readonly as?: string;
  readonly advice?: boolean;
  readonly calibration?: string;
  readonly batch?: string;
  readonly jobs?: string;
  readonly html?: string;
  readonly svg?: string;
}

const MOST_JOBS = 64;

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
          "[INPUT...]",
          "lspci -vv, a sysfs tree, xl info, xl dmesg, xl.cfg, command lines, a collect document; - for standard input",
        ),
    ),
  )
    .option("--no-advice", "do not search for what to change (faster)")
    .option("--html <FILE>", "write the plan as one HTML file, pictures and tables; - for standard output")
    .option("--svg <FILE>", "write the address map as an SVG picture; - for standard output")
    .option(
      "--batch <FILE>",
      "plan many hosts: one JSON document a line in, one a line out, in order; - for standard input",
    )
    .option("--jobs <N>", "worker threads of --batch (default: one a processor, 8 at most)")
    .addHelpText(
      "after",
      `
Examples:
  lspci -vvvnn | physmap plan - --xen 4.17.5 --cmdline "iommu=no-sharept"
  physmap plan lspci.txt xl-info.txt guest.cfg
  physmap plan examples/p40 --xen 4.12
  physmap plan /sys/bus/pci/devices --device 82:00.0 --json
  physmap plan lspci.txt xl-info.txt guest.cfg --html plan.html --svg map.svg
  physmap plan --json --batch hosts.ndjson --no-advice > plans.ndjson`,
    )
    .action(async (paths: string[], options: PlanCommandOptions & Record<string, unknown>) => {
      const keys = scenarioKeys(options);
      const settings = { advice: options.advice !== false, ...calibrationOption(options.calibration) };
      if (options.batch !== undefined) {
        const jobs = checkBatch(paths, options);
        const { defaultJobs, runBatch } = await import("./batch.ts");
        exit(await runBatch(options.batch, { keys, options: settings }, jobs ?? defaultJobs(), options));
        return;
      }
      const printed = checkPictures(options);
      const inventory = loadInventory(paths, options.as);
      const progress = makeProgress(options);
      const onCandidate = (says: string, done: number, total: number): void =>
        progress.tell(`trying what would help, ${done + 1} of ${total}: ${says}`, done, total);
      const planned = orFail(plan(inventory, keys, { ...settings, onCandidate }));
      const { document } = planned;
      progress.end();
      sayNotes(options, document.notes);
      if (options.html !== undefined || options.svg !== undefined) writePictures(planned, options);
      if (printed)
        print(options, document, (style) =>
          planText(document, style, { verbose: options.verbose ?? false, advice: options.advice !== false }),
        );
      exit(DONE);
    });
}

/** Whether the plan itself goes to standard output. Throws UsageError when two things would. */
function checkPictures({ html, svg, json }: PlanCommandOptions): boolean {
  const taken = [...(html === "-" ? ["--html -"] : []), ...(svg === "-" ? ["--svg -"] : [])];
  const wanted = [...taken, ...(taken.length > 0 && json ? ["--json"] : [])];
  if (wanted.length > 1)
    throw new UsageError(`${wanted.join(" and ")} all go to standard output: give all but one a file`);
  return taken.length === 0;
}

function writePictures(planned: Planned, { html, svg, advice }: PlanCommandOptions): void {
  const { document } = planned;
  const map = addressMapOf(planned);
  if (html !== undefined) writeOut(html, planHtml(document, map, { advice: advice !== false }));
  if (svg === undefined) return;
  writeOut(svg, addressMapSvg(map, { title: scenarioTitle(document.scenario), subtitle: tablesTitle(document) }));
}

/** The number of jobs, if one is given. Throws UsageError for what does not go together with `--batch`. */
function checkBatch(paths: readonly string[], { json, as, jobs, html, svg }: PlanCommandOptions): number | undefined {
  if (!json) throw new UsageError("--batch prints JSON, one document a line: add --json");
  if (paths.length > 0) throw new UsageError(`--batch takes its inputs from each line: leave ${paths[0]} out`);
  if (as !== undefined) throw new UsageError('--as: in a batch, each input names its own "kind"');
  if (html !== undefined || svg !== undefined)
    throw new UsageError("--html and --svg show one plan: leave --batch out");
  if (jobs === undefined) return undefined;
  const count = Number(jobs);
  if (!Number.isInteger(count) || count < 1 || count > MOST_JOBS)
    throw new UsageError(`--jobs ${jobs}: expected a whole number from 1 to ${MOST_JOBS}`);
  return count;
}
