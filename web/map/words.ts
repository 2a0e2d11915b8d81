import { computed } from "@preact/signals";
import { size } from "../../src/report/units.ts";
import type { Space, TreeInfo } from "../protocol.ts";
import { selected, space, view } from "../state/store.ts";
import { addressText } from "./scale.ts";
import { runAt } from "./strip.ts";

/** What is selected and how much is in view, in one sentence. */
export const placeInWords = computed(() => {
  const shown = space.value;
  if (!shown) return "";
  const { pages } = view.value;
  const wide = `${size(2 ** Math.round(Math.log2(Math.max(1, pages) * 4096)))} in view`;
  if (selected.value === null) return wide;
  return `${frameInWords(shown, selected.value)} · about ${wide}`;
});

/** Where a guest frame lies and what both trees make of it. */
function frameInWords(shown: Space, frame: number): string {
  const where = shown.regions.filter(({ start, pages }) => frame >= start && frame < start + pages).at(-1);
  const iommu = shown.shared ? "shared by the IOMMU" : `IOMMU: ${entryInWords(shown.iommu, frame)}`;
  const isPlain = !shown.entersRam && where?.kind === "ram";
  const trees = isPlain ? "" : `; P2M: ${entryInWords(shown.p2m, frame)}; ${iommu}`;
  return `${addressText(frame)} (gfn 0x${frame.toString(16)})${where ? `, ${where.label}` : ""}${trees}`;
}

function entryInWords(tree: TreeInfo | null, frame: number): string {
  if (!tree) return "none";
  const run = runAt(tree.runs, frame);
  if (run < 0) return "not mapped";
  const { maps, start, order } = tree.runs;
  if (Number.isNaN(maps[run]!)) return "not present";
  return `${size(2 ** order[run]! * 4096)} entry → ${addressText(maps[run]! + (frame - start[run]!))}`;
}
