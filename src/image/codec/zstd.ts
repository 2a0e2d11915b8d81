/** Zstandard, one frame of one page (RFC 8878). Bounded by the page: nothing larger is ever made. */
import { backwardBits } from "./bits.ts";
import { type FseTable, fseTable, type HuffmanTable, huffman, readFse, readHuffman, rleTable } from "./entropy.ts";
import { BAD_COPY, type Decompressed, ENDS_EARLY, literals, repeat, wrongLength } from "./output.ts";

const MAGIC = 0xfd2fb528;
const BROKEN_TABLE = "a code table is malformed";
const BROKEN_STREAM = "a bit stream is malformed";

/** A kind of symbol in a sequence: predefined table, limits, and per code the first value and how many bits follow. */
interface Alphabet {
  readonly standard: FseTable;
  readonly maxLog: number;
  readonly maxCode: number;
  readonly extra: readonly number[];
  readonly first: readonly number[];
}

function alphabet(
  log: number,
  counts: readonly number[],
  maxLog: number,
  start: number,
  extra: readonly number[],
): Alphabet {
  const first: number[] = [];
  let value = start;
  for (const bits of extra) {
    first.push(value);
    value += 2 ** bits;
  }
  return { standard: fseTable(log, counts)!, maxLog, maxCode: extra.length - 1, extra, first };
}

