import { hex64 } from "../address.ts";
import { type Raw, raw64 } from "../format/format.ts";
import { WORDS } from "../memory/memory.ts";

/** Entries by index: "i" with a value, or "i-j" with first value and step of an arithmetic run; zero left out. */
export type SnapshotEntries = Readonly<Record<string, string | readonly [string, string]>>;

const ENTRIES = WORDS / 2;
const MASK = (1n << 64n) - 1n;
/** Shortest run that is written as first value and step. */
const RUN = 4;

/** A value of foreign JSON, for a message: short, and nothing that a terminal obeys. */
export const found = (value: unknown): string =>
  (JSON.stringify(value) ?? String(value)).slice(0, 60).replace(/\p{Cc}/gu, "?");

/** "0x…" of at most 64 bits, or where a sign may stand "-0x…", modulo 2^64. Throws SyntaxError for anything else. */
function word(text: unknown, signed: boolean): bigint {
  if (typeof text !== "string" || !(signed ? /^-?0x[0-9a-f]{1,16}$/i : /^0x[0-9a-f]{1,16}$/i).test(text))
    throw new SyntaxError(
      `expected ${signed ? '"0x…" or "-0x…"' : '"0x…"'} of at most 16 digits, found ${found(text)}`,
    );
  return text.startsWith("-") ? -BigInt(text.slice(1)) & MASK : BigInt(text);
}

/** First and last index of a key. Throws SyntaxError. */
function indices(key: string): [first: number, last: number] {
  const match = /^(\d{1,3})(?:-(\d{1,3}))?$/.exec(key);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || last >= ENTRIES || first > last)
    throw new SyntaxError(`expected an index from 0 to 511 or two like "0-511"`);
  return [first, last];
}

/** Throws SyntaxError unless a value is what its key calls for: one word, or first word and step of a run. */
function firstAndStep(key: string, value: unknown): [first: Raw, step: Raw] {
  if (!key.includes("-")) return [raw64(word(value, false)), { lo: 0, hi: 0 }];
  if (!Array.isArray(value) || value.length !== 2)
    throw new SyntaxError(`expected ["0xfirst", "0xstep"], found ${found(value)}`);
  return [raw64(word(value[0], false)), raw64(word(value[1], true))];
}

/** Store an arithmetic run modulo 2^64. */
function fill(words: Uint32Array, first: number, last: number, value: Raw, step: Raw): void {
  let { lo, hi } = value;
  for (let i = first; i <= last; i++) {
    words[2 * i] = lo;
    words[2 * i + 1] = hi;
    const low = lo + step.lo;
    hi = (hi + step.hi + (low >= 2 ** 32 ? 1 : 0)) >>> 0;
    lo = low >>> 0;
  }
}

/**
 * The words of one frame. Throws SyntaxError that names `name` and the entry at fault: a key that is no index or run of
 * indices, a value that does not fit its key or 64 bits, an entry given twice.
 */
export function decodeFrame(name: string, entries: unknown): Uint32Array {
  if (typeof entries !== "object" || entries === null || Array.isArray(entries))
    throw new SyntaxError(`frame ${name}: expected an object of entries, found ${found(entries)}`);
  const words = new Uint32Array(WORDS);
  const given = new Uint8Array(ENTRIES);
  for (const [key, value] of Object.entries(entries)) {
    try {
      const [first, last] = indices(key);
      if (given.subarray(first, last + 1).includes(1)) throw new SyntaxError("given twice");
      given.fill(1, first, last + 1);
      fill(words, first, last, ...firstAndStep(key, value));
    } catch (error) {
      throw error instanceof SyntaxError
        ? new SyntaxError(`frame ${name}, entry ${found(key)}: ${error.message}`)
        : error;
    }
  }
  return words;
}

const signed = (step: bigint): string => (step < 0n ? `-0x${(-step).toString(16)}` : `0x${step.toString(16)}`);

/** One frame as snapshot entries: arithmetic runs of four and more are folded, zero entries left out. */
export function encodeFrame(words: Uint32Array): SnapshotEntries {
  const entries: Record<string, string | [string, string]> = {};
  const at = (i: number): bigint => (BigInt(words[2 * i + 1]!) << 32n) | BigInt(words[2 * i]!);
  for (let i = 0; i < ENTRIES; ) {
    const first = at(i);
    const step = i + 1 < ENTRIES ? at(i + 1) - first : 0n;
    let next = i + 1;
    while (next < ENTRIES && at(next) - at(next - 1) === step) next++;
    const folds = next - i >= RUN;
    if (folds && (first !== 0n || step !== 0n)) entries[`${i}-${next - 1}`] = [`0x${first.toString(16)}`, signed(step)];
    else if (!folds && first !== 0n) entries[String(i)] = hex64(words[2 * i]!, words[2 * i + 1]!);
    i = folds ? next : i + 1;
  }
  return entries;
}
