/** Zstandard's entropy coders: finite-state entropy and Huffman (RFC 8878, sections 4.1 and 4.2). */
import { type BitReader, backwardBits, forwardBits } from "./bits.ts";

/** A decoding table by state. */
export interface FseTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
  readonly base: Uint16Array;
}

/** The table of a distribution; −1 stands for "less than one". Null unless it fills the table. */
export function fseTable(log: number, counts: readonly number[]): FseTable | null {
  const size = 1 << log;
  if (counts.reduce((sum, count) => sum + Math.abs(count), 0) !== size) return null;
  const symbols = new Uint8Array(size);
  const next = counts.map((count) => Math.abs(count));
  let high = size;
  counts.forEach((count, symbol) => {
    if (count === -1) symbols[--high] = symbol;
  });
  const step = (size >> 1) + (size >> 3) + 3;
  let at = 0;
  counts.forEach((count, symbol) => {
    for (let i = 0; i < count; i++) {
      symbols[at] = symbol;
      do at = (at + step) & (size - 1);
      while (at >= high);
    }
  });
  const bits = new Uint8Array(size);
  const base = new Uint16Array(size);
  for (let state = 0; state < size; state++) {
    const count = next[symbols[state]!]!++;
    bits[state] = log - (31 - Math.clz32(count));
    base[state] = (count << bits[state]!) - size;
  }
  return { log, symbols, bits, base };
}

/** A table that always gives one symbol. */
export const rleTable = (symbol: number): FseTable => ({
  log: 0,
  symbols: Uint8Array.of(symbol),
  bits: new Uint8Array(1),
  base: new Uint16Array(1),
});

/** Reads a table's description. Null where it is none; `bytes` is what it takes. */
export function readFse(
  input: Uint8Array,
  maxLog: number,
  maxSymbol: number,
): { readonly table: FseTable; readonly bytes: number } | null {
  const reader = forwardBits(input);
  const log = reader.read(4) + 5;
  if (log > maxLog) return null;
  const counts: number[] = [];
  for (let left = 1 << log; left > 0; ) {
    if (counts.length > maxSymbol || reader.left() <= 0) return null;
    const width = 32 - Math.clz32(left + 1);
    const low = (1 << (width - 1)) - 1;
    const spare = (1 << width) - 2 - left;
    let value = reader.peek(width);
    if ((value & low) < spare) {
      value &= low;
      reader.read(width - 1);
    } else {
      reader.read(width);
      if (value > low) value -= spare;
    }
    const count = value - 1;
    left -= Math.abs(count);
    counts.push(count);
    for (let more = count === 0 ? 3 : 0; more === 3; ) {
      more = reader.read(2);
      for (let i = 0; i < more; i++) counts.push(0);
      if (counts.length > maxSymbol + 1) return null;
    }
  }
  if (reader.left() < 0 || counts.length > maxSymbol + 1) return null;
  const table = fseTable(log, counts);
  return table && { table, bytes: Math.ceil((input.length * 8 - reader.left()) / 8) };
}

/** A prefix code: what the next `log` bits stand for. */
export interface HuffmanTable {
  readonly log: number;
  readonly symbols: Uint8Array;
  readonly bits: Uint8Array;
}

const MAX_LOG = 11;
const MAX_WEIGHTS = 255;

/** Weights that are coded with two states in turn, until their bits are used up. */
function codedWeights(input: Uint8Array): number[] | null {
  const description = readFse(input, 6, 12);
  const reader = description && backwardBits(input.subarray(description.bytes));
  if (!description || !reader) return null;
  const { table } = description;
  const states = [reader.read(table.log), reader.read(table.log)];
  if (reader.left() < 0) return null;
  const weights: number[] = [];
  for (let turn = 0; ; turn ^= 1) {
    const state = states[turn]!;
    weights.push(table.symbols[state]!);
    states[turn] = table.base[state]! + reader.read(table.bits[state]!);
    if (weights.length > MAX_WEIGHTS) return null;
    if (reader.left() < 0) {
      weights.push(table.symbols[states[turn ^ 1]!]!);
      return weights;
    }
  }
}

/** Reads a Huffman table's description. Null where it is none; `bytes` is what it takes. */
export function readHuffman(input: Uint8Array): { readonly table: HuffmanTable; readonly bytes: number } | null {
  const head = input[0];
  if (head === undefined) return null;
  const bytes = 1 + (head < 128 ? head : (head - 126) >> 1);
  if (bytes > input.length) return null;
  const weights =
    head < 128
      ? codedWeights(input.subarray(1, bytes))
      : Array.from({ length: head - 127 }, (_, i) => (input[1 + (i >> 1)]! >> (i % 2 === 0 ? 4 : 0)) & 15);
  const table = weights && huffmanTable(weights);
  return table && { table, bytes };
}

/** The last symbol's weight is left out: it makes the sum a power of two. */
function huffmanTable(weights: number[]): HuffmanTable | null {
  const sum = weights.reduce((total, weight) => total + (weight > 0 ? 2 ** (weight - 1) : 0), 0);
  if (sum === 0 || weights.length > MAX_WEIGHTS) return null;
  const log = 32 - Math.clz32(sum);
  const rest = 2 ** log - sum;
  if (log > MAX_LOG || (rest & (rest - 1)) !== 0) return null;
  weights.push(32 - Math.clz32(rest));
  const symbols = new Uint8Array(1 << log);
  const bits = new Uint8Array(1 << log);
  let at = 0;
  for (let weight = 1; weight <= log; weight++)
    weights.forEach((own, symbol) => {
      if (own !== weight) return;
      const end = at + (1 << (weight - 1));
      symbols.fill(symbol, at, end);
      bits.fill(log + 1 - weight, at, end);
      at = end;
    });
  return at === 1 << log ? { log, symbols, bits } : null;
}

/** Decodes one stream into `out`, which it must fill with its last bit: then only the state's own bits are left over. */
export function huffman(input: Uint8Array, table: HuffmanTable, out: Uint8Array): boolean {
  const reader: BitReader | null = backwardBits(input);
  if (!reader) return false;
  const mask = (1 << table.log) - 1;
  let state = reader.read(table.log);
  for (let i = 0; i < out.length; i++) {
    out[i] = table.symbols[state]!;
    const bits = table.bits[state]!;
    state = ((state << bits) | reader.read(bits)) & mask;
  }
  return reader.left() === -table.log;
}
