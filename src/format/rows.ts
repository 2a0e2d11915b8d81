/**
 * Rows of bit-field tables. A table's rows are the rows of the manual's table. Where two applicable rows cover a bit, the
 * later one owns it: an address row is followed by the rows that reserve its upper and lower ends.
 */
/** Highest and lowest bit, both included. A span whose highest bit is below its lowest is empty. */
export type Span = readonly [hi: number, lo: number];

/** One row: `N` is its name, `S` what its predicates may ask about the value that is being read. */
export interface Row<N extends string = string, S = unknown> {
  readonly bits: Span | ((shape: S) => Span);
  readonly name: N;
  readonly role: "value" | "address" | "ignored" | "reserved";
  readonly when: (shape: S) => boolean;
  /** A sentence, one sentence a value, or a function of the right-aligned value. */
  readonly says: string | readonly string[] | ((value: number, shape: S) => string);
  /** Reserved rows: code of the fault when a bit is set. */
  readonly code?: string;
}

/** A rule beyond "must be zero". */
export interface Check<S = unknown> {
  readonly code: string;
  readonly when: (shape: S) => boolean;
  readonly says: string;
}

type When<S> = (shape: S) => boolean;
const always = (): boolean => true;

export const value = <const N extends string, S = unknown>(
  hi: number,
  lo: number,
  name: N,
  says: Row<N, S>["says"],
  when: When<S> = always,
): Row<N, S> => ({ bits: [hi, lo], name, role: "value", when, says });

/** A single bit with a sentence for clear and one for set. */
export const flag = <const N extends string, S = unknown>(
  bit: number,
  name: N,
  clear: string,
  set: string,
  when: When<S> = always,
): Row<N, S> => value(bit, bit, name, [clear, set], when);

/** An address, shown in place (`0x7f000000`), not right-aligned. */
export const address = <const N extends string, S = unknown>(
  hi: number,
  lo: number,
  name: N,
  says: string,
  when: When<S> = always,
): Row<N, S> => ({ bits: [hi, lo], name, role: "address", when, says });

/** Bits that hardware ignores; `says` tells what software is known to keep there. */
export const ignored = <S = unknown>(
  hi: number,
  lo: number,
  says: Row<"ignored", S>["says"] = "ignored by hardware",
  when: When<S> = always,
): Row<"ignored", S> => ({ bits: [hi, lo], name: "ignored", role: "ignored", when, says });

/** Bits that must be zero; a set bit is a fault with this code. */
export const reserved = <S = unknown>(
  bits: Row<"reserved", S>["bits"],
  code = "reserved-bits",
  says = "must be zero",
  when: When<S> = always,
): Row<"reserved", S> => ({ bits, name: "reserved", role: "reserved", when, says, code });

/** For bits of a register or structure that page-table-formats.md does not name: a first row, that the others overlay. */
export const undescribed = (hi: number, lo: number): Row<"undescribed"> =>
  value(hi, lo, "undescribed", "reserved or not described");
