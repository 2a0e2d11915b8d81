import { describe, expect, it } from "vitest";
import { snapshotImage } from "../../src/image/index.ts";
import { findRoots } from "../../src/inspect/roots.ts";
import { GOLDENS, goldenSnapshot } from "../image/golden-frames.ts";

describe("the roots of real Xen's tables, with nothing told", () => {
  it.each(GOLDENS)("%s", (name) => {
    const snapshot = goldenSnapshot(name);
    const { roots } = findRoots(snapshotImage(snapshot.frames));
    const wanted = snapshot.roots.map(({ format, root, levels }) => `${format} ${root} ${levels}`);
    expect(roots.map(({ format, root, levels }) => `${format} ${root} ${levels}`).sort()).toEqual(wanted.sort());
  });
});
