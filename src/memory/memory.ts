import type { Mfn } from "../address.ts";

/** 32-bit words of a 4 KiB frame: entry i is words[2i] (low half) and words[2i + 1] (high half). */
export const WORDS = 1024;

/** What becomes of a table that a source lacks: "not in memory", or what the source knows better. */
export const absenceOf = (memory: FrameReader, mfn: Mfn): string => memory.absence?.(mfn) ?? "not in memory";

/** Anything whose 4 KiB frames can be read: simulated memory, a snapshot, a memory image. */
export interface FrameReader {
  /** The frame's 1024 words, little-endian, to be read only; undefined when the source lacks it, which is not zero. */
  frame(mfn: Mfn): Uint32Array | undefined;
  /**
   * Reads a frame into the caller's 1024 words and keeps no copy, for frames that are looked at once. Returns whether the
   * source has it. Missing where `frame` makes no copies.
   */
  readonly read?: (mfn: Mfn, into: Uint32Array) => boolean;
  /** Why the source lacks a frame: a clause that goes on from "the frame is". Missing where there is but one reason. */
  readonly absence?: (mfn: Mfn) => string;
}
