import type { Command } from "commander";
import { hex, type Mfn } from "../address.ts";
import { withAddressMask } from "../format/index.ts";
import type { MemoryImage } from "../image/index.ts";
import { weighLevels } from "../inspect/roots-weigh.ts";
import { tablesDocument } from "../inspect/tables.ts";
import { dumpsDocument } from "../inspect/text/document.ts";
import type { FrameReader } from "../memory/memory.ts";
import { dumpsText } from "../report/dumps-text.ts";
import { tablesText } from "../report/tables-text.ts";
import { DONE, UsageError } from "./failure.ts";
import { addImageOptions, attributeBits, type ImageOptions, type OpenedImages, openImages } from "./image-file.ts";
import { type CommonOptions, print, say } from "./output.ts";
import { titleOf } from "./read-file.ts";
import { parseRoot, type RootSpec } from "./root-spec.ts";
import { openDumps } from "./table-files.ts";

interface TablesOptions extends CommonOptions, ImageOptions {
  readonly root?: string;
  readonly format?: string;
  readonly levels?: string;
  readonly raw?: boolean;
}

/** `physmap tables`: page tables of a memory image, as runs. */
export function tablesCommand(program: Command, exit: (code: number) => void): void {
  addImageOptions(
    program
      .command("tables")
      .summary("read page tables from a memory image or from pasted text")
      .description(
        "Read page tables from a memory image: raw memory, an ELF core (QEMU's dump-guest-memory, vmcore, xl dump-core), a kdump-compressed dump, LiME, or a snapshot; or out of pasted text, such as Xen's debug keys or Linux's debugfs. What each is, is told from its content. Several images are taken for pieces of one machine's memory.",
      )
      .argument("<IMAGE...>", "memory images, or one text")
      .option("--root <ROOT>", "where the tables begin: [FORMAT:]ADDR[:LEVELS] (physmap roots finds them)")
      .option("--format <NAME>", "ept, npt, vtd or amdvi")
      .option("--levels <N>", "levels of the tables; default: what explains best what is found")
      .option("--raw", "keep bookkeeping bits (markers, accessed, dirty): they then split runs and show in flags"),
  )
    .addHelpText(
      "after",
      `
Examples:
  physmap tables vmcore --root npt:0x7fc87000
  physmap tables xen-key-D.txt
  physmap tables low.raw high.raw --base 0 --base 0x100000000 --root 0x1f9f9000 --format ept --levels 4 --json`,
    )
    .action((paths: string[], options: TablesOptions) => {
      if (printDumps(paths, options)) {
        exit(DONE);
        return;
      }
      const opened = openImages(paths, options);
      try {
        printTables(opened, options);
      } finally {
        opened.close();
      }
      exit(DONE);
    });
}

/** Whether the input is pasted text that shows tables; they are printed then. */
function printDumps(
  [path, ...more]: readonly string[],
  { root, as, format, levels, ...common }: TablesOptions,
): boolean {
  if (path === undefined || more.length > 0 || root !== undefined || as !== undefined) return false;
  const text = { ...(format === undefined ? {} : { format }), ...(levels === undefined ? {} : { levels }) };
  const found = openDumps(path, text);
  if (!found) return false;
  const document = dumpsDocument(found.dumps, found.notes);
  for (const { line, says } of document.notes)
    say(common, `note: ${titleOf(path)}${line === null ? "" : `:${line}`}: ${says}`);
  print(common, document, (style) => dumpsText(document, style, common.verbose ?? false));
  return true;
}

function printTables({ image, roots }: OpenedImages, options: TablesOptions): void {
  const bits = attributeBits(options);
  const { format: plain, address, levels: usual } = specOf(options, roots);
  const format = bits ? withAddressMask(plain, bits) : plain;
  const root = (address / 4096) as Mfn;
  if (!image.has(root)) throw new UsageError(`--root ${hex(address)}: the frame is ${image.absence(root)}`);
  for (const note of image.notes) say(options, `note: ${note}`);
  const told = options.levels !== undefined || /:\d$/.test(options.root ?? "") || options.root === undefined;
  const all = Array.from({ length: plain.maxLevels - plain.minLevels + 1 }, (_, i) => plain.minLevels + i);
  const levels = told ? usual : (weighLevels(image, format, root, all)?.levels ?? usual);
  if (!told) say(options, `note: ${levels} levels, told from what is found (--levels says otherwise)`);

  const absent = new Map<Mfn, string>();
  const memory = reporting(image, absent);
  const document = tablesDocument({ format, memory, root, levels }, { raw: options.raw ?? false });
  for (const [mfn, why] of absent) say(options, `note: the table at ${hex(mfn * 4096)} is ${why}`);
  print(options, document, (style) => tablesText(document, style, options.verbose ?? false));
}

/** The root that is asked for; a snapshot may have but one. Throws UsageError. */
function specOf(options: TablesOptions, roots: OpenedImages["roots"]): Pick<RootSpec, "format" | "address" | "levels"> {
  if (options.root !== undefined) return parseRoot(options.root, options);
  const [only] = roots;
  if (only && roots.length === 1) return parseRoot(`${only.format}:${only.root}:${only.levels}`, {});
  const known = roots.map(
    ({ domain, what, format, root, levels }) => `${format}:${root}:${levels} (d${domain} ${what})`,
  );
  throw new UsageError(
    known.length === 0
      ? "--root is missing: where do the tables begin? (physmap roots finds them)"
      : `--root is missing: the snapshot holds ${known.join(", ")}`,
  );
}

const MOST_ABSENT = 8;

/** The image, remembering the first frames that it lacked and why. */
function reporting(image: MemoryImage, absent: Map<Mfn, string>): FrameReader {
  const missing = (mfn: Mfn): void => {
    if (absent.size < MOST_ABSENT) absent.set(mfn, image.absence(mfn));
  };
  return {
    frame(mfn) {
      const words = image.frame(mfn);
      if (!words) missing(mfn);
      return words;
    },
    read(mfn, into) {
      const isThere = image.read?.(mfn, into) ?? false;
      if (!isThere) missing(mfn);
      return isThere;
    },
  };
}
