import { describe, expect, it } from "vitest";
import { type Dom0Facts, dom0Script } from "../../rig/dom0-scripts.ts";
import { targetOf } from "../../rig/target.ts";
import { readScript } from "../../src/plan/script.ts";

const LOG = [
  "(XEN) [0000000013071b37]  [0000000000000000, 000000000009fbff] (usable)",
  "(XEN) [00000000130fcc7a]  [000000000009fc00, 000000000009ffff] (reserved)",
  "(XEN) [000000001322ce29]  [0000000000100000, 000000007ffdffff] (usable)",
  "(XEN) [0000000013301217]  [00000000b0000000, 00000000bfffffff] (reserved)",
  "(XEN) [    1.972787]  Page tables:   0000000000598000->000000000059f000",
  "(XEN) [    1.973432]  TOTAL:         0000000000000000->0000000000800000",
];
const facts = (cmdline: string, fields: Readonly<Record<string, string>>, more: readonly string[] = []): Dom0Facts => ({
  target: targetOf({ xen: "4.17", cpu: "amd", cmdline }),
  build: "4.17.7",
  log: [...LOG, ...more].join("\r\n"),
  dom0: {
    fields: new Map(Object.entries(fields)),
    ownFrames: [
      { start: 0x8f, end: 0x91 },
      { start: 0x7fc5b, end: 0x7fda7 },
    ],
    bootAllocator: { start: 0x7fc72, end: 0x7fd72 },
  },
  p2m: undefined,
  largeBar: 0,
});

describe("the model's script for a dom0", () => {
  it("of a PV one: what was placed for it, its page tables there, and the rest, by machine frames", () => {
    const script = dom0Script(facts("", { memory: "7d800+516,7f9ff+1,7dd16+2e9,6e000+f000", tables: "598+7" }));
    expect(readScript(script)).not.toBeTypeOf("string");
    expect(script.operations).toEqual([
      {
        op: "set_up_hardware_domain",
        domain: 0,
        memory: {
          initial: [
            ["0x7d800", 0x516],
            ["0x7f9ff", 1],
            ["0x7dd16", 0x2e9],
          ],
          later: [["0x6e000", 0xf000]],
          // dom0's own frame 0x598, one further than its machine frame for the page of the boot module.
          pageTables: [["0x7dd97", 7]],
        },
      },
    ]);
    expect(script.domains).toEqual([{ id: 0, guest: "pv" }]);
  });

  it("has the memory map of the console, and the hypervisor's frames but for those that it gave back", () => {
    const kept = dom0Script(facts("", {})).hypervisor as Record<string, unknown>;
    expect(kept.memoryMap).toEqual([
      ["0x0", "0x9fbff", "ram"],
      ["0x9fc00", "0x9ffff", "reserved"],
      ["0x100000", "0x7ffdffff", "ram"],
      ["0xb0000000", "0xbfffffff", "reserved"],
    ]);
    expect(kept.ownFrames).toEqual([
      ["0x8f", 2],
      ["0x7fc5b", 0x14c],
    ]);
    const gave = dom0Script(facts("", {}, ["(XEN) Freed 1024kB unused BSS memory"])).hypervisor;
    expect((gave as Record<string, unknown>).ownFrames).toEqual([
      ["0x8f", 2],
      ["0x7fc5b", 0x17],
      ["0x7fd72", 0x35],
    ]);
  });

  it("of a PVH one: BARs without MSI-X table and pending bits, RAM as it is populated, and what is left below 1 MiB", () => {
    const decoding = { "pci.10": "10d38086,100007,feb80000,feba0000,c041,febc0000,0,0" };
    const script = dom0Script(facts("dom0=pvh", { ...decoding, "pci.18": "10d38086,100001,fea80000,0,0,0,0,0" }));
    expect(readScript(script)).not.toBeTypeOf("string");
    const operations = script.operations as Record<string, unknown>[];
    const ranges = (op: string) =>
      operations.filter((o) => o.op === op).map(({ gfn, pages, order }) => [gfn, pages ?? order]);
    expect(ranges("map_mmio")).toEqual([
      ["0xfeb80", 0x40],
      ["0xfebc1", 1],
      ["0xfebc3", 1],
      ["0x9f", 0x61],
    ]);
    expect(ranges("populate").slice(0, 7)).toEqual([
      ["0x0", 7],
      ["0x80", 4],
      ["0x90", 3],
      ["0x98", 2],
      ["0x9c", 1],
      ["0x9e", 0],
      ["0x100", 8],
    ]);
  });
});
