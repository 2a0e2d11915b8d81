import { frameField } from "../../format/format.ts";
import { indexAt, slotOfIndex } from "../../radix/tree.ts";

/**
 * Contiguity markers (xen-mapping.md 7.8): every entry of an IOMMU table from 4.17 on carries a 4-bit number m in bits
 * that hardware ignores. The 2^m entries from it on are known to be alike: all empty, or leaves with the same flags
 * and consecutive, aligned addresses. They tell in constant time when a table is complete (and may become one larger
 * leaf) or empty (and may be freed).
 */

/** Where a driver keeps the marker: word of the entry (0 low, 1 high half) and its shift in that word. */
export interface MarkerPlace {
  readonly word: 0 | 1;
  readonly shift: number;
}

export type StoredKind = "empty" | "leaf" | "table";

const trailingZeros = (i: number): number => (i === 0 ? 9 : 31 - Math.clz32(i & -i));

const templates = new Map<MarkerPlace, Uint32Array>();

/** Give a fresh, empty table its initial markers: 9 at the head, trailing zeros of the index elsewhere. */
export function initMarkers(words: Uint32Array, place: MarkerPlace): void {
  let template = templates.get(place);
  if (!template) {
    template = new Uint32Array(1024);
    for (let i = 0; i < 512; i++) template[2 * i + place.word] = trailingZeros(i) << place.shift;
    templates.set(place, template);
  }
  words.set(template);
}

const get = (words: Uint32Array, i: number, place: MarkerPlace): number =>
  (words[2 * i + place.word]! >>> place.shift) & 15;

function set(words: Uint32Array, i: number, place: MarkerPlace, value: number): void {
  const at = 2 * i + place.word;
  words[at] = ((words[at]! & ~(15 << place.shift)) | (value << place.shift)) >>> 0;
}

/** Bits of an entry's half that are no marker. */
const withoutMarker = (place: MarkerPlace, word: 0 | 1): number => (place.word === word ? ~(15 << place.shift) : -1);

/**
 * Whether entry j continues the group of entry i: both empty, or leaves that differ in exactly one bit, the address
 * bit `bit` of the entry (markers excluded).
 */
function matches(words: Uint32Array, i: number, j: number, kind: StoredKind, bit: number, place: MarkerPlace): boolean {
  const lo = words[2 * j]! & withoutMarker(place, 0);
  const hi = words[2 * j + 1]! & withoutMarker(place, 1);
  if (kind === "empty") return lo === 0 && hi === 0;
  const xorLo = (lo ^ (words[2 * i]! & withoutMarker(place, 0))) >>> 0;
  const xorHi = (hi ^ (words[2 * i + 1]! & withoutMarker(place, 1))) >>> 0;
  return bit < 32 ? xorLo === (1 << bit) >>> 0 && xorHi === 0 : xorLo === 0 && xorHi === (1 << (bit - 32)) >>> 0;
}

/** What `updateMarkers` found: whether the table is one group now, and how many markers it stored. */
export const COMPLETE = 1 << 16;

/**
 * Bring the markers up to date after the entry at place `index`, whose low nine bits are its slot, was stored with marker
 * 0. `level` is the table's level, for the address bit by which neighbours must differ. Returns the number of marker
 * stores, plus COMPLETE when all 512 entries are one group.
 */
export function updateMarkers(
  words: Uint32Array,
  index: number,
  level: number,
  kind: StoredKind,
  place: MarkerPlace,
): number {
  let stores = 0;
  const first = index - slotOfIndex(index);
  // 1. Groups to the left that reached over this entry shrink.
  for (let i = slotOfIndex(index); i !== 0; ) {
    const b = trailingZeros(i);
    i &= i - 1;
    if (get(words, first + i, place) <= b) break;
    set(words, first + i, place, b);
    stores++;
  }
  if (kind === "table") return stores;
  // 2. A leaf whose place disagrees with its address can never be part of a larger page.
  const frame = frameField(words[2 * index]!, words[2 * index + 1]!);
  if (kind === "leaf" && indexAt(frame, level) !== slotOfIndex(index)) return stores;
  /** Address bit of an entry worth one page of this level. */
  const pageBit = 12 + 9 * (level - 1);
  let idx = index;
  let b = 0;
  // 3. Grow to the right.
  while (b < 9 && (idx & (1 << b)) === 0) {
    const j = idx | (1 << b);
    if (!matches(words, idx, j, kind, pageBit + b, place) || get(words, j, place) !== b) break;
    b++;
  }
  // 4. Record, and merge with the left.
  for (;;) {
    set(words, idx, place, b);
    stores++;
    if (b === 9) return stores + COMPLETE;
    const j = idx ^ (1 << b);
    if (!matches(words, idx, j, kind, pageBit + b, place) || get(words, j, place) !== b) return stores;
    idx &= ~(1 << b);
    b++;
  }
}
