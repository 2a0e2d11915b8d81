/** Changes to a sample that break readers: single bits, numbers near limits, pieces cut, doubled, swapped, taken from another sample. */

/** Numbers in [0, 2^32) from a seed (mulberry32), so that a case can be had again. */
export type Random = (below: number) => number;

export function randomFrom(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return Math.floor((((t ^ (t >>> 14)) >>> 0) / 2 ** 32) * below);
  };
}

const NUMBERS: readonly bigint[] = [
  0n,
  1n,
  2n,
  0x7fn,
  0xffn,
  0x1000n,
  0xffffn,
  0x7fffffffn,
  0x80000000n,
  0xffffffffn,
  1n << 40n,
  (1n << 52n) - 1n,
  1n << 53n,
  -1n,
  -4096n,
];

const pick = <T>(random: Random, list: readonly T[]): T => list[random(list.length)]!;

/** Overwrite `width` bytes. */
function put(bytes: Uint8Array, at: number, width: number, value: bigint, little: boolean): void {
  for (let i = 0; i < width && at + i < bytes.length; i++)
    bytes[at + i] = Number((value >> BigInt(8 * (little ? i : width - 1 - i))) & 0xffn);
}

const joined = (...parts: readonly Uint8Array[]): Uint8Array => {
  const all = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/**
 * A sample with one to six changes, most of them in its first `head` bytes: headers matter more than what they head. It grows
 * to twice its size at most.
 */
export function mutateBytes(
  sample: Uint8Array,
  head: number,
  others: readonly Uint8Array[],
  random: Random,
): Uint8Array {
  let bytes: Uint8Array = sample.slice();
  const place = (): number => random(random(4) === 0 ? bytes.length : Math.min(head, bytes.length));
  for (let changes = 1 + random(6); changes > 0 && bytes.length > 0; changes--) {
    const at = place();
    const width = pick(random, [1, 2, 4, 8]);
    switch (random(12)) {
      case 0:
      case 1:
      case 2:
        bytes[at] = bytes[at]! ^ (1 << random(8));
        break;
      case 3:
        bytes[at] = random(256);
        break;
      case 4:
      case 5:
      case 6:
        put(bytes, at - (at % width), width, pick(random, NUMBERS), random(4) !== 0);
        break;
      case 7:
        put(bytes, at - (at % width), width, BigInt(random(2 * bytes.length)), random(4) !== 0);
        break;
      case 8:
        if (random(4) === 0) bytes = bytes.slice(0, at);
        break;
      case 9:
        bytes.copyWithin(at, place(), place());
        break;
      case 10: {
        const end = Math.min(bytes.length, at + random(64));
        if (bytes.length + end - at <= 2 * sample.length) bytes = joined(bytes.subarray(0, end), bytes.subarray(at));
        break;
      }
      default: {
        const other = pick(random, others);
        const from = random(other.length);
        bytes.set(other.subarray(from, Math.min(other.length, from + random(256), from + bytes.length - at)), at);
      }
    }
  }
  return bytes;
}

const WORDS: readonly string[] = [
  "0x",
  "0xffffffffffffffff",
  "-1",
  "9".repeat(20),
  "__proto__",
  "constructor",
  "\0",
  "\r",
  "\t",
  "\u001b[2J",
  "\ufeff",
  "'",
  '"',
  "[",
  "]",
  "{",
  "}",
  "=",
  ",",
  ":",
  "(XEN) ",
  "> ",
  " ".repeat(300),
  "\ud800",
  "null",
  "1e308",
];

/** The same for text: lines and pieces of lines, numbers, and words that have a meaning somewhere. */
export function mutateText(sample: string, others: readonly string[], random: Random): string {
  let text = sample;
  for (let changes = 1 + random(6); changes > 0; changes--) {
    const at = random(text.length + 1);
    const to = Math.min(text.length, at + random(40));
    switch (random(9)) {
      case 0:
        text = text.slice(0, at) + text.slice(to);
        break;
      case 1:
        text = text.slice(0, to) + text.slice(at);
        break;
      case 2:
      case 3:
        text = text.slice(0, at) + pick(random, WORDS) + text.slice(at);
        break;
      case 4:
        text = text.slice(0, at) + String.fromCharCode(random(random(4) === 0 ? 65536 : 128)) + text.slice(at + 1);
        break;
      case 5: {
        const lines = text.split("\n");
        const [i, j] = [random(lines.length), random(lines.length)];
        [lines[i], lines[j]] = [lines[j]!, lines[i]!];
        text = lines.join("\n");
        break;
      }
      case 6: {
        const lines = text.split("\n");
        const i = random(lines.length);
        lines.splice(i, random(2), lines[random(lines.length)]!);
        text = lines.join("\n");
        break;
      }
      case 7: {
        // A number that is another one.
        const numbers = [...text.matchAll(/(?:0x)?[0-9a-f]{1,16}/gi)];
        const found = numbers.length > 0 ? pick(random, numbers) : undefined;
        if (found) {
          const value = BigInt.asUintN(64, pick(random, NUMBERS)).toString(random(2) === 0 ? 16 : 10);
          text = text.slice(0, found.index) + value + text.slice(found.index + found[0].length);
        }
        break;
      }
      default: {
        const other = pick(random, others);
        const from = random(other.length);
        text = text.slice(0, at) + other.slice(from, from + random(120)) + text.slice(at);
      }
    }
  }
  return text.length > 2 * sample.length + 4096 ? text.slice(0, 2 * sample.length + 4096) : text;
}
