/**
 * What VT-d's root structures share. Structures are quadwords, word i holding bits 64i+63:64i; a missing word reads as
 * zero.
 */
import { failedChecks, fieldValue, type Reading, readFields } from "./fields.ts";
import type { EntryFault, Raw } from "./format.ts";
import { address, type Check, type Row, reserved } from "./rows.ts";

/** Host address width: pointer bits at and above it are reserved. Default 52. */
export interface HawOptions {
  readonly haw?: number;
}

export interface HawShape {
  readonly words: readonly Raw[];
  readonly haw: number;
}

/** `count` words and the width, as the rows below want them. */
export function hawShape(words: readonly Raw[], count: number, options: HawOptions): HawShape {
  const padded = Array.from({ length: count }, (_, i) => words[i] ?? { lo: 0, hi: 0 });
  return { words: padded, haw: Math.min(64, Math.max(32, Math.floor(options.haw ?? 52) || 52)) };
}

/** A pointer in bits 63:12 of quadword `word`, reserved above the host address width. */
export const pointer = <const N extends string>(word: number, name: N, says: string) =>
  [
    address(word * 64 + 63, word * 64 + 12, name, says),
    reserved(
      (s: HawShape) => [word * 64 + 63, word * 64 + s.haw],
      "address-beyond-width",
      "beyond the host address width",
    ),
  ] as const;

/** Reads a structure whose bit 0 (or what `live` says) is its present bit. */
export function readStructure<N extends string>(
  rows: readonly Row<N, HawShape>[],
  checks: readonly Check<HawShape>[],
  shape: HawShape,
  live: boolean,
): Reading & { readonly get: (name: NoInfer<N>) => number } {
  const { fields, faults } = readFields(rows, shape.words, shape);
  const found: readonly EntryFault[] = live ? [...failedChecks(checks, shape), ...faults] : [];
  return { fields, faults: found, get: (name) => fieldValue(rows, shape.words, name, shape) };
}

export const isSet = (words: readonly Raw[], bit: number): boolean =>
  (((words[bit >>> 6]?.[(bit & 32) === 0 ? "lo" : "hi"] ?? 0) >>> (bit & 31)) & 1) === 1;

/** Address width: the same encoding in context and PASID entries. */
export const AW_SAYS = (v: number): string =>
  v >= 1 && v <= 3 ? `${v + 2} levels, ${30 + 9 * v} bits` : "reserved value";
