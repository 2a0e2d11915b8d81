/**
 * The model: how Xen maps a PCI device's memory into a guest, exact to the bit of every page-table entry.
 *
 * A {@link Machine} is a host of some release; on it stand {@link Domain}s, whose tables lie in simulated memory.
 * {@link mapMmioRegions} and its siblings act on a domain as the hypervisor does and book what it costs on the domain's
 * {@link Ledger}; {@link runs}, {@link translate} and {@link count} read tables back, the model's and others alike.
 * Frames count 4 KiB pages, addresses count bytes. Nothing here reads a file or keeps state between calls but in the
 * values that it is handed, and nothing happens on import.
 *
 * @module
 */

// Frames, orders, sets of frames.
export {
  alignDown,
  alignUp,
  bytesOf,
  type Dfn,
  dfn,
  dfnOfGfn,
  dfnOfMfn,
  /** Any of the three kinds of frame number. 0 ≤ frame < 2^52. */
  type Frame,
  frameOfAddress,
  type Gfn,
  gfn,
  gfnOfMfn,
  hex,
  hex64,
  isAligned,
  type Mfn,
  mfn,
  type Order,
  pagesOf,
  plus,
} from "./address.ts";
// Formats.
export {
  /** Everything that an entry's bits say. Frames are 4 KiB pages, orders log2 of pages. */
  type DecodedEntry,
  type DecodeOptions,
  EMPTY,
  type EntryFault,
  /** What an entry is to a walker: {@link EMPTY}, {@link LEAF}, {@link TABLE}, {@link SOFTWARE} or {@link FAULT}. */
  type EntryKind,
  FAULT,
  type Field,
  FORMATS,
  /** One vendor's page-table format, as constants and pure functions (page-table-formats.md). */
  type Format,
  /** Intel EPT, AMD NPT, Intel VT-d second stage, AMD-Vi v1. */
  type FormatName,
  formatByName,
  LEAF,
  type LeafAttributes,
  type MemoryType,
  type Raw,
  raw64,
  SOFTWARE,
  TABLE,
} from "./format/index.ts";
export type { FrameReader } from "./memory/memory.ts";
export { SimulatedMemory } from "./memory/simulated.ts";
// Operation scripts.
export { readScript, runScript, type Script, type ScriptRun } from "./plan/script.ts";
// The walker, and runs.
export {
  type Counts,
  count,
  type Problem,
  type Run,
  /** Which part of a tree is read, how much of it at most, and who is told of what is found. Frames are input frames. */
  type RunOptions,
  runs,
} from "./radix/runs.ts";
export {
  indexAt,
  /** A place for {@link walk} to say where it ended; may be used again and again. */
  newPosition,
  type Position,
  pagesAt,
  type Translation,
  type Tree,
  translate,
  type WritableTree,
  walk,
  widthOf,
} from "./radix/tree.ts";
export { type FrameRange, FrameSet } from "./ranges.ts";
export { type RunDocument, runDocument } from "./report/run.ts";
// Domains, and what is done to them.
export { ACCESS_RWX, type Access, ERRNO, errnoName, LOOP_BUDGET } from "./xen/constants.ts";
export { createDomain, destroyDomain } from "./xen/create.ts";
export { assignDevice, deassignDevice } from "./xen/devices.ts";
export type {
  Decision,
  /**
   * A guest: its P2M, its IOMMU tables, rights, paging pool (4 KiB pages) and ledger. Made by {@link createDomain};
   * changed in place by the operations.
   */
  Domain,
  /** How a guest is created: as the toolstack asks for it. What is left out is as xl leaves it (xen-mapping.md 7.2, 11.1). */
  DomainSpec,
  /** Kind of guest: hvm, pvh (a PVH dom0), or pv, which has no P2M (xen-mapping.md 9). */
  GuestKind,
  IommuMode,
} from "./xen/domain.ts";
export { iomemPermission, memoryMapping, type U64 } from "./xen/domctl.ts";
// The ledger.
export {
  addLedgers,
  /** A ledger of its own with the same numbers: what {@link subtractLedgers} wants for "before". */
  copyLedger,
  LEDGER_KINDS,
  /** Number of units booked, by kind; {@link LEDGER_KINDS} says what one unit is. Whole numbers. */
  type Ledger,
  /** A kind of cost: a row of xen-mapping.md 10. */
  type LedgerKind,
  newLedger,
  scaleLedger,
  subtractLedgers,
} from "./xen/ledger.ts";
export {
  /** Limits of the library call, which the library itself does not have. */
  type LibraryOptions,
  type LibraryResult,
  libraryMemoryMapping,
} from "./xen/libxc.ts";
// Hosts.
export {
  /** IOMMUs as the processor vendors' servers have them: one unit, 2 MiB and 1 GiB pages, no caching mode. */
  DEFAULT_IOMMU,
  /** What Xen does without options (xen-mapping.md 1.5, 7.1). */
  DEFAULT_OPTIONS,
  type IommuHardware,
  type Machine,
  /**
   * What is known of a host. Widths in bits, RAM and read-only frames as half-open frame ranges; what is left out is that
   * of a usual server.
   */
  type MachineSpec,
  makeMachine,
  type XenOptions,
} from "./xen/machine.ts";
export { mapMmioRegions, unmapMmioRegions } from "./xen/map-mmio.ts";
export { makeWorld, type Operation, type OperationResult, runOperation, type World } from "./xen/operations.ts";
export { mmioOrder, type OrderDecision } from "./xen/order.ts";
export { decreaseReservation, populate, removeFromPhysmap } from "./xen/ram.ts";
export {
  REASONS,
  /** Why a piece has its order: a key of {@link REASONS} (xen-mapping.md 1.2, 3.2, 9). */
  type ReasonCode,
} from "./xen/reasons.ts";
// Releases.
export {
  /** A behaviour that differs between releases: a property of {@link Release}. */
  type Behaviour,
  differences,
  MAIN_RELEASES,
  NEWEST,
  parseRelease,
  type Release,
  type ReleaseNumber,
  release,
} from "./xen/release.ts";
