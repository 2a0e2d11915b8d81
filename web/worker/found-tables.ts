import type { Mfn } from "../../src/address.ts";
import { FORMATS, formatByName } from "../../src/format/index.ts";
import { combineImages, type MemoryImage } from "../../src/image/index.ts";
import { snapshotTrees } from "../../src/image/snapshot.ts";
import type { AuditTree } from "../../src/inspect/audit/rule.ts";
import { findRoots, type RootDocument } from "../../src/inspect/roots.ts";
import { rootsInLog } from "../../src/inspect/roots-log.ts";
import { treesOfRoots } from "../../src/inspect/roots-trees.ts";
import type { TextDump } from "../../src/inspect/text/dump.ts";
import { dialectsIn, readTextDumps } from "../../src/inspect/text/read.ts";
import { readScript, runScript } from "../../src/plan/script.ts";
import type { Progress } from "../protocol.ts";
import { InputError, orThrow } from "./failure.ts";
import type { ReadInputs } from "./read-files.ts";

/** Page tables that inputs hold, and the texts that hold none. */
export interface FoundTables {
  readonly trees: readonly AuditTree[];
  readonly dumps: readonly TextDump[];
  readonly roots: readonly RootDocument[] | null;
  readonly notes: readonly string[];
  readonly rest: ReadInputs["texts"];
}

type Tell = (progress: Progress) => void;

/** Page tables in snapshots, scripts, dumps and memory images. Throws InputError. */
export function findTables({ texts, images }: ReadInputs, given: readonly string[], tell: Tell): FoundTables {
  const found = texts.map((input) => ({ input, ...inText(input.name, input.text) }));
  const rest = found.filter(({ trees, dumps }) => trees.length + dumps.length === 0).map(({ input }) => input);
  const fromImages =
    images.length === 0
      ? { trees: [], notes: [], roots: null }
      : inImages(
          images.map(({ image }) => image),
          images.map(({ name }) => name).join(", "),
          given,
          rest.map(({ text }) => text),
          tell,
        );
  return {
    trees: [...found.flatMap(({ trees }) => trees), ...fromImages.trees],
    dumps: found.flatMap(({ dumps }) => dumps),
    roots: fromImages.roots,
    notes: [...found.flatMap(({ notes }) => notes), ...fromImages.notes],
    rest,
  };
}

interface InText {
  readonly trees: readonly AuditTree[];
  readonly dumps: readonly TextDump[];
  readonly notes: readonly string[];
}
const NOTHING: InText = { trees: [], dumps: [], notes: [] };

function inText(name: string, text: string): InText {
  if (/^[\s\ufeff]{0,64}\{/.test(text.slice(0, 128))) return { ...NOTHING, trees: inJson(name, text) };
  // A column of numbers is a table only to somebody who says so.
  if (!dialectsIn(text).some((dialect) => dialect !== "entries")) return NOTHING;
  const { dumps, notes } = readTextDumps(text);
  const told = notes.map(({ line, says }) => `${name}${line === null ? "" : `:${line}`}: ${says}`);
  return { trees: [], dumps: dumps.filter(({ runs }) => runs.length > 0), notes: told };
}

function inJson(name: string, text: string): readonly AuditTree[] {
  let document: unknown;
  try {
    document = JSON.parse(text.replace(/^\ufeff/, ""));
  } catch (error) {
    throw new InputError(`${name}: begins like JSON, but is not: ${(error as Error).message}; is it cut off?`);
  }
  if (typeof document !== "object" || document === null) return [];
  if ("roots" in document && "frames" in document) return inSnapshot(name, document);
  return "kind" in document && document.kind === "script" ? inScript(name, document) : [];
}

function inSnapshot(name: string, document: object): readonly AuditTree[] {
  try {
    return snapshotTrees(document as Parameters<typeof snapshotTrees>[0]).map(({ domain, what, tree }, i) => {
      const known = Number.isInteger(domain) ? domain : null;
      const { name: format } = tree.format;
      const kind = what === "iommu" || what === "p2m" ? what : whatOf(format);
      return { name: known === null ? `tree ${i + 1} ${kind}` : `d${known} ${kind}`, domain: known, what: kind, tree };
    });
  } catch (error) {
    if (error instanceof SyntaxError) throw new InputError(`${name}: not a snapshot: ${error.message}`);
    throw error;
  }
}

function inScript(name: string, document: unknown): readonly AuditTree[] {
  const script = readScript(document);
  if (typeof script === "string") throw new InputError(`${name}: ${script}`);
  return runScript(script).domains.flatMap(({ domain: { id }, p2m, iommu }): AuditTree[] => [
    { name: `d${id} p2m`, domain: id, what: "p2m", tree: p2m },
    ...(iommu ? [{ name: `d${id} iommu`, domain: id, what: "iommu" as const, tree: iommu }] : []),
  ]);
}

const whatOf = (format: string): "p2m" | "iommu" => (format === "ept" || format === "npt" ? "p2m" : "iommu");

function inImages(
  images: readonly MemoryImage[],
  names: string,
  given: readonly string[],
  logs: readonly string[],
  tell: Tell,
): Pick<FoundTables, "trees" | "notes" | "roots"> {
  const image = combineImages(images);
  if (given.length > 0) return { trees: given.map((text) => rootAt(text, image)), notes: image.notes, roots: [] };
  const document = findRoots(image, {
    hints: logs.flatMap((log) => rootsInLog(log.split("\n"))),
    onProgress: (frames) => tell({ says: `looking for page tables in ${names}`, part: frames / image.frames }),
  });
  const { trees, notes } = treesOfRoots(image, document);
  if (trees.length === 0)
    throw new InputError(
      `${names}: no page tables found in this memory image (${image.title}, ${image.frames} frames): give their roots by hand, such as ept:0x1f9f9000:4, in "Open"`,
    );
  return { trees, notes, roots: document.roots };
}

/** "FORMAT:0xADDRESS:LEVELS" as a tree. */
function rootAt(text: string, memory: MemoryImage): AuditTree {
  const match = /^([a-z]{2,8}):(0x[0-9a-f]{1,13})(?::(\d))?$/i.exec(text.trim());
  const format = match && formatByName(match[1]!.toLowerCase());
  if (!match || !format)
    throw new InputError(
      `root "${text}": expected FORMAT:ADDRESS or FORMAT:ADDRESS:LEVELS, such as ept:0x1f9f9000:4; formats are ${Object.keys(FORMATS).join(", ")}`,
    );
  const levels = Number(match[3] ?? 4);
  const address = Number(match[2]);
  if (levels < format.minLevels || levels > format.maxLevels)
    throw new InputError(`root "${text}": ${format.name} has ${format.minLevels} to ${format.maxLevels} levels`);
  if (address % 4096 !== 0) throw new InputError(`root "${text}": the address is not a multiple of 0x1000`);
  const tree = { format, memory, root: (address / 4096) as Mfn, levels };
  return orThrow({ name: text, domain: null, what: whatOf(format.name), tree, group: 0 });
}
