import { type Gfn, gfn, type Mfn, mfn, PAGE_SIZE } from "../address.ts";
import { roundUp } from "./guest-device.ts";
import { type PlatformCode, type Remark, remark } from "./reasons.ts";

/** Frames that go to the hypervisor in one library call. */
export interface Piece {
  readonly gfn: Gfn;
  readonly mfn: Mfn;
  readonly pages: number;
  readonly because: PlatformCode;
}

/** Frames of a BAR that are left out. */
export interface Hole {
  readonly gfn: Gfn;
  readonly pages: number;
  readonly because: PlatformCode;
}

export interface QemuCutInput {
  /** Guest and host byte address of the BAR, 0 to 2^52 - 1. A host address of 0 means that there is none. */
  readonly guest: number;
  readonly host: number;
  readonly size: number;
  /** Of the MSI-X table in this BAR: byte offset and vectors (1 to 2048); null when there is none. */
  readonly msix: { readonly tableOffset: number; readonly vectors: number } | null;
}

export interface QemuCut {
  readonly pieces: readonly Piece[];
  readonly holes: readonly Hole[];
  readonly remarks: readonly Remark[];
}

const MSIX_ENTRY = 16;
const pagesUp = (bytes: number): number => Math.ceil(bytes / PAGE_SIZE);

/**
 * How QEMU's Xen passthrough device cuts one memory BAR or ROM: the MSI-X table's pages are trapped at the table's
 * exact offset, and each remaining section has its guest frame, machine frame and length rounded up independently
 * (guest-mmio-layout.md 4.1 to 4.4). Throws RangeError for addresses outside 0 to 2^52 - 1.
 */
export function cutForQemu({ guest, host, size, msix }: QemuCutInput): QemuCut {
  if (host === 0 || size <= 0) return { pieces: [], holes: [], remarks: [remark("zero-address")] };

  const section = (from: number, to: number, because: PlatformCode): Piece => ({
    gfn: gfn(pagesUp(guest + from)),
    mfn: mfn(pagesUp(host + from)),
    pages: pagesUp(to - from),
    because,
  });
  const remarks: Remark[] = [];
  if (size < PAGE_SIZE) remarks.push(remark("sub-page"));
  if (guest % PAGE_SIZE !== 0) remarks.push(remark("gfn-rounded-up"));
  if (host % PAGE_SIZE !== 0) remarks.push(remark("mfn-rounded-up"));

  const outside = msix !== null && msix.tableOffset >= size;
  if (outside) remarks.push(remark("msix-outside-bar"));
  if (msix === null || outside) return { pieces: [section(0, size, "whole-bar")], holes: [], remarks };

  const table = msix.tableOffset;
  const tableEnd = table + roundUp(msix.vectors * MSIX_ENTRY, PAGE_SIZE);
  const pieces: Piece[] = [];
  if (table > 0) pieces.push(section(0, table, "before-msix-table"));
  if (tableEnd < size) pieces.push(section(tableEnd, size, "after-msix-table"));
  if (pieces.length === 0) remarks.push(remark("msix-fills-bar"));
  if (table % PAGE_SIZE !== 0) {
    remarks.push(remark("msix-unaligned"));
    const last = pieces.at(-1);
    if (last?.because === "after-msix-table" && last.mfn + last.pages > pagesUp(host + size))
      remarks.push(remark("past-bar-end"));
  }

  const holeStart = pagesUp(guest) + pagesUp(table);
  const holeEnd = pagesUp(guest + Math.min(tableEnd, size));
  const pages = holeEnd - holeStart;
  return { pieces, holes: pages > 0 ? [{ gfn: gfn(holeStart), pages, because: "msix-table" }] : [], remarks };
}
