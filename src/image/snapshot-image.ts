import { hex, type Mfn } from "../address.ts";
import { type Container, type MemoryImage, makeImage } from "./image.ts";
import { type SnapshotFrames, snapshotReader } from "./snapshot.ts";

/** A snapshot's frames as a memory image. Throws SyntaxError as `snapshotReader` does. */
export function snapshotImage(frames: SnapshotFrames): MemoryImage {
  const reader = snapshotReader(frames);
  const numbers = Object.keys(frames)
    .map(Number)
    .sort((a, b) => a - b);
  const known = new Set(numbers);
  const container: Container = {
    title: "snapshot",
    frames: numbers.length,
    end: (numbers.at(-1) ?? -1) + 1,
    notes: [],
    has: (mfn) => known.has(mfn),
    read(mfn, into) {
      const words = reader.frame(mfn);
      if (words) into.set(words);
      return words ? null : `frame ${hex(mfn)} is not in the snapshot`;
    },
    *chunks() {
      for (const mfn of numbers) yield { mfn: mfn as Mfn, count: 1, words: reader.frame(mfn as Mfn)! };
    },
  };
  return makeImage(container, 1);
}
