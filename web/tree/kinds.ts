import type { WalkStep } from "../../src/radix/steps.ts";

/** What an entry is to a walker, by its number in `Format.kindOf`, with what the grid's legend says. */
export const KINDS = [
  { kind: "empty", title: "empty" },
  { kind: "leaf", title: "leaf" },
  { kind: "table", title: "table" },
  { kind: "software", title: "not present, kept by software" },
  { kind: "fault", title: "fault" },
] as const satisfies readonly { readonly kind: WalkStep["kind"]; readonly title: string }[];

/** How many entries of a table are of each kind. */
export function kindCounts(cells: Uint8Array): readonly number[] {
  const counts = KINDS.map(() => 0);
  for (const cell of cells) counts[cell] = (counts[cell] ?? 0) + 1;
  return counts;
}
