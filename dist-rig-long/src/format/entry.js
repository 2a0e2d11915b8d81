/** Decoding an entry by a format's table: what the four formats' `decode` have in common. */
import { failedChecks, readFields, reservedMask } from "./fields.js";
import { EMPTY, FAULT, LEAF, SOFTWARE, TABLE, } from "./format.js";
// Predicates for rows, in the words of the manuals' column heads.
export const present = (s) => s.present;
export const absent = (s) => !s.present;
export const leaf = (s) => s.leaf;
export const table = (s) => s.present && !s.leaf;
/** A leaf above level 1, with the page-size bit set. */
export const largeLeaf = (s) => s.leaf && s.level > 1;
export const smallLeaf = (s) => s.leaf && s.level <= 1;
/** A table entry at level 4 or 5, where the page-size bit is reserved. */
export const upperTable = (s) => table(s) && s.level > 3;
export const lowerTable = (s) => table(s) && s.level <= 3;
/** Leaf sizes that the hardware lacks (bit-7 formats). */
export const unsupportedSize = {
    code: "page-size-unsupported",
    when: (s) => (largeLeaf(s) && s.level === 3 && !s.options.has1g) || (largeLeaf(s) && s.level === 2 && !s.options.has2m),
    says: "a leaf of this size is not supported by this hardware",
};
function physBitsOf(given) {
    return given === undefined || !Number.isFinite(given) ? 52 : Math.min(52, Math.max(32, Math.floor(given)));
}
function resolve(options, accessedDirtyDefault) {
    return {
        physBits: physBitsOf(options.physBits),
        has1g: options.has1g ?? true,
        has2m: options.has2m ?? true,
        accessedDirty: options.accessedDirty ?? accessedDirtyDefault,
        executeOnly: options.executeOnly ?? true,
        mbec: options.mbec ?? false,
        snoopControl: options.snoopControl ?? true,
        deviceTlb: options.deviceTlb ?? false,
        nx: options.nx ?? true,
    };
}
function faultsOf(entry, shape, reservedFaults) {
    if (!shape.present)
        return [];
    if (entry.marker?.when(shape))
        return failedChecks([entry.marker], shape);
    return [...failedChecks(entry.checks, shape), ...reservedFaults];
}
const isLevel = (hot, level) => Number.isInteger(level) && level >= 1 && level <= hot.maxLevels;
/** A level that the format lacks is read as the nearest one it has, and gets a fault of its own. */
function shapeOf(hot, entry, raw, asked, given) {
    const level = isLevel(hot, asked) ? asked : asked > hot.maxLevels ? hot.maxLevels : 1;
    const lo = raw.lo >>> 0;
    const hi = raw.hi >>> 0;
    const options = resolve(given, entry.accessedDirtyDefault);
    const kind = entry.kindWith?.(lo, hi, level, options) ?? hot.kindOf(lo, hi, level);
    const present = kind !== EMPTY && kind !== SOFTWARE;
    const order = kind === LEAF ? hot.orderOf(lo, hi, level) : 0;
    const shape = { lo, hi, level, present, leaf: present && entry.isLeaf(lo, level), order, options };
    return { kind, shape };
}
/** The contract's `decode` for a format described by a table. Never throws. */
export function decodeEntry(hot, entry, raw, asked, given = {}) {
    const { kind, shape } = shapeOf(hot, entry, raw, asked, given);
    const { lo, hi, level } = shape;
    const reading = readFields(entry.rows, [{ lo, hi }], shape);
    const faults = [...faultsOf(entry, shape, reading.faults)];
    if (shape.present && !isLevel(hot, asked))
        faults.push({ code: "no-such-level", says: `${hot.title} has levels 1 to ${hot.maxLevels}, not ${asked}` });
    return {
        kind: faults.length > 0 ? FAULT : kind,
        frame: kind === LEAF || kind === TABLE ? hot.frameOf(lo, hi, level) : null,
        order: kind === LEAF ? shape.order : null,
        nextLevel: kind === TABLE ? hot.nextLevelOf(lo, hi, level) : null,
        access: shape.present ? entry.access(shape) : "---",
        memoryType: kind === LEAF ? entry.memoryType(shape) : null,
        fields: reading.fields,
        faults,
    };
}
/** The bits that must be zero in an entry of this one's kind and size; none in one that is not present. */
export function reservedOf(hot, entry, raw, level, given = {}) {
    return reservedMask(entry.rows, shapeOf(hot, entry, raw, level, given).shape);
}
