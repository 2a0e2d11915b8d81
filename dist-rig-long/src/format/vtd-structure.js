/**
 * What VT-d's root structures share. Structures are quadwords, word i holding bits 64i+63:64i; a missing word reads as
 * zero.
 */
import { failedChecks, fieldValue, readFields } from "./fields.js";
import { address, reserved } from "./rows.js";
/** `count` words and the width, as the rows below want them. */
export function hawShape(words, count, options) {
    const padded = Array.from({ length: count }, (_, i) => words[i] ?? { lo: 0, hi: 0 });
    return { words: padded, haw: Math.min(64, Math.max(32, Math.floor(options.haw ?? 52) || 52)) };
}
/** A pointer in bits 63:12 of quadword `word`, reserved above the host address width. */
export const pointer = (word, name, says) => [
    address(word * 64 + 63, word * 64 + 12, name, says),
    reserved((s) => [word * 64 + 63, word * 64 + s.haw], "address-beyond-width", "beyond the host address width"),
];
/** Reads a structure whose bit 0 (or what `live` says) is its present bit. */
export function readStructure(rows, checks, shape, live) {
    const { fields, faults } = readFields(rows, shape.words, shape);
    const found = live ? [...failedChecks(checks, shape), ...faults] : [];
    return { fields, faults: found, get: (name) => fieldValue(rows, shape.words, name, shape) };
}
export const isSet = (words, bit) => (((words[bit >>> 6]?.[(bit & 32) === 0 ? "lo" : "hi"] ?? 0) >>> (bit & 31)) & 1) === 1;
/** Address width: the same encoding in context and PASID entries. */
export const AW_SAYS = (v) => v >= 1 && v <= 3 ? `${v + 2} levels, ${30 + 9 * v} bits` : "reserved value";
