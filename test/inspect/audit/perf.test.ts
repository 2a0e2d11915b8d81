import { it } from "vitest";
import { audit } from "../../../src/inspect/audit/audit.ts";
import { survey } from "../../../src/inspect/audit/survey.ts";
import { RULES } from "../../../src/inspect/audit/rules/index.ts";
import { goldenTrees } from "./goldens.ts";
it("perf", () => {
  let t = performance.now(); const lap = (n: string) => { console.log(n, Math.round(performance.now() - t)); t = performance.now(); };
  const trees = goldenTrees("s3_416_iommu"); lap("load");
  survey(trees[3]!, { trees }); lap("survey cold");
  survey(trees[3]!, { trees }); lap("survey warm");
  audit({ trees }); lap("audit");
  audit({ trees }); lap("audit warm");
  for (const r of RULES) { audit({ trees }, [r]); lap(r.id); }
}, 120000);
