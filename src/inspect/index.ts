/**
 * Page tables as they are found: snapshots and other memory images, what their tables say, and where two of them differ.
 * Frames count 4 KiB pages; in documents every address is a lower-case "0x…" string of bytes.
 *
 * @module
 */

export {
  makeSnapshot,
  /** Page tables as they are, bit by bit: the snapshot document (contract, "Snapshots"). */
  type Snapshot,
  type SnapshotFrames,
  type SnapshotRoot,
  snapshotReader,
  snapshotTrees,
} from "../image/snapshot.ts";
export { decodeFrame, encodeFrame, type SnapshotEntries } from "../image/snapshot-frame.ts";
export {
  /** What is compared, which frames the hypervisor chose freely, and when to stop. Frames are 4 KiB pages. */
  type CompareOptions,
  /** Where two trees differ, and how many entries were looked at. */
  type Comparison,
  compareTrees,
  type Difference,
} from "./compare.ts";
export { diffRuns, type Gap, mapTheSame } from "./diff-runs.ts";
export {
  /** A longest stretch of leaves that go on in the same way. Addresses are bytes, `end` inclusive, `order` log2 of pages. */
  type RunDocument,
  type TablesDocument,
  tablesDocument,
} from "./tables.ts";
