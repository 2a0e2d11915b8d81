import { hex } from "../../../address.ts";
import { FrameSet } from "../../../ranges.ts";
import { hitOnRun } from "../facts.ts";
import type { Facts, Hit, Rule } from "../rule.ts";

/** First input frame of a run, and how many, that lead into a set of frames; null where none does. */
function within(run: { start: number; pages: number; maps: number | null }, frames: FrameSet): [number, number] | null {
  if (run.maps === null) return null;
  const pages = frames.countIn(run.maps, run.pages);
  return pages === 0 ? null : [run.start + frames.nextFrom(run.maps) - run.maps, pages];
}

function* into(facts: Facts, frames: FrameSet, wanted: (isHost: boolean) => boolean, what: string): Generator<Hit> {
  if (frames.isEmpty) return;
  for (const tree of facts.trees) {
    if (!wanted(tree.domain === 0 && tree.what === "iommu")) continue;
    for (const run of tree.runs) {
      const found = within(run, frames);
      if (found)
        yield hitOnRun(tree, run, `leads to ${found[1]} frame(s) of ${what}, from gfn ${hex(found[0])} on`, ...found);
    }
  }
}

const tablesOf = ({ trees }: Facts): FrameSet =>
  FrameSet.from(trees.flatMap(({ visits }) => visits.map(({ table }) => ({ start: table, end: table + 1 }))));

export const mapsTables: Rule = {
  id: "maps-tables",
  severity: "fault",
  says: "An entry leads to a frame that holds page tables: who writes through it maps itself whatever it wants.",
  reference: "page-table-formats.md 10 (5)",
  fix: "No guest may reach table frames: keep the image and report it to the hypervisor's security team.",
  check: (facts) => into(facts, tablesOf(facts), (isHost) => !isHost, "the tables"),
};

export const hostMapsTables: Rule = {
  id: "host-iommu-maps-tables",
  severity: "risk",
  says: "The hardware domain's IOMMU tables reach frames that hold page tables, as Xen's relaxed mode maps all RAM.",
  reference: "xen-mapping.md 7.9",
  fix: "Let dom0-iommu=strict map only dom0's own memory.",
  check: (facts) => into(facts, tablesOf(facts), (isHost) => isHost, "the tables"),
};

export const mapsHypervisor: Rule = {
  id: "maps-hypervisor",
  severity: "fault",
  says: "An entry leads to a frame of the hypervisor.",
  reference: "page-table-formats.md 10 (5); xen-mapping.md 7.9",
  fix: "Not even the hardware domain's tables map Xen's own frames: keep the image and report it to the security team.",
  check: (facts) => into(facts, facts.input.hypervisor ?? FrameSet.empty(), () => true, "the hypervisor"),
};
