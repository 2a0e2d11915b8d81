import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gunzipSync } from "node:zlib";
import { type Snapshot, snapshotTrees } from "../../../src/image/snapshot.ts";
import type { AuditTree } from "../../../src/inspect/audit/rule.ts";

const folder = fileURLToPath(new URL("../../golden/", import.meta.url));

export const GOLDENS: readonly string[] = readdirSync(folder)
  .filter((name) => name.endsWith(".json.gz"))
  .map((name) => name.slice(0, -".json.gz".length));

/** Tables that real Xen built. */
export const goldenTrees = (name: string): AuditTree[] =>
  snapshotTrees(JSON.parse(gunzipSync(readFileSync(`${folder}${name}.json.gz`)).toString("utf8")) as Snapshot).map(
    ({ domain, what, tree }) => ({ name: `d${domain} ${what}`, domain, what, tree }),
  );
