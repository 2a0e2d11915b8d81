import { hex } from "../address.ts";
import { type WhyTree, whyTree } from "../radix/steps.ts";
import type { AuditTree } from "./audit/rule.ts";
import type { TextDump } from "./text/dump.ts";

/** The way of one input frame through tables that were found; without a scenario, hence without rules. */
export interface WalkDocument {
  readonly physmap: 1;
  readonly kind: "walk";
  readonly gfn: string;
  readonly address: string;
  readonly trees: readonly (WhyTree & { readonly name: string; readonly what: "p2m" | "iommu" })[];
  /** What text dumps tell of the frame. */
  readonly dumps: readonly {
    readonly name: string;
    readonly what: "p2m" | "iommu";
    readonly maps: string | null;
    readonly order: number | null;
    readonly access: string | null;
    readonly memoryType: string | null;
    readonly type: string | null;
  }[];
}

/** Where a frame leads in each of some tables and dumps. Never throws. */
export const walkTables = (gfn: number, trees: readonly AuditTree[], dumps: readonly TextDump[]): WalkDocument => ({
  physmap: 1,
  kind: "walk",
  gfn: hex(gfn),
  address: hex(gfn * 4096),
  trees: trees.map(({ name, what, tree }) => ({ name, what, ...whyTree(tree, gfn) })),
  dumps: dumps.map(({ title, what, runs }) => {
    const run = runs.find(({ start, pages }) => gfn >= start && gfn < start + pages);
    const maps = run?.maps ?? null;
    return {
      name: title,
      what,
      maps: maps === null ? null : hex((maps + (gfn - run!.start)) * 4096),
      order: run?.order ?? null,
      access: run?.access ?? null,
      memoryType: run?.memoryType ?? null,
      type: run?.type ?? null,
    };
  }),
});
