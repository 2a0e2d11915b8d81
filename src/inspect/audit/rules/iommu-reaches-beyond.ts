import { hex } from "../../../address.ts";
import { hitOnRun } from "../facts.ts";
import { outputFrames } from "../outputs.ts";
import type { Facts, Hit, Rule } from "../rule.ts";

export const iommuReachesBeyond: Rule = {
  id: "iommu-reaches-beyond",
  severity: "fault",
  says: "A machine frame is reachable by the domain's devices, but by no entry of its P2M.",
  reference: "page-table-formats.md 10 (4)",
  fix: "The domain's devices reach memory that the domain does not have: keep the image and report it to the security team.",
  *check({ pairs }: Facts): Generator<Hit> {
    for (const { p2m, iommu } of pairs) {
      const own = outputFrames([p2m]);
      for (const run of iommu.runs) {
        if (run.maps === null || own.contains(run.maps, run.pages)) continue;
        const inside = own.has(run.maps) ? own.alikeFrom(run.maps) : 0;
        const beyond = run.pages - own.countIn(run.maps, run.pages);
        yield hitOnRun(
          iommu,
          run,
          `${beyond} frame(s) from mfn ${hex(run.maps + inside)} on`,
          run.start + inside,
          run.pages - inside,
        );
      }
    }
  },
};
