import { type Dirent, readdirSync, readFileSync, readlinkSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import {
  INPUT_KINDS,
  type InputKind,
  type Inventory,
  type Reading,
  readInputs,
  readSysfsTree,
  type SysfsReader,
  type TextInput,
} from "../inventory/index.ts";
import { UsageError } from "./failure.ts";
import { readText, reason } from "./read-file.ts";

export { readJson, readText } from "./read-file.ts";

const attempt = <T>(read: () => T): T | undefined => {
  try {
    return read();
  } catch {
    return undefined;
  }
};

/** A directory as the sysfs reader sees it: paths relative to it, what cannot be read is absent. */
export const sysfsDirectory = (root: string): SysfsReader => ({
  list: (path) => attempt(() => readdirSync(join(root, path))) ?? [],
  text: (path) => attempt(() => readFileSync(join(root, path), "utf8")),
  bytes: (path) => attempt(() => new Uint8Array(readFileSync(join(root, path)))),
  link: (path) => attempt(() => readlinkSync(join(root, path))),
});

/** A directory is a sysfs tree, or else a folder of input files (hidden ones and Markdown left out). */
function readDirectory(path: string): { texts: TextInput[]; others: Reading[] } {
  const sysfs = readSysfsTree(sysfsDirectory(path), path);
  if (sysfs.devices.length > 0) return { texts: [], others: [{ kind: "sysfs", file: path, ...sysfs }] };
  const files = entriesOf(path)
    .filter((entry) => entry.isFile() && !entry.name.startsWith(".") && !entry.name.endsWith(".md"))
    .map((entry) => join(path, entry.name))
    .sort();
  if (files.length === 0) throw new UsageError(`${path}: neither a sysfs tree nor a folder with input files`);
  return { texts: files.map((file) => ({ name: basename(file), text: readText(file) })), others: [] };
}

function entriesOf(path: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true });
  } catch (error) {
    throw new UsageError(`cannot read the directory ${path}: ${reason(error)}`);
  }
}

/** Read all inputs of a command and merge them. `as` forces what every text input is taken for. */
export function loadInventory(paths: readonly string[], as?: string): Inventory {
  if (as !== undefined && !(INPUT_KINDS as readonly string[]).includes(as))
    throw new UsageError(`--as ${as}: expected one of ${INPUT_KINDS.join(", ")}`);
  if (paths.length === 0)
    throw new UsageError(
      "no input: give files (lspci -vv, xl info, xl dmesg, the guest's configuration), a directory, or -",
    );
  const texts: TextInput[] = [];
  const others: Reading[] = [];
  for (const path of paths) {
    if (path !== "-" && attempt(() => statSync(path).isDirectory())) {
      const found = readDirectory(path);
      texts.push(...found.texts);
      others.push(...found.others);
    } else texts.push({ name: path, text: readText(path) });
  }
  return readInputs(as === undefined ? texts : texts.map((input) => ({ ...input, kind: as as InputKind })), others);
}
