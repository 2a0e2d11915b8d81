import { hex, type Mfn } from "../../src/address.ts";
import { EMPTY, FAULT, type Format, SOFTWARE } from "../../src/format/format.ts";
import { whyTree } from "../../src/radix/steps.ts";
import { indexAt, pagesAt, type Tree } from "../../src/radix/tree.ts";
import type { Walk, WalkTable } from "../protocol.ts";

/** Every table on the way of a frame, with the kinds of all its entries. */
export function walkOf(tree: Tree, id: number, frame: number): Walk {
  const { steps, maps, order } = whyTree(tree, frame);
  const tables = steps.map((step): WalkTable => {
    const words = tree.memory.frame((Number(step.table) / 4096) as Mfn)!;
    const span = pagesAt(step.level);
    return {
      step,
      cells: kindsOf(tree.format, words, step.level),
      base: Math.floor(frame / span) * span - indexAt(frame, step.level) * span,
      span,
    };
  });
  return { tree: id, frame, tables, maps, order, cut: cutOf(tree, tables) };
}

/** Xen's deliberate mark: the hardware faults on it so that Xen may recompute the entry, which is sound otherwise. */
const MARK = "recalculation-mark";

/** The kind of each entry; one that the hardware would fault on is a fault whatever it is built like, unless that is meant. */
function kindsOf(format: Format, words: Uint32Array, level: number): Uint8Array {
  return Uint8Array.from({ length: 2 ** format.indexBits(level) }, (_, i) => {
    const raw = { lo: words[2 * i]!, hi: words[2 * i + 1]! };
    const kind = format.kindOf(raw.lo, raw.hi, level);
    if (kind === EMPTY || kind === SOFTWARE) return kind;
    return format.decode(raw, level).faults.some(({ code }) => code !== MARK) ? FAULT : kind;
  });
}

function cutOf(tree: Tree, tables: readonly WalkTable[]): string | null {
  const last = tables.at(-1)?.step;
  if (!last) return `the root table at ${hex(tree.root * 4096)} is not in memory`;
  return last.kind === "table" ? "the table that the last entry points to is not in memory" : null;
}
