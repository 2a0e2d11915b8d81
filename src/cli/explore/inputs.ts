import { closeSync, openSync, readdirSync, readSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { INPUT_KINDS, makeCollect, parseBdf } from "../../inventory/index.ts";
import { collectDevices } from "../collect-host.ts";
import { UsageError } from "../failure.ts";
import { readText, reason } from "../read-file.ts";
import type { PageInputs } from "./page.ts";

type Text = PageInputs["inputs"][number];

/** Texts for the page, and the files that are none: memory images, packed files. */
export interface GivenInputs {
  readonly texts: readonly Text[];
  readonly left: readonly string[];
}

/** All texts together; a page holds them at once. */
const MOST_CHARACTERS = 2 ** 24;
const SNIFFED = 2 ** 16;

/**
 * Read the inputs of the page. A sysfs tree becomes what `collect` makes of it; of a folder, each file is read but hidden
 * ones and Markdown. Throws UsageError that names what cannot be read, or is too much.
 */
export async function readPageInputs(paths: readonly string[], as?: string): Promise<GivenInputs> {
  if (as !== undefined && !(INPUT_KINDS as readonly string[]).includes(as))
    throw new UsageError(`--as ${as}: expected one of ${INPUT_KINDS.join(", ")}`);
  const texts: Text[] = [];
  const left: string[] = [];
  let total = 0;
  const add = (name: string, text: string): void => {
    total += text.length;
    if (total > MOST_CHARACTERS)
      throw new UsageError(
        `${name}: more than ${MOST_CHARACTERS / 2 ** 20} MiB of text in all; cut the inputs to what matters, or drop them into the page`,
      );
    texts.push({ name: basename(name), text, ...(as === undefined ? {} : { kind: as }) });
  };
  for (const path of paths)
    if (path === "-") add("standard input", readText(path));
    else if (isDirectory(path)) {
      const names = readdirSync(path).sort();
      if (names.some((name) => parseBdf(name) !== null)) add("sysfs.json", await sysfsText(path));
      else for (const file of filesOf(path, names)) take(file, add, left);
    } else take(path, add, left);
  return { texts, left };
}

function take(path: string, add: (name: string, text: string) => void, left: string[]): void {
  if (isBinary(path)) left.push(path);
  else add(path, readText(path));
}

function filesOf(path: string, names: readonly string[]): readonly string[] {
  const files = names
    .filter((name) => !name.startsWith(".") && !name.endsWith(".md"))
    .map((name) => join(path, name))
    .filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile());
  if (files.length === 0) throw new UsageError(`${path}: neither a sysfs tree nor a folder with input files`);
  return files;
}

async function sysfsText(path: string): Promise<string> {
  const missing: { what: string; why: string }[] = [];
  const sysfs = await collectDevices(path, missing);
  return JSON.stringify(makeCollect({ ...(sysfs ? { sysfs } : {}), missing }));
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reason(error)}; check the path and your rights`);
  }
}

/** Whether a file begins like no text: memory, or something packed. */
function isBinary(path: string): boolean {
  try {
    const file = openSync(path, "r");
    try {
      const head = Buffer.alloc(SNIFFED);
      return head.subarray(0, readSync(file, head, 0, SNIFFED, 0)).includes(0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw new UsageError(`cannot read ${path}: ${reason(error)}; check the path and your rights`);
  }
}
