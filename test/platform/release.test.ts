import { describe, expect, it } from "vitest";
import { atLeast, has, isUnconfirmed } from "../../src/platform/release.ts";
import { xen } from "./helpers.ts";

describe("atLeast", () => {
  it.each([
    ["4.19.0", "4.19", true],
    ["4.22.0", "4.19", true],
    ["4.18.9", "4.19", false],
    ["4.18.3", "4.18.3", true],
    ["4.18.2", "4.18.3", false],
    ["4.18-tip", "4.18.3", true],
    ["4.18-tip", "4.18-tip", true],
    ["4.18.9", "4.18-tip", false],
  ])("%s against %s: %s", (release, since, expected) => {
    expect(atLeast(xen(release), since)).toBe(expected);
  });

  it("keeps a back-port to its own branch", () => {
    expect(atLeast(xen("4.20.0"), "4.21", "4.20.1", "4.19.3")).toBe(false);
    expect(atLeast(xen("4.19.3"), "4.21", "4.20.1", "4.19.3")).toBe(true);
  });
});

describe("behaviours", () => {
  it("knows the 1 GiB exception in 4.19 and in the stable branches of 4.17 and 4.18 only", () => {
    for (const r of ["4.19.0", "4.22.0", "4.18-tip", "4.17-tip"]) expect(has(xen(r), "hugeBarsSkipLowHole")).toBe(true);
    for (const r of ["4.18.0", "4.17.0", "4.16-tip", "4.11.4"]) expect(has(xen(r), "hugeBarsSkipLowHole")).toBe(false);
  });

  it("says where a point release of those branches is an inference", () => {
    expect(isUnconfirmed(xen("4.17.5"), "hugeBarsSkipLowHole")).toBe(true);
    expect(isUnconfirmed(xen("4.17-tip"), "hugeBarsSkipLowHole")).toBe(false);
    expect(isUnconfirmed(xen("4.19.0"), "hugeBarsSkipLowHole")).toBe(false);
    expect(isUnconfirmed(xen("4.17.5"), "vpci")).toBe(false);
  });
});
