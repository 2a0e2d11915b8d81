/**
 * Page tables as they are found: snapshots and other memory images, what their tables say, and where two of them differ.
 * Frames count 4 KiB pages; in documents every address is a lower-case "0x…" string of bytes.
 *
 * @module
 */

export {
  type ByteSource,
  bytesSource,
  CONTAINERS,
  type ContainerName,
  combineImages,
  ImageError,
  type MemoryImage,
  type OpenOptions,
  openImage,
  snapshotImage,
  withoutBits,
} from "../image/index.ts";
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
export { type AuditDocument, audit, type Finding, type RuleCount } from "./audit/audit.ts";
export { auditBars } from "./audit/bars.ts";
export type {
  AuditBar,
  AuditInput,
  AuditTree,
  /** Entries of one table that are alike, as rules about entries see them. Levels count from the leaf table, 1. */
  EntryFact,
  Hit,
  Rule,
  RuleText,
  Severity,
} from "./audit/rule.ts";
export { RULES } from "./audit/rules/index.ts";
export {
  /** What is compared, which frames the hypervisor chose freely, and when to stop. Frames are 4 KiB pages. */
  type CompareOptions,
  /** Where two trees differ, and how many entries were looked at. */
  type Comparison,
  compareTrees,
  type Difference,
} from "./compare.ts";
export {
  type DiffDocument,
  type DiffPair,
  type DiffRange,
  type DiffRun,
  differs,
  diffSides,
  type Side,
  sideOfDump,
  sideOfTree,
} from "./diff.ts";
export { diffRuns, type Gap, mapTheSame, type Stretch } from "./diff-runs.ts";
export { diffMapped, type MappedRun, mappedRuns } from "./mapped-run.ts";
export type { Owner } from "./owner.ts";
export { findRoots, type RootDocument, type RootsDocument, type RootsOptions } from "./roots.ts";
export type { RootHint, RootSource } from "./roots-hint.ts";
export { rootsInLog } from "./roots-log.ts";
export { type FoundTrees, treesOfRoots } from "./roots-trees.ts";
export {
  /** A longest stretch of leaves that go on in the same way. Addresses are bytes, `end` inclusive, `order` log2 of pages. */
  type RunDocument,
  type TablesDocument,
  tablesDocument,
} from "./tables.ts";
export { type DumpRun, type DumpsDocument, dumpsDocument } from "./text/document.ts";
export type { DialectName, TextDump, TextNote, TextOptions } from "./text/dump.ts";
export { dialectsIn, readTextDumps, type TextReading } from "./text/read.ts";
export { type WalkDocument, walkTables } from "./why.ts";
