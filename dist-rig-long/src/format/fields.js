/**
 * What is derived from a table of rows: the fields of a value in descending order, its reserved-bit faults and masks,
 * single values, and the value that holds given fields.
 */
import { raw64 } from "./format.js";
const spanOf = (row, shape) => typeof row.bits === "function" ? row.bits(shape) : row.bits;
/** Which row owns which bits, in descending order. */
function segments(rows, bitCount, shape) {
    const owners = new Array(bitCount).fill(undefined);
    for (const row of rows) {
        if (!row.when(shape))
            continue;
        const [hi, lo] = spanOf(row, shape);
        if (hi >= lo)
            owners.fill(row, lo, hi + 1);
    }
    const found = [];
    for (let hi = bitCount - 1; hi >= 0;) {
        const row = owners[hi];
        let lo = hi;
        while (lo > 0 && owners[lo - 1] === row)
            lo--;
        if (row !== undefined)
            found.push({ row, hi, lo });
        hi = lo - 1;
    }
    return found;
}
/** Bits hi:lo, right-aligned; a field never crosses a quadword. */
function extract(words, hi, lo) {
    const word = words[lo >>> 6] ?? { lo: 0, hi: 0 };
    const raw = (BigInt(word.hi >>> 0) << 32n) | BigInt(word.lo >>> 0);
    return (raw >> BigInt(lo & 63)) & ((1n << BigInt(hi - lo + 1)) - 1n);
}
/** "hi:lo", or "n" for a single bit. */
export const bitsText = (hi, lo) => (hi === lo ? `${hi}` : `${hi}:${lo}`);
/** Up to four bits in decimal, wider in hex, an address in place. */
function valueText(number, { row, hi, lo }) {
    if (row.role === "address")
        return `0x${(number << BigInt(lo & 63)).toString(16)}`;
    return hi - lo < 4 ? number.toString() : `0x${number.toString(16)}`;
}
function sentence(row, number, shape) {
    const { says } = row;
    if (typeof says === "function")
        return says(Number(number), shape);
    if (typeof says === "string")
        return says;
    return says[Number(number)] ?? "reserved value";
}
/** Reads the quadwords `words` (word i holds bits 64i+63:64i) by a table. Never throws. */
export function readFields(rows, words, shape) {
    const fields = [];
    const faults = [];
    for (const segment of segments(rows, words.length * 64, shape)) {
        const { row, hi, lo } = segment;
        const number = extract(words, hi, lo);
        const bits = bitsText(hi, lo);
        const text = valueText(number, segment);
        const says = sentence(row, number, shape);
        fields.push({ bits, name: row.name, value: text, says });
        if (row.code !== undefined && number !== 0n)
            faults.push({ code: row.code, says: `bits ${bits} hold ${text}: ${says}` });
    }
    return { fields, faults };
}
/** The bits that must be zero in a 64-bit value of this shape. */
export function reservedMask(rows, shape) {
    let mask = 0n;
    for (const { row, hi, lo } of segments(rows, 64, shape))
        if (row.role === "reserved")
            mask |= ((1n << BigInt(hi - lo + 1)) - 1n) << BigInt(lo);
    return raw64(mask);
}
/** The faults of the checks that apply. */
export const failedChecks = (checks, shape) => checks.filter((check) => check.when(shape)).map(({ code, says }) => ({ code, says }));
/** The row that names a field of this shape. Throws RangeError for a name that no row has: a fault of the caller. */
function rowNamed(rows, name, shape) {
    const row = rows.find((candidate) => candidate.name === name && candidate.when(shape));
    if (row === undefined)
        throw new RangeError(`no field named ${name} in this structure`);
    return spanOf(row, shape);
}
/** A field's right-aligned value; an address field's is its frame number. Exact to 53 bits. */
export function fieldValue(rows, words, name, shape) {
    const [hi, lo] = rowNamed(rows, name, shape);
    return Number(extract(words, hi, lo));
}
/**
 * The quadwords of a structure from right-aligned field values; fields left out are zero. Throws RangeError for a value
 * that is not a whole number or does not fit its field.
 */
export function packFields(rows, wordCount, values, shape) {
    const words = new Array(wordCount).fill(0n);
    for (const [name, number] of Object.entries(values)) {
        if (number === undefined)
            continue;
        const [hi, lo] = rowNamed(rows, name, shape);
        if (!Number.isInteger(number) || number < 0 || number >= 2 ** (hi - lo + 1))
            throw new RangeError(`${name} does not fit bits ${bitsText(hi, lo)}: ${number}`);
        const index = lo >>> 6;
        words[index] = (words[index] ?? 0n) | (BigInt(number) << BigInt(lo & 63));
    }
    return words.map(raw64);
}
