import { describe, expect, it } from "vitest";
import { snapshotImage } from "../../src/image/index.ts";
import { findRoots } from "../../src/inspect/roots.ts";
import { GOLDENS, goldenSnapshot } from "../image/golden-frames.ts";

/** Half of the time goes into two that hold some ten thousand tables each. */
const LARGE = ["s3_416_iommu", "s3_417_hap2mb0"];
const names = process.env.CI ? GOLDENS : GOLDENS.filter((name) => !LARGE.includes(name));

describe("the roots of real Xen's tables, with nothing told", () => {
  it.each(names)("%s", (name) => {
    const snapshot = goldenSnapshot(name);
    const { roots } = findRoots(snapshotImage(snapshot.frames));
    const wanted = snapshot.roots.map(({ format, root, levels }) => `${format} ${root} ${levels}`);
    expect(roots.map(({ format, root, levels }) => `${format} ${root} ${levels}`).sort()).toEqual(wanted.sort());
  });
});
