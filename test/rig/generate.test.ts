import { describe, expect, it } from "vitest";
import { type FormatTarget, generate } from "../../rig/generate.ts";
import { runOnModel } from "../../rig/model-run.ts";
import { variantOf } from "../../rig/random.ts";
import { targetOf } from "../../rig/target.ts";
import { count } from "../../src/radix/runs.ts";

const TARGETS: readonly FormatTarget[] = ["amdvi", "vtd", "ept"];

describe("generate", () => {
  it("gives the same scripts for the same seed, and others for another", () => {
    expect(generate("amdvi", "4.17", 20, 7)).toEqual(generate("amdvi", "4.17", 20, 7));
    expect(generate("amdvi", "4.17", 20, 7)).not.toEqual(generate("amdvi", "4.17", 20, 8));
  });

  it.each(TARGETS)("%s: reaches errors, crashes, dry pools, undo, split and large leaves", (target) => {
    const seen = new Set<string>();
    const orders = new Set<number>();
    for (const script of generate(target, "4.17", 80, 2)) {
      const machine = targetOf(script.hypervisor);
      const run = runOnModel(script, machine, "4.17.7", []);
      for (const result of run.results) {
        seen.add(result.error ?? ((result.result ?? 0) > 0 ? "pages" : "0"));
        if (result.crashed) seen.add("crashed");
        if (result.undo) seen.add("undo");
      }
      for (const { p2m, iommu } of run.domains)
        for (const tree of [p2m, iommu]) if (tree) for (const order of count(tree).leaves.keys()) orders.add(order);
    }
    for (const outcome of ["0", "pages", "-EPERM", "-EINVAL", "-ENOENT", "-ENOMEM", "-ESRCH", "crashed", "undo"])
      expect(seen).toContain(outcome);
    for (const order of target === "ept" ? [0, 9] : [0, 9, 18]) expect(orders).toContain(order);
  });

  it("uses a pool in whole MiB on 4.14", () => {
    const pools = generate("amdvi", "4.14", 60, 3).flatMap((s) => s.domains.map((d) => d.p2mPoolMiB));
    expect(new Set(pools)).toEqual(new Set([4]));
  });
});

describe("variantOf", () => {
  it("changes the command line in one batch of four, each variant in turn", () => {
    const variants = Array.from({ length: 32 }, (_, batch) => variantOf("amdvi", batch));
    expect(variants.filter((v) => v === "")).toHaveLength(24);
    expect(new Set(variants)).toEqual(
      new Set(["", "iommu=no-superpages", "hap_1gb=0", "hap_2mb=0", "hap_2mb=0 hap_1gb=0"]),
    );
  });
});
