const always = () => true;
export const value = (hi, lo, name, says, when = always) => ({ bits: [hi, lo], name, role: "value", when, says });
/** A single bit with a sentence for clear and one for set. */
export const flag = (bit, name, clear, set, when = always) => value(bit, bit, name, [clear, set], when);
/** An address, shown in place (`0x7f000000`), not right-aligned. */
export const address = (hi, lo, name, says, when = always) => ({ bits: [hi, lo], name, role: "address", when, says });
/** Bits that hardware ignores; `says` tells what software is known to keep there. */
export const ignored = (hi, lo, says = "ignored by hardware", when = always) => ({ bits: [hi, lo], name: "ignored", role: "ignored", when, says });
/** Bits that must be zero; a set bit is a fault with this code. */
export const reserved = (bits, code = "reserved-bits", says = "must be zero", when = always) => ({ bits, name: "reserved", role: "reserved", when, says, code });
/** For bits of a register or structure that page-table-formats.md does not name: a first row, that the others overlay. */
export const undescribed = (hi, lo) => value(hi, lo, "undescribed", "reserved or not described");
