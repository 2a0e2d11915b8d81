import { describe, expect, it } from "vitest";
import { hex } from "../../src/address.ts";
import { snapshotImage } from "../../src/image/index.ts";
import { findRoots } from "../../src/inspect/roots.ts";
import { GOLDENS, golden } from "../image/golden-frames.ts";

describe("the roots of real Xen's tables, with nothing told", () => {
  it.each(GOLDENS)("%s", (name) => {
    const { snapshot, trees } = golden(name);
    const { roots } = findRoots(snapshotImage(snapshot.frames));
    const wanted = trees.map(({ tree }) => `${tree.format.name} ${hex(tree.root * 4096)} ${tree.levels}`);
    expect(roots.map(({ format, root, levels }) => `${format} ${root} ${levels}`).sort()).toEqual(wanted.sort());
  });
});
