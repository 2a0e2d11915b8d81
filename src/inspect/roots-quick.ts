/**
 * The first look at every frame of an image: which structures it may be. Nearly all frames fail at their first entry that
 * is not zero, so this is a handful of integer operations a frame.
 */
import { CONVENTIONS } from "./roots-convention.ts";

export const MAYBE_EPT = 1;
export const MAYBE_NPT = 2;
export const MAYBE_VTD = 4;
export const MAYBE_AMDVI = 8;
export const MAYBE_VTD_ROOT = 16;
export const MAYBE_DEVICE_TABLE = 32;
export const MAYBE_VMCB = 64;
/** Any of the formats. */
export const MAYBE_TABLE = MAYBE_EPT | MAYBE_NPT | MAYBE_VTD | MAYBE_AMDVI;

const { ept, npt, vtd, amdvi } = CONVENTIONS;
/** Root levels stand for all: what may stand at the top of a tree. */
const ROOT_LEVEL = 4;
const PAGED_LEAF = 0x80;

/**
 * Which of `wanted` the frame at `base` may be. `end` is one past the image's highest frame: pointers lead below it.
 */
export function quickLook(words: Uint32Array, base: number, end: number, wanted: number): number {
  const stop = base + 1024;
  let start = base;
  while (start < stop && isZero(words, start)) start += 8;
  // An empty page is the commonest of all.
  if (start === stop) return 0;
  let maybe = wanted;
  if ((maybe & MAYBE_VMCB) !== 0 && !vmcbLike(words, base, end)) maybe &= ~MAYBE_VMCB;
  /** Formats, and IOMMU structures, that a pointer into the image was seen for. */
  let pointers = MAYBE_VMCB;
  let amdLevel = 0;
  for (let at = start; at < stop; at += 2) {
    const lo = words[at]!;
    const hi = words[at + 1]!;
    if ((lo | hi) === 0) continue;
    if ((maybe & ~MAYBE_VMCB) === 0) return maybe;
    const inside = (hi & 0xfffff) * 0x100000 + (lo >>> 12) < end;
    if ((maybe & MAYBE_EPT) !== 0 && !(lo === 0 && hi === 0x80000000)) {
      if (inside && ept.pointer(lo, hi, ROOT_LEVEL)) pointers |= MAYBE_EPT;
      else maybe &= ~MAYBE_EPT;
    }
    if ((maybe & MAYBE_NPT) !== 0) {
      if (inside && npt.pointer(lo, hi, ROOT_LEVEL)) pointers |= MAYBE_NPT;
      else maybe &= ~MAYBE_NPT;
    }
    if ((maybe & MAYBE_VTD) !== 0) {
      if (inside && vtd.pointer(lo, hi, ROOT_LEVEL)) pointers |= MAYBE_VTD;
      // A marker alone, or a leaf of 1 GiB in a table of 3 levels.
      else if (
        !(lo === 0 && hi >>> 24 === 0 && (hi & 0xfffff) === 0) &&
        !((lo & PAGED_LEAF) !== 0 && (lo & 3) !== 0 && vtd.leaf(lo, hi, 3))
      )
        maybe &= ~MAYBE_VTD;
    }
    if ((maybe & MAYBE_AMDVI) !== 0) {
      const next = (lo >>> 9) & 7;
      if ((lo & 1) === 0) {
        if (hi !== 0 || lo >= 0x20) maybe &= ~MAYBE_AMDVI;
      } else if (next === 0 || next === 7) {
        if (!amdvi.leaf(lo, hi, ROOT_LEVEL)) maybe &= ~MAYBE_AMDVI;
      } else if (inside && (amdLevel === 0 || amdLevel === next + 1) && amdvi.pointer(lo, hi, next + 1)) {
        amdLevel = next + 1;
        pointers |= MAYBE_AMDVI;
      } else maybe &= ~MAYBE_AMDVI;
    }
    if ((maybe & MAYBE_VTD_ROOT) !== 0) {
      if (inside && (lo & 0xfff) === 1 && hi < 0x100000) pointers |= MAYBE_VTD_ROOT;
      else maybe &= ~MAYBE_VTD_ROOT;
    }
    if ((maybe & MAYBE_DEVICE_TABLE) !== 0) {
      const word = ((at - base) >>> 1) & 3;
      // V, TV, a mode, reserved bits clear; quadword 3 holds but few bits (page-table-formats.md 4.1).
      if (word === 0) {
        if ((lo & 0x7c) !== 0 || hi >>> 31 !== 0) maybe &= ~MAYBE_DEVICE_TABLE;
        else if ((lo & 3) === 3 && (lo & 0xe00) !== 0 && inside) pointers |= MAYBE_DEVICE_TABLE;
      } else if (word === 3 && (lo !== 0 || (hi & 0x003fffff) !== 0)) maybe &= ~MAYBE_DEVICE_TABLE;
    }
  }
  return maybe & pointers;
}

const isZero = (words: Uint32Array, at: number): boolean =>
  (words[at]! |
    words[at + 1]! |
    words[at + 2]! |
    words[at + 3]! |
    words[at + 4]! |
    words[at + 5]! |
    words[at + 6]! |
    words[at + 7]!) ===
  0;

/** Nested paging on, a nested CR3 inside the image, a legal guest PAT (page-table-formats.md 2.1). */
function vmcbLike(words: Uint32Array, base: number, end: number): boolean {
  const control = words[base + 0x90 / 4]!;
  if ((control & 1) === 0 || control >= 0x1000 || words[base + 0x94 / 4] !== 0) return false;
  const lo = words[base + 0xb0 / 4]!;
  const hi = words[base + 0xb4 / 4]!;
  const frame = hi * 0x100000 + (lo >>> 12);
  if ((lo & 0xfe7) !== 0 || frame === 0 || frame >= end) return false;
  return legalPat(words[base + 0x668 / 4]!) && legalPat(words[base + 0x66c / 4]!);
}

/** Four PAT fields of 0, 1 or 4 to 7. */
const legalPat = (word: number): boolean =>
  (word & 0xf8f8f8f8) === 0 && ((word >>> 1) & ~(word >>> 2) & 0x01010101) === 0;
