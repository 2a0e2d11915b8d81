/** Formats whose address field has attribute bits in it: memory encryption's C-bit (page-table-formats.md 2.3). */
import { bitsText } from "./fields.ts";
import { bits64, type Field, type Format, type Raw, raw64 } from "./format.ts";

const ADDRESS = 0x000ffffffffff000n;

/** Cuts a field at the masked bits, so that each masked bit is a field of its own. */
function cut(field: Field, raw: bigint, mask: bigint): Field[] {
  const [first, last] = field.bits.split(":").map(Number);
  const hi = first ?? 0;
  const lo = last ?? hi;
  const span = (1n << BigInt(hi + 1)) - (1n << BigInt(lo));
  if ((mask & span) === 0n) return [field];
  const parts: Field[] = [];
  for (let top = hi; top >= lo; ) {
    const masked = (mask >> BigInt(top)) & 1n;
    let low = top;
    while (masked === 0n && low > lo && ((mask >> BigInt(low - 1)) & 1n) === 0n) low--;
    const bits = bitsText(top, low);
    if (masked === 1n)
      parts.push({ bits, name: "C", value: `${(raw >> BigInt(top)) & 1n}`, says: "an attribute, not address" });
    else {
      // An address is shown in place, anything else right-aligned.
      const part =
        (raw & ((1n << BigInt(top + 1)) - (1n << BigInt(low)))) >> (field.name === "address" ? 0n : BigInt(low));
      parts.push({ ...field, bits, value: `0x${part.toString(16)}` });
    }
    top = low - 1;
  }
  return parts;
}

/**
 * The format with some bits of its address field taken as attributes: they are stripped before an entry is looked at,
 * shown as fields named "C", and left out of `addressMask`, so that they show in flags. Encoders are unchanged: set
 * the bit with `software`. Throws RangeError for a bit outside 51:12.
 */
export function withAddressMask(format: Format, bits: Raw): Format {
  const mask = bits64(bits);
  if ((mask & ~ADDRESS) !== 0n) throw new RangeError(`not all in bits 51:12: 0x${mask.toString(16)}`);
  const keep = raw64(~mask & 0xffffffffffffffffn);
  return {
    ...format,
    // No pointer is plain: its address has bits to be stripped.
    plain: { ...format.plain, mask: 0, value: 1, perLevel: 0 },
    kindOf: (lo, hi, level) => format.kindOf((lo & keep.lo) >>> 0, (hi & keep.hi) >>> 0, level),
    frameOf: (lo, hi, level) => format.frameOf((lo & keep.lo) >>> 0, (hi & keep.hi) >>> 0, level),
    nextLevelOf: (lo, hi, level) => format.nextLevelOf((lo & keep.lo) >>> 0, (hi & keep.hi) >>> 0, level),
    orderOf: (lo, hi, level) => format.orderOf((lo & keep.lo) >>> 0, (hi & keep.hi) >>> 0, level),
    resizeLeaf(lo, hi, level, frame, order) {
      const inner = format.resizeLeaf((lo & keep.lo) >>> 0, (hi & keep.hi) >>> 0, level, frame, order);
      return { lo: (inner.lo | (lo & bits.lo)) >>> 0, hi: (inner.hi | (hi & bits.hi)) >>> 0 };
    },
    decode(raw, level, options) {
      const entry = format.decode({ lo: (raw.lo & keep.lo) >>> 0, hi: (raw.hi & keep.hi) >>> 0 }, level, options);
      return { ...entry, fields: entry.fields.flatMap((field) => cut(field, bits64(raw), mask)) };
    },
    addressMask(lo, hi, level) {
      const inner = format.addressMask((lo & keep.lo) >>> 0, (hi & keep.hi) >>> 0, level);
      return { lo: (inner.lo & keep.lo) >>> 0, hi: (inner.hi & keep.hi) >>> 0 };
    },
  };
}
