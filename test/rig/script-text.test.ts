import { describe, expect, it } from "vitest";
import { planRounds } from "../../rig/rounds.ts";
import type { RigScript, ScriptDomain, ScriptOperation } from "../../rig/script.ts";
import { scriptText } from "../../rig/script-text.ts";

const LIMITS = { memoryMiB: 1000, devices: [0x40, 0x48], domains: 100, operations: 100 };
const OPTIONS = { nonce: 0xabc, wait: "word", look: false } as const;

const script = (domains: ScriptDomain[], operations: ScriptOperation[]): RigScript => ({
  hypervisor: { xen: "4.17", cpu: "amd" },
  domains,
  operations,
});

const linesOf = (scripts: RigScript[], look = false): string[] =>
  scriptText(scripts, planRounds(scripts, LIMITS), { ...OPTIONS, look })
    .text.trimEnd()
    .split("\n");

const oneLine = (operation: ScriptOperation): string | undefined =>
  linesOf([script([{ id: 1, guest: "hvm" }], [operation])])[2];

describe("scriptText", () => {
  it("starts with the nonce and the way to wait, and ends each round with a checkpoint", () => {
    expect(linesOf([script([], [])])).toEqual(["physmap-rig abc 0", "0 checkpoint"]);
    const text = scriptText([], [], { ...OPTIONS, wait: "breakpoint" }).text;
    expect(text).toBe("physmap-rig abc 1\n");
  });

  it.each<[ScriptDomain, string]>([
    // slot, XEN_DOMCTL_CDF flags, IOMMU options, emulation, vCPUs, KiB, pool pages (rig.md 3)
    [{ id: 1, guest: "hvm" }, "0 domain 1 23 0 3ff 1 100000 400"],
    [{ id: 1, guest: "hvm", iommu: "none", p2mPoolMiB: 64 }, "0 domain 1 3 0 3ff 1 100000 4000"],
    [{ id: 1, guest: "hvm", iommu: "sync_pt", hap: false }, "0 domain 1 21 1 3ff 1 100000 400"],
    [{ id: 1, guest: "pvh", iommu: "share_pt", vcpus: 2 }, "0 domain 1 23 0 1 2 100000 400"],
    [{ id: 1, guest: "pv", maxMemKiB: 4096, p2mPoolMiB: 0.999 }, "0 domain 1 20 0 0 1 1000 100"],
  ])("creates a domain: %o", (domain, line) => {
    expect(linesOf([script([domain], [])])[1]).toBe(line);
  });

  const range = { domain: 1, gfn: "0x2000000", mfn: "0x200000", pages: 512 };
  it.each<[ScriptOperation, string]>([
    [{ op: "memory_mapping", ...range, add: true }, "map 1 2000000 200000 200 1 0 0"],
    [{ op: "memory_mapping", ...range, add: true, maxCalls: 3, undoOnFailure: true }, "map 1 2000000 200000 200 1 3 1"],
    [{ op: "memory_mapping", ...range, add: false }, "map 1 2000000 200000 200 0 0 0"],
    [{ op: "memory_mapping", ...range, add: true, raw: true }, "raw 1 2000000 200000 200 1"],
    [
      { op: "memory_mapping", ...range, gfn: "0xfffffffffffffff0", add: true, raw: true },
      "raw 1 fffffffffffffff0 200000 200 1",
    ],
    [{ op: "iomem_permission", domain: 1, mfn: "0x0", pages: 1, allow: false }, "permit 1 0 1 0"],
    [{ op: "populate", domain: 1, gfn: "0x1000", order: 9, extents: 4, mfn: null }, "populate 1 1000 9 4"],
    [{ op: "populate", domain: 1, gfn: "0x1000", order: 0 }, "populate 1 1000 0 1"],
    [{ op: "decrease_reservation", domain: 1, gfn: "0x1000", order: 9 }, "decrease 1 1000 9 1"],
    [{ op: "remove_from_physmap", domain: 1, gfn: "0x1000" }, "remove 1 1000"],
    [{ op: "assign_device", domain: 1, device: "0000:00:03.0" }, "assign 1 40"],
    [
      { op: "map_foreign", domain: 1, gfn: "0x1000", from: 99, fromGfn: "0x200", pages: 16 },
      "foreign 1 1000 fff 200 10",
    ],
    [{ op: "take_memory", domain: 1, leave: 5 }, "take 1 5"],
    [{ op: "destroy", domain: 1 }, "destroy 1"],
    // Slot 0 is dom0, slot 4095 is nobody.
    [{ op: "destroy", domain: 0 }, "destroy 0"],
    [{ op: "destroy", domain: 99 }, "destroy fff"],
  ])("writes %o", (operation, words) => {
    expect(oneLine(operation)).toBe(`1 ${words}`);
  });

  it.each(["2000", "0x", "0x10000000000000000", "0x-1", "0xg"])("refuses the address %s", (gfn) => {
    expect(() => oneLine({ op: "remove_from_physmap", domain: 1, gfn })).toThrow(RangeError);
  });

  it.each([-1, 1.5, 2 ** 53, Number.NaN])("refuses the count %s", (pages) => {
    expect(() => oneLine({ op: "memory_mapping", ...range, pages, add: true })).toThrow(RangeError);
  });

  it("looks after each populate when the host can", () => {
    const populate: ScriptOperation = { op: "populate", domain: 2, gfn: "0x0", order: 0 };
    const scripts = [script([{ id: 2, guest: "hvm" }], [populate, { op: "destroy", domain: 2 }])];
    expect(linesOf(scripts, true).slice(2)).toEqual(["1 populate 1 0 0 1", "2 look 1", "3 destroy 1", "4 checkpoint"]);
  });

  it("gives each script's domains slots of their own, and tags in the order of lines", () => {
    const scripts = [1, 2].map(() => script([{ id: 7, guest: "hvm" }], [{ op: "destroy", domain: 7 }]));
    const { text, tags } = scriptText(scripts, planRounds(scripts, LIMITS), OPTIONS);
    expect(text).toContain("\n3 destroy 2\n");
    expect(tags).toEqual([
      { script: 0, kind: "domain", index: 0 },
      { script: 0, kind: "operation", index: 0 },
      { script: 1, kind: "domain", index: 0 },
      { script: 1, kind: "operation", index: 0 },
      { script: -1, kind: "checkpoint", index: 0 },
    ]);
  });
});
