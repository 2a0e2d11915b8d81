import { readdirSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { type Snapshot, snapshotTrees } from "../../src/image/snapshot.ts";
import { decodeFrame } from "../../src/image/snapshot-frame.ts";
import type { Tree } from "../../src/radix/tree.ts";
import type { Frames } from "./writers.ts";

const folder = new URL("../golden/", import.meta.url).pathname;

/** Names of the golden files. */
export const GOLDENS = readdirSync(folder)
  .filter((name) => name.endsWith(".json.gz"))
  .map((name) => name.slice(0, -".json.gz".length));

export const goldenPath = (name: string): string => `${folder}/${name}.json.gz`;

export interface GoldenImage {
  readonly frames: Frames;
  readonly trees: readonly { readonly domain: number; readonly what: string; readonly tree: Tree }[];
  readonly snapshot: Pick<Snapshot, "roots" | "frames">;
}

/** Page tables of real Xen. */
export const goldenSnapshot = (name: string): GoldenImage["snapshot"] =>
  JSON.parse(gunzipSync(readFileSync(goldenPath(name))).toString("utf8")) as GoldenImage["snapshot"];

/** The same as the bytes of frames, and as trees. */
export function golden(name: string): GoldenImage {
  const snapshot = goldenSnapshot(name);
  const frames = new Map(
    Object.entries(snapshot.frames).map(([mfn, entries]) => [
      Number(mfn),
      new Uint8Array(decodeFrame(mfn, entries).buffer),
    ]),
  );
  return { frames, trees: snapshotTrees(snapshot), snapshot };
}