const times = (count: number, value: number): number[] => new Array<number>(count).fill(value);
const WIDE = [7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
const LITERAL_LENGTHS = alphabet(
  6,
  [4, 3, ...times(11, 2), 1, 1, 1, ...times(9, 2), 3, 2, 1, 1, 1, 1, 1, -1, -1, -1, -1],
  9,
  0,
  [...times(16, 0), 1, 1, 1, 1, 2, 2, 3, 3, 4, 6, ...WIDE],
);
const MATCH_LENGTHS = alphabet(6, [1, 4, 3, ...times(6, 2), ...times(37, 1), ...times(7, -1)], 9, 3, [
  ...times(32, 0),
  1,
  1,
  1,
  1,
  2,
  2,
  3,
  3,
  4,
  4,
  5,
  ...WIDE,
]);
const OFFSETS = alphabet(
  5,
  [...times(6, 1), 2, 2, 2, ...times(15, 1), ...times(5, -1)],
  8,
  1,
  Array.from({ length: 32 }, (_, i) => i),
);
/** Bits of an offset's extra value: 2^20 is beyond any page. */
const MAX_OFFSET_BITS = 20;

/** What goes on from block to block. */
interface State {
  readonly out: Uint8Array;
  done: number;
  huffman: HuffmanTable | null;
  readonly tables: (FseTable | null)[];
  readonly offsets: [number, number, number];
}

/** One frame; content after it is ignored, dictionaries are refused, the checksum is not looked at. */
export function zstd(input: Uint8Array, size: number): Decompressed {
  if (input.length < 6) return ENDS_EARLY;
  const data = new DataView(input.buffer, input.byteOffset, input.length);
  if (data.getUint32(0, true) !== MAGIC) return "this is no Zstandard frame";
  const head = input[4]!;
  if ((head & 8) !== 0) return "a reserved bit of the frame header is set";
  if ((head & 3) !== 0) return "a dictionary would be needed";
  const single = (head & 0x20) !== 0;
  let at = 5 + (single ? 0 : 1) + [single ? 1 : 0, 2, 4, 8][head >> 6]!;
  const state: State = {
    out: new Uint8Array(size),
    done: 0,
    huffman: null,
    tables: [null, null, null],
    offsets: [1, 4, 8],
  };
  for (;;) {
    if (at + 3 > input.length) return ENDS_EARLY;
    const header = data.getUint16(at, true) + input[at + 2]! * 65536;
    const length = header >> 3;
    const kind = (header >> 1) & 3;
    at += 3;
    if (kind === 3) return "a block of the reserved kind";
    const stored = kind === 1 ? 1 : length;
    if (at + stored > input.length) return ENDS_EARLY;
    const fault = block(state, kind, input.subarray(at, at + stored), length);
    if (fault !== null) return fault;
    at += stored;
    if ((header & 1) !== 0) break;
  }
  return state.done === size ? state.out : wrongLength(size, state.done);
}

function block(state: State, kind: number, input: Uint8Array, length: number): string | null {
  if (kind === 2) return compressed(state, input);
  if (state.done + length > state.out.length) return BAD_COPY;
  if (kind === 1) state.out.fill(input[0]!, state.done, state.done + length);
  else state.out.set(input, state.done);
  state.done += length;
  return null;
}

function compressed(state: State, input: Uint8Array): string | null {
  const found = literalSection(state, input);
  return typeof found === "string" ? found : sequences(state, input.subarray(found.bytes), found.literals);
}

type Literals = { readonly literals: Uint8Array; readonly bytes: number };

function literalSection(state: State, input: Uint8Array): Literals | string {
  const head = (input[0] ?? 0) | ((input[1] ?? 0) << 8) | ((input[2] ?? 0) << 16);
  const kind = head & 3;
  const form = (head >> 2) & 3;
  if (kind < 2) {
    const start = form === 1 ? 2 : form === 3 ? 3 : 1;
    const count = start === 1 ? (head & 0xff) >> 3 : start === 2 ? (head & 0xffff) >> 4 : head >> 4;
    const stored = kind === 1 ? 1 : count;
    if (start + stored > input.length) return ENDS_EARLY;
    if (count > state.out.length) return BAD_COPY;
    const bytes = input.subarray(start, start + stored);
    return { literals: kind === 1 ? new Uint8Array(count).fill(bytes[0]!) : bytes, bytes: start + stored };
  }
  const start = form < 2 ? 3 : form + 2;
  const width = form < 2 ? 10 : form === 2 ? 14 : 18;
  const all = head + (input[3] ?? 0) * 2 ** 24 + (input[4] ?? 0) * 2 ** 32;
  const count = Math.floor(all / 16) % 2 ** width;
  const stored = Math.floor(all / 2 ** (4 + width)) % 2 ** width;
  if (start + stored > input.length) return ENDS_EARLY;
  if (count > state.out.length) return BAD_COPY;
  let streams = input.subarray(start, start + stored);
  if (kind === 2) {
    const description = readHuffman(streams);
    if (!description) return BROKEN_TABLE;
    state.huffman = description.table;
    streams = streams.subarray(description.bytes);
  }
  const table = state.huffman;
  if (!table) return BROKEN_TABLE;
  const out = new Uint8Array(count);
  const good = form === 0 ? huffman(streams, table, out) : fourStreams(streams, table, out);
  return good ? { literals: out, bytes: start + stored } : BROKEN_STREAM;
}

function fourStreams(input: Uint8Array, table: HuffmanTable, out: Uint8Array): boolean {
  if (input.length < 6) return false;
  const quarter = (out.length + 3) >> 2;
  let at = 6;
  for (let i = 0; i < 4; i++) {
    const end = i === 3 ? input.length : at + input[2 * i]! + input[2 * i + 1]! * 256;
    if (end > input.length || at > end) return false;
    const part = out.subarray(Math.min(i * quarter, out.length), i === 3 ? out.length : (i + 1) * quarter);
    if (!huffman(input.subarray(at, end), table, part)) return false;
    at = end;
  }
  return true;
}

function sequences(state: State, input: Uint8Array, text: Uint8Array): string | null {
  const head = input[0];
  if (head === undefined) return ENDS_EARLY;
  let at = head < 128 ? 1 : head < 255 ? 2 : 3;
  const count =
    head < 128
      ? head
      : head < 255
        ? ((head - 128) << 8) + (input[1] ?? 0)
        : (input[1] ?? 0) + ((input[2] ?? 0) << 8) + 0x7f00;
  if (count === 0) return copyLiterals(state, text, 0, text.length);
  // Each makes three bytes or more.
  if (count * 3 > state.out.length) return BAD_COPY;
  const modes = input[at++] ?? 1;
  if ((modes & 3) !== 0) return "a reserved bit of the sequences' header is set";
  for (const [i, kind] of [LITERAL_LENGTHS, OFFSETS, MATCH_LENGTHS].entries()) {
    const mode = (modes >> (6 - 2 * i)) & 3;
    if (mode === 0) state.tables[i] = kind.standard;
    if (mode === 1) {
      const symbol = input[at++] ?? 255;
      if (symbol > kind.maxCode) return BROKEN_TABLE;
      state.tables[i] = rleTable(symbol);
    }
    if (mode === 2) {
      const description = readFse(input.subarray(at), kind.maxLog, kind.maxCode);
      if (!description) return BROKEN_TABLE;
      state.tables[i] = description.table;
      at += description.bytes;
    }
  }
  return execute(state, input.subarray(at), text, count);
}

function execute(state: State, input: Uint8Array, text: Uint8Array, count: number): string | null {
  const [lengths, offsets, matches] = state.tables;
  const reader = backwardBits(input);
  if (!lengths || !offsets || !matches) return BROKEN_TABLE;
  if (!reader) return BROKEN_STREAM;
  let l = reader.read(lengths.log);
  let o = reader.read(offsets.log);
  let m = reader.read(matches.log);
  let used = 0;
  for (let i = 0; i < count; i++) {
    const offsetBits = offsets.symbols[o]!;
    if (offsetBits > MAX_OFFSET_BITS) return BAD_COPY;
    const offset = 2 ** offsetBits + reader.read(offsetBits);
    const matchCode = matches.symbols[m]!;
    const match = MATCH_LENGTHS.first[matchCode]! + reader.read(MATCH_LENGTHS.extra[matchCode]!);
    const lengthCode = lengths.symbols[l]!;
    const length = LITERAL_LENGTHS.first[lengthCode]! + reader.read(LITERAL_LENGTHS.extra[lengthCode]!);
    if (i + 1 < count) {
      l = lengths.base[l]! + reader.read(lengths.bits[l]!);
      m = matches.base[m]! + reader.read(matches.bits[m]!);
      o = offsets.base[o]! + reader.read(offsets.bits[o]!);
    }
    if (reader.left() < 0) return BROKEN_STREAM;
    const fault = copyLiterals(state, text, used, length);
    if (fault !== null) return fault;
    used += length;
    if (!repeat(state.out, state.done, distanceOf(state.offsets, offset, length), match)) return BAD_COPY;
    state.done += match;
  }
  if (reader.left() !== 0) return BROKEN_STREAM;
  return copyLiterals(state, text, used, text.length - used);
}

function copyLiterals(state: State, text: Uint8Array, from: number, count: number): string | null {
  if (count < 0 || !literals(text, from, state.out, state.done, count)) return BAD_COPY;
  state.done += count;
  return null;
}

/** Values 1 to 3 name one of the last three distances; without literals before, the next one, and 3 the last less one. */
function distanceOf(last: [number, number, number], value: number, literalLength: number): number {
  if (value > 3) {
    [last[1], last[2]] = [last[0], last[1]];
    last[0] = value - 3;
    return last[0];
  }
  const index = value - (literalLength === 0 ? 0 : 1);
  const distance = index === 3 ? last[0] - 1 : last[index]!;
  if (index > 1) last[2] = last[1];
  if (index > 0) last[1] = last[0];
  last[0] = distance;
  return distance;
}
