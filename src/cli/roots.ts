import type { Command } from "commander";
import { withoutBits } from "../image/index.ts";
import { findRoots, type RootsOptions } from "../inspect/roots.ts";
import type { RootHint } from "../inspect/roots-hint.ts";
import { rootsInLog } from "../inspect/roots-log.ts";
import { rootsText } from "../report/roots-text.ts";
import { DONE, UsageError } from "./failure.ts";
import { addImageOptions, attributeBits, type ImageOptions, type OpenedImages, openImages } from "./image-file.ts";
import { formatNamed } from "./image-trees.ts";
import { type CommonOptions, print, say } from "./output.ts";
import { makeProgress } from "./progress.ts";
import { readText } from "./read-file.ts";

interface RootsCommandOptions extends CommonOptions, ImageOptions {
  readonly log?: string;
  readonly format?: string;
  readonly levels?: string;
}

/** `physmap roots`: page-table roots of a memory image. */
export function rootsCommand(program: Command, exit: (code: number) => void): void {
  addImageOptions(
    program
      .command("roots")
      .summary("find page-table roots in a memory image")
      .description(
        "Find page-table roots in a memory image: those that VMCBs, VT-d's context tables, AMD-Vi's device table or a log name, and those that only what hangs below them tells. Best first, each with the evidence.",
      )
      .argument("<IMAGE...>", "memory images, as for tables")
      .option("--log <FILE>", "a log that names roots: Xen's with iommu=debug, Linux's domain_translation_struct")
      .option("--format <NAME>", "only ept, npt, vtd or amdvi")
      .option("--levels <N>", "only trees of so many levels, tables inside other trees included"),
  )
    .addHelpText(
      "after",
      `
Examples:
  physmap roots vmcore
  physmap roots host.raw --log xl-dmesg.txt --format amdvi`,
    )
    .action((paths: string[], options: RootsCommandOptions) => {
      const opened = openImages(paths, options);
      try {
        printRoots(opened, options);
      } finally {
        opened.close();
      }
      exit(DONE);
    });
}

function printRoots({ image, roots }: OpenedImages, options: RootsCommandOptions): void {
  const bits = attributeBits(options);
  const progress = makeProgress(options);
  const given = roots.map(
    ({ format, root, levels, domain, what }): RootHint => ({
      format,
      root: Math.floor(Number(root) / 4096),
      levels,
      domain,
      from: "given",
      says: `the snapshot names it: ${what} of domain ${domain}`,
    }),
  );
  const document = findRoots(bits ? withoutBits(image, bits) : image, {
    ...scanOptions(options),
    hints: [...given, ...(options.log === undefined ? [] : rootsInLog(readText(options.log).split("\n")))],
    onProgress: (frames) => progress.tell("looking for page tables", frames, image.frames),
  });
  progress.end();
  for (const note of document.notes) say(options, `note: ${note}`);
  print(options, document, (style) => rootsText(document, style, options.verbose ?? false));
}

function scanOptions({ format: name, levels: text }: RootsCommandOptions): RootsOptions {
  const format = formatNamed(name);
  const levels = text === undefined ? undefined : Number(text);
  if (levels !== undefined && !/^[1-6]$/.test(text ?? ""))
    throw new UsageError(`--levels ${text}: expected a number from 1 to 6`);
  return { ...(format ? { format: format.name } : {}), ...(levels === undefined ? {} : { levels }) };
}
