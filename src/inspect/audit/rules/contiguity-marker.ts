import { type Format, frameField, LEAF, TABLE } from "../../../format/format.ts";
import { indexAt, pagesAt } from "../../../radix/tree.ts";
import type { Hit, Rule, SurveyedTree, Visit } from "../rule.ts";

/** Where the marker stands: xen-mapping.md 7.8. */
const PLACES = { vtd: { word: 1, shift: 20 }, amdvi: { word: 0, shift: 1 } } as const;

type Place = (typeof PLACES)[keyof typeof PLACES];

const trailingZeros = (i: number): number => (i === 0 ? 9 : 31 - Math.clz32(i & -i));

function placeIn({ name }: Format): Place | null {
  return name === "vtd" || name === "amdvi" ? PLACES[name] : null;
}

/** Whether entries of a table are one group with their neighbours `2^b` on: both empty, or leaves that go on. */
function pairs(format: Format, words: Uint32Array, level: number, place: Place) {
  const clean = (i: number, word: 0 | 1): number =>
    (words[2 * i + word]! & (place.word === word ? ~(15 << place.shift) : -1)) >>> 0;
  const isEmpty = (i: number): boolean => clean(i, 0) === 0 && clean(i, 1) === 0;
  /** A leaf whose place in the table agrees with its address can be part of a larger page, others never. */
  const isPlaced = (i: number): boolean =>
    format.kindOf(words[2 * i]!, words[2 * i + 1]!, level) === LEAF &&
    indexAt(frameField(words[2 * i]!, words[2 * i + 1]!), level) === i;
  const step = pagesAt(level);
  return (i: number, b: number): boolean => {
    const j = i + 2 ** b;
    if (isEmpty(i)) return isEmpty(j);
    if (!isPlaced(i) || !isPlaced(j)) return false;
    const a = frameField(clean(i, 0), clean(i, 1));
    const c = frameField(clean(j, 0), clean(j, 1));
    return (
      c === a + step * 2 ** b &&
      (clean(i, 0) & 0xfff) === (clean(j, 0) & 0xfff) &&
      clean(i, 1) >>> 20 === clean(j, 1) >>> 20
    );
  };
}

/** The largest markers that are true of a table: each entry heads the largest aligned group of like entries. */
function markersOf(format: Format, words: Uint32Array, level: number, place: Place): Uint8Array {
  const goesOn = pairs(format, words, level, place);
  const markers = new Uint8Array(512);
  for (let b = 0; b < 9; b++)
    for (let i = 0; i < 512; i += 2 ** (b + 1))
      if (markers[i] === b && markers[i + 2 ** b] === b && goesOn(i, b)) markers[i] = b + 1;
  return markers;
}

const read = (words: Uint32Array, i: number, { word, shift }: Place): number => (words[2 * i + word]! >>> shift) & 15;

/** A fresh table has 256 of them; a tree that keeps none has none, but for what a bit flipped. */
const SIGN = 16;
const known = new WeakMap<SurveyedTree, boolean>();

/**
 * Whether a tree keeps markers. Pointers do not tell: up to 4.11 they hold merge counts at the same place
 * (xen-mapping.md 7.10).
 */
function keepsMarkers(tree: SurveyedTree, place: Place): boolean {
  const { format, memory, root } = tree.tree;
  const marked = ({ table, level }: Visit): boolean => {
    const words = table === root ? undefined : memory.frame(table);
    let found = 0;
    for (let i = 0; words && i < 512; i++)
      if (read(words, i, place) !== 0 && format.kindOf(words[2 * i]!, words[2 * i + 1]!, level) !== TABLE) found++;
    return found >= SIGN;
  };
  const keeps = known.get(tree) ?? tree.visits.some(marked);
  known.set(tree, keeps);
  return keeps;
}

function* check(
  tree: SurveyedTree,
  { table, level, base }: Visit,
  words: Uint32Array,
  isWrong: (marker: number, truth: number, i: number) => string | null,
): Generator<Hit> {
  const { format } = tree.tree;
  const place = placeIn(format);
  // Root tables carry none.
  if (!place || table === tree.tree.root || !keepsMarkers(tree, place)) return;
  const truth = markersOf(format, words, level, place);
  for (let i = 0; i < 512; i++) {
    const says = isWrong(read(words, i, place), truth[i]!, i);
    if (says === null) continue;
    const raw = { lo: words[2 * i]!, hi: words[2 * i + 1]! };
    yield { tree, at: base + i * pagesAt(level), pages: pagesAt(level), level, raw, says };
  }
}

export const contiguityMarker: Rule = {
  id: "contiguity-marker",
  severity: "fault",
  says: "A contiguity marker promises more like entries than there are: Xen may merge entries that do not belong together, or free a table in use.",
  reference: "xen-mapping.md 7.8",
  fix: "The markers are Xen's own bookkeeping, from 4.17 on; a wrong one is corruption or a bug: keep the image and report it.",
  table: (tree, visit, words) =>
    check(tree, visit, words, (marker, truth, i) =>
      marker <= truth
        ? null
        : marker > trailingZeros(i)
          ? `the marker of entry ${i} is ${marker}, no group that starts here is larger than 2^${trailingZeros(i)} entries`
          : `the marker of entry ${i} promises 2^${marker} like entries, there are 2^${truth}`,
    ),
};

export const contiguityMarkerLow: Rule = {
  id: "contiguity-marker-low",
  severity: "note",
  says: "A contiguity marker counts fewer like entries than there are: Xen will not merge them into a superpage by itself.",
  reference: "xen-mapping.md 7.8",
  fix: "Nothing to mend: without superpages (iommu=no-superpages, or an IOMMU without them) VT-d tables look so.",
  table: (tree, visit, words) =>
    check(tree, visit, words, (marker, truth, i) =>
      // VT-d has no pages above 1 GiB: at level 3 Xen keeps no groups.
      marker < truth && !(tree.tree.format.name === "vtd" && visit.level >= 3)
        ? `the marker of entry ${i} is ${marker}, there are 2^${truth} like entries`
        : null,
    ),
};
