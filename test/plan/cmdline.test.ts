import { describe, expect, it } from "vitest";
import { addWord, dropOff, dropOption, dropPart } from "../../src/plan/cmdline.ts";

describe("edits of Xen's command line", () => {
  it.each([
    ["hap=0 x", "x"],
    ["no-hap x", "x"],
    ["hap", ""],
    ["hap_2mb=0 hap=1", "hap_2mb=0"],
    ["x -- hap=0", "x -- hap=0"],
  ])("dropOption hap: %s", (line, left) => {
    expect(dropOption(line, "hap")).toBe(left);
  });

  it.each([
    ["iommu=no-sharept", ""],
    ["iommu=verbose,sharept=off,debug", "iommu=verbose,debug"],
    ["iommu=sharept iommu=verbose", "iommu=verbose"],
    ["dom0-iommu=sharept", "dom0-iommu=sharept"],
    ["a  b", "a b"],
  ])("dropPart iommu sharept: %s", (line, left) => {
    expect(dropPart(line, "iommu", "sharept")).toBe(left);
  });

  it.each([
    ["iommu=off", ""],
    ["iommu=0,verbose", "iommu=verbose"],
    ["no-iommu x", "x"],
    ["iommu=on", "iommu=on"],
  ])("dropOff iommu: %s", (line, left) => {
    expect(dropOff(line, "iommu")).toBe(left);
  });

  it("addWord stays before dom0's part", () => {
    expect(addWord("a -- b", "c")).toBe("a c -- b");
    expect(addWord("", "c")).toBe("c");
  });
});
