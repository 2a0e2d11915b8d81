import { hex, hex64, type Mfn } from "../address.ts";
import { type DecodedEntry, EMPTY, type EntryKind, FAULT, LEAF, SOFTWARE, TABLE } from "../format/format.ts";
import { absenceOf } from "../memory/memory.ts";
import { indexAt, type Tree, translate, widthOf } from "./tree.ts";

/** One level of a walk: the entry that was read, and what its bits say. */
export interface WalkStep {
  readonly level: number;
  readonly name: string;
  readonly table: string;
  readonly index: number;
  readonly raw: string;
  readonly kind: "empty" | "leaf" | "table" | "software" | "fault";
  readonly access: string;
  readonly memoryType: string | null;
  readonly fields: DecodedEntry["fields"];
  readonly faults: DecodedEntry["faults"];
}

/** The way through one tree: machine byte addresses as "0x…", `order` log2 of 4 KiB pages. */
export interface WhyTree {
  readonly format: string;
  readonly root: string;
  readonly steps: readonly WalkStep[];
  /** Machine address that the guest address leads to; null where it leads nowhere. */
  readonly maps: string | null;
  readonly order: number | null;
  /** The table that the walk could not enter, and why; null where it ended at an entry. Absent is not empty. */
  readonly absent: string | null;
}

const KINDS: Readonly<Record<EntryKind, WalkStep["kind"]>> = {
  [EMPTY]: "empty",
  [LEAF]: "leaf",
  [TABLE]: "table",
  [SOFTWARE]: "software",
  [FAULT]: "fault",
};

/** Every entry from the root to where the walk of a frame ends. */
export const walkSteps = (tree: Tree, frame: number): readonly WalkStep[] => walked(tree, frame).steps;

/** The same, with the table that the memory lacks, if that ended the walk. */
function walked(tree: Tree, frame: number): { readonly steps: readonly WalkStep[]; readonly missing: Mfn | null } {
  const steps: WalkStep[] = [];
  if (frame >= widthOf(tree.format, tree.levels)) return { steps, missing: null };
  for (let level = tree.levels, table = tree.root; ; ) {
    const words = tree.memory.frame(table);
    if (!words) return { steps, missing: table };
    const index = indexAt(frame, level);
    const lo = words[2 * index]!;
    const hi = words[2 * index + 1]!;
    const decoded = tree.format.decode({ lo, hi }, level);
    const kind = tree.format.kindOf(lo, hi, level);
    steps.push({
      level,
      name: tree.format.entryName(level),
      table: hex(table * 4096),
      index,
      raw: hex64(lo, hi),
      kind: KINDS[kind],
      access: decoded.access,
      memoryType: decoded.memoryType,
      fields: decoded.fields,
      faults: decoded.faults,
    });
    if (kind !== TABLE) return { steps, missing: null };
    table = tree.format.frameOf(lo, hi, level) as Mfn;
    level = tree.format.nextLevelOf(lo, hi, level);
  }
}

/** The walk of one frame and where it leads. */
export function whyTree(tree: Tree, frame: number): WhyTree {
  const found = translate(tree, frame);
  const { steps, missing } = walked(tree, frame);
  return {
    format: tree.format.name,
    root: hex(tree.root * 4096),
    steps,
    maps: found ? hex(found.frame * 4096) : null,
    order: found?.order ?? null,
    absent: missing === null ? null : `the table at ${hex(missing * 4096)} is ${absenceOf(tree.memory, missing)}`,
  };
}
