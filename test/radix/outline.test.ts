import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { readInputs } from "../../src/inventory/read.ts";
import { plan } from "../../src/plan/plan.ts";
import { outline } from "../../src/radix/outline.ts";
import { runs } from "../../src/radix/runs.ts";
import type { Tree } from "../../src/radix/tree.ts";
import { createDomain } from "../../src/xen/create.ts";
import { iomemPermission } from "../../src/xen/domctl.ts";
import { libraryMemoryMapping } from "../../src/xen/libxc.ts";
import { makeMachine } from "../../src/xen/machine.ts";

const example = (name: string) =>
  readInputs(
    ["lspci.txt", "xl-info.txt", "guest.cfg"].map((file) => ({
      name: file,
      text: readFileSync(new URL(`../../examples/${name}/${file}`, import.meta.url), "utf8"),
    })),
  );

/** Where every stretch of input leads, and at which order: what an outline keeps of runs. */
function mapping(list: Iterable<{ start: number; pages: number; maps: number | null; order: number }>): string[] {
  const lines: { start: number; pages: number; off: number | null; order: number }[] = [];
  for (const { start, pages, maps, order } of list) {
    const off = maps === null ? null : maps - start;
    const last = lines.at(-1);
    if (last && last.start + last.pages === start && last.off === off && last.order === order) last.pages += pages;
    else lines.push({ start, pages, off, order });
  }
  return lines.map(({ start, pages, off, order }) => `${start}+${pages} ${off} ${order}`);
}

/** The trees of a plan, made anew each time: reading makes described tables real. */
const treesOf = (name: string, xen: string, cmdline: string): readonly Tree[] => {
  const planned = plan(example(name), { xen, cmdline }, { advice: false, boot: false });
  if (typeof planned === "string") throw new Error(planned);
  const { p2m, iommu } = planned.simulation.domain;
  return [p2m, ...(iommu ? [iommu.tree] : [])];
};

describe("the outline of a tree", () => {
  it.each([
    ["msix-nic", "4.11", "iommu=no-sharept"],
    ["msix-nic", "4.14", ""],
    ["eight-gpus", "4.17", ""],
  ])("maps what the runs of %s on Xen %s map", (name, xen, cmdline) => {
    const outlined = treesOf(name, xen, cmdline);
    const read = treesOf(name, xen, cmdline);
    expect(outlined.length).toBeGreaterThan(0);
    for (const [i, tree] of outlined.entries()) {
      const list = [...outline(tree)];
      const whole = [...runs(read[i]!)];
      expect(mapping(list)).toEqual(mapping(whole));
      expect(list.reduce((sum, { entries }) => sum + entries, 0)).toBe(
        whole.reduce((sum, { entries }) => sum + entries, 0),
      );
      expect(list.length).toBeLessThanOrEqual(whole.length);
    }
  });

  it("leaves described tables described", () => {
    const pages = 64 * 2 ** 18;
    const domain = createDomain(makeMachine({ xen: "4.11" }), { poolPages: 2 ** 20 });
    iomemPermission(domain, 0x1000_0000, pages, true);
    expect(libraryMemoryMapping(domain, 0x400_0000, 0x1000_0000, pages, true).result).toBe(0);
    const { memory } = domain.p2m;
    const before = memory.real;
    // 32,768 tables of 512 entries are there.
    expect(before).toBeLessThan(1000);
    const list = [...outline(domain.p2m)].map((run) => ({ start: run.start, pages: run.pages, maps: run.maps }));
    expect(list).toEqual([{ start: 0x400_0000, pages, maps: 0x1000_0000 }]);
    expect(memory.real - before).toBeLessThan(130);
  });

  it("joins nothing that differs in access", () => {
    const [tree] = treesOf("msix-nic", "4.17", "");
    const list = [...outline(tree!, { from: 0, to: 2 ** 36 })];
    for (const [i, run] of list.entries()) {
      const next = list[i + 1];
      if (!next || run.start + run.pages !== next.start || run.order !== next.order) continue;
      const goesOn = run.maps !== null && next.maps === run.maps + run.pages && run.level === next.level;
      const access = ({ lo, hi, level }: typeof run) => tree!.format.decode({ lo, hi }, level).access;
      if (goesOn) expect(access(next) === access(run) && next.lo === run.lo).toBe(false);
    }
    expect(list.length).toBeGreaterThan(1);
  });
});
