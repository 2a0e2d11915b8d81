import type { Run } from "../../../radix/runs.ts";
import { FrameSet } from "../../../ranges.ts";
import { hitOnRun } from "../facts.ts";
import type { Facts, Hit, Rule, SurveyedTree } from "../rule.ts";
import { MMIO_DIRECT, xenType } from "../xen-rights.ts";

/** The local APIC's page, which Xen backs by RAM typed as direct MMIO (xen-mapping.md 5.4). */
const APIC_PAGE = 0xfee00;

/** P2M runs that map device memory: Xen's type says so, or they lead into a BAR. */
function* deviceRuns({ trees, input }: Facts): Generator<readonly [SurveyedTree, Run]> {
  const bars = FrameSet.from((input.bars ?? []).map(({ start, pages }) => ({ start, end: start + pages })));
  for (const tree of trees.filter(({ what }) => what === "p2m"))
    for (const run of tree.runs) {
      if (run.maps === null || (run.start === APIC_PAGE && run.pages === 1)) continue;
      if (xenType(tree, run) === MMIO_DIRECT || bars.overlaps(run.maps, run.pages)) yield [tree, run];
    }
}

export const executableDevice: Rule = {
  id: "executable-device-memory",
  severity: "note",
  says: "Device memory may be executed by the guest.",
  reference: "xen-mapping.md 3.1, 5.2",
  fix: "Xen and KVM map BARs so by default; ept=no-exec-sp takes the right from superpages.",
  *check(facts): Generator<Hit> {
    for (const [tree, run] of deviceRuns(facts))
      if (tree.words(run).access?.[2] === "x") yield hitOnRun(tree, run, `access ${tree.words(run).access}`);
  },
};

export const deviceWriteBack: Rule = {
  id: "device-memory-write-back",
  severity: "risk",
  says: "Device memory is typed write-back: the guest's accesses may stay in the cache and never reach the device.",
  reference: "xen-mapping.md 5.4, 6.1; kvm-mapping.md 2.3",
  fix: "Xen types direct MMIO UC (EPT) or UC- (NPT); an entry that says otherwise was not written by the MMIO path.",
  *check(facts): Generator<Hit> {
    for (const [tree, run] of deviceRuns(facts)) {
      // KVM leaves NPT's type at WB: there the host's MTRRs make BARs uncached.
      if (tree.tree.format.name === "npt" && tree.owner !== "xen") continue;
      if (tree.words(run).memoryType === "WB") yield hitOnRun(tree, run, "memory type WB");
    }
  },
};
