import { snapshotTrees } from "../../../src/image/snapshot.ts";
import type { AuditTree } from "../../../src/inspect/audit/rule.ts";
import { goldenSnapshot } from "../../image/golden-frames.ts";

export { GOLDENS } from "../../image/golden-frames.ts";

/** Tables that real Xen built. */
export const goldenTrees = (name: string): AuditTree[] =>
  snapshotTrees(goldenSnapshot(name)).map(({ domain, what, tree }) => ({
    name: `d${domain} ${what}`,
    domain,
    what,
    tree,
  }));
