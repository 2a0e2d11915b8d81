import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { snapshotTrees } from "../image/snapshot.ts";
import type { AuditTree } from "../inspect/audit/rule.ts";
import type { DialectName, TextDump } from "../inspect/text/dump.ts";
import { dialectsIn, readTextDumps, type TextReading } from "../inspect/text/read.ts";
import { readScript, runScript } from "../plan/index.ts";
import { UsageError } from "./failure.ts";
import { formatNamed, type ImageTreeOptions, imageTrees, whatOf } from "./image-trees.ts";
import { readText, reason, titleOf } from "./read-file.ts";

/** How inputs that hold tables are to be read. */
export type TableFileOptions = ImageTreeOptions;

/** Page tables that an input holds. */
export interface TableFile {
  readonly path: string;
  readonly kind: "snapshot" | "script" | "text" | "image";
  readonly trees: readonly AuditTree[];
  readonly dumps: readonly TextDump[];
  readonly notes: readonly string[];
  /** Memory images are read as long as their tables are looked at. */
  readonly close: () => void;
}

const nothing = (): void => {};

/** The largest compressed or plain text document, and the largest that it may unfold to. */
const MOST_BYTES = 256 * 2 ** 20;
const MOST_UNFOLDED = 512 * 2 ** 20;

/** What an input is, told from its content; null where it holds no page tables. Throws UsageError that names the input. */
export function openTables(path: string, options: TableFileOptions): TableFile | null {
  if (isImage(path)) return imageFile([path], options);
  const head = path === "-" ? new Uint8Array(0) : peek(path);
  const text = isPacked(head) ? unpack(path) : readText(path);
  return /^[\s\ufeff]{0,64}\{/.test(text.slice(0, 128)) ? jsonFile(path, text) : textFile(path, text, options);
}

/** Several inputs; null in place of one that holds no page tables. Memory images among them are taken together, first. */
export function openAllTables(paths: readonly string[], options: TableFileOptions): readonly (TableFile | null)[] {
  const images = paths.filter(isImage);
  const others = paths.filter((path) => !images.includes(path)).map((path) => openTables(path, options));
  return images.length === 0 ? others : [imageFile(images, options), ...others];
}

const imageFile = (paths: readonly string[], options: TableFileOptions): TableFile => ({
  path: paths.join(", "),
  kind: "image",
  dumps: [],
  ...imageTrees(paths, options),
});

const isPacked = (head: Uint8Array): boolean => head[0] === 0x1f && head[1] === 0x8b;

/** Text has no zero bytes, and images begin with some. */
function isImage(path: string): boolean {
  if (path === "-") return false;
  const head = peek(path);
  return !isPacked(head) && head.includes(0);
}

function withFile<T>(path: string, use: (file: number) => T): T {
  try {
    const file = openSync(path, "r");
    try {
      return use(file);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    if (error instanceof UsageError) throw error;
    throw new UsageError(`cannot read ${path}: ${reason(error)}; check the path and your rights`);
  }
}

const peek = (path: string): Uint8Array =>
  withFile(path, (file) => {
    const bytes = new Uint8Array(4096);
    return bytes.subarray(0, readSync(file, bytes, 0, bytes.length, 0));
  });

function unpack(path: string): string {
  const bytes = withFile(path, (file) => {
    const { size } = fstatSync(file);
    if (size > MOST_BYTES) throw new UsageError(`${path}: larger than ${MOST_BYTES / 2 ** 20} MiB`);
    const all = new Uint8Array(size);
    for (let at = 0; at < size; ) {
      const read = readSync(file, all, at, size - at, at);
      if (read === 0) break;
      at += read;
    }
    return all;
  });
  try {
    return gunzipSync(bytes, { maxOutputLength: MOST_UNFOLDED }).toString("utf8");
  } catch (error) {
    throw new UsageError(`${path}: cannot be unpacked as gzip: ${reason(error)}`);
  }
}

function jsonFile(path: string, text: string): TableFile | null {
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new UsageError(`${titleOf(path)}: not JSON: ${reason(error)}`);
  }
  if (typeof document !== "object" || document === null) return null;
  if ("roots" in document && "frames" in document) return snapshotFile(path, document);
  return "kind" in document && document.kind === "script" ? scriptFile(path, document) : null;
}

function snapshotFile(path: string, document: object): TableFile {
  try {
    const trees = snapshotTrees(document as Parameters<typeof snapshotTrees>[0]).map(
      ({ domain, what, tree }, i): AuditTree => {
        const known = Number.isInteger(domain) ? domain : null;
        const kind = what === "iommu" ? "iommu" : what === "p2m" ? "p2m" : whatOf(tree.format.name);
        return {
          name: known === null ? `tree ${i + 1} ${kind}` : `d${known} ${kind}`,
          domain: known,
          what: kind,
          tree,
        };
      },
    );
    return { path, kind: "snapshot", trees, dumps: [], notes: [], close: nothing };
  } catch (error) {
    if (error instanceof SyntaxError) throw new UsageError(`${titleOf(path)}: not a snapshot: ${error.message}`);
    throw error;
  }
}

function scriptFile(path: string, document: unknown): TableFile {
  const script = readScript(document);
  if (typeof script === "string") throw new UsageError(`${titleOf(path)}: ${script}`);
  const { domains } = runScript(script);
  const trees = domains.flatMap(({ domain: { id }, p2m, iommu }): AuditTree[] => [
    { name: `d${id} p2m`, domain: id, what: "p2m", tree: p2m },
    ...(iommu ? [{ name: `d${id} iommu`, domain: id, what: "iommu" as const, tree: iommu }] : []),
  ]);
  return { path, kind: "script", trees, dumps: [], notes: [], close: nothing };
}

/** Page tables in pasted text; null for anything else. Throws UsageError that names the input. */
export function openDumps(path: string, options: TableFileOptions): TextReading | null {
  const head = path === "-" ? null : peek(path);
  if (head && (isPacked(head) || head.includes(0))) return null;
  const text = readText(path);
  return /^[\s\ufeff]{0,64}\{/.test(text.slice(0, 128)) ? null : dumpsOf(text, options);
}

function dumpsOf(text: string, options: TableFileOptions): TextReading | null {
  const format = formatNamed(options.format)?.name;
  // A column of numbers is a table only to somebody who says so.
  const told = dialectsIn(text).filter((name: DialectName) => name !== "entries" || format !== undefined);
  if (told.length === 0) return null;
  const level = options.levels === undefined ? {} : { level: Number(options.levels) };
  return readTextDumps(text, { ...(format === undefined ? {} : { format }), ...level });
}

function textFile(path: string, text: string, options: TableFileOptions): TableFile | null {
  const found = dumpsOf(text, options);
  if (!found) return null;
  const { dumps, notes } = found;
  return {
    path,
    kind: "text",
    trees: [],
    dumps,
    notes: notes.map(({ line, says }) => `${titleOf(path)}${line === null ? "" : `:${line}`}: ${says}`),
    close: nothing,
  };
}
