import { describe, expect, it } from "vitest";
import { compareLogs, mappingLines } from "../../rig/compare-log.ts";
import type { RigScript } from "../../rig/script.ts";

const LOG = `(XEN) [   15.985837] memory_map:add: d39 gfn=20f mfn=400020e nr=1f1
(XEN) [   15.986000] memory_map:add: d38 gfn=20f mfn=400020e nr=1f1
(XEN) [   15.987890] d39: GFN 0x600 (0x4000800,9,5,7) -> (0x4000600,9,5,7) not permitted
(XEN) [   15.988858] domain_crash called from arch/x86/mm/p2m.c:1057
(XEN) [   15.989670] memory_map:fail: d39 gfn=600 mfn=4000600 nr=8400 ret:-1\r
(XEN) memory_map: error -22 removing dom39 access to [400,401]
`;
const LINES = [
  "memory_map:add: d1 gfn=20f mfn=400020e nr=1f1",
  "d1: GFN 0x600 (0x4000800,9,5,7) -> (0x4000600,9,5,7) not permitted",
  "memory_map:fail: d1 gfn=600 mfn=4000600 nr=8400 ret:-1",
  "memory_map: error -22 removing dom1 access to [400,401]",
];
const script: RigScript = {
  hypervisor: { xen: "4.17", cpu: "amd" },
  domains: [{ id: 1, guest: "hvm" }],
  operations: [],
};
const seen = { log: LOG, domains: [{ id: 1, result: 0, xenId: 39 }] };
const model = (log: readonly string[]) => [{ id: 1, log: [...log] }];

describe("mappingLines", () => {
  it("takes one domain's lines, under the script's id", () => {
    expect(mappingLines(LOG, 39, 1)).toEqual(LINES);
    expect(mappingLines(LOG, 3, 1)).toEqual([]);
  });
});

describe("compareLogs", () => {
  it("does not mind which frame of RAM was refused", () => {
    const line = (mfn: string) => `d1: GFN 0x1200 (0x200200,5,7) -> (${mfn},0,7) not permitted`;
    const log = `(XEN) ${line("0x22d000").replace("d1", "d39")}\n`;
    expect(compareLogs(script, { ...seen, log }, model([line("0x1")]))).toEqual([]);
    expect(compareLogs(script, { ...seen, log }, model([line("0x1").replace(",5,7", ",4,7")]))).toHaveLength(1);
  });

  it("agrees line by line, and leaves out what only debug builds print", () => {
    expect(compareLogs(script, seen, model(["p2m_set_entry: 0x1:0 -> -12 (0x2)", ...LINES]))).toEqual([]);
  });

  it("names the first line that differs, is missing, or is too much", () => {
    expect(compareLogs(script, seen, model(LINES.with(1, "d1: GFN other")))[0]).toMatch(/line 2: .*d1: GFN other/);
    expect(compareLogs(script, seen, model(LINES.slice(0, 2)))[0]).toMatch(/line 3: .*model ""/);
    expect(compareLogs(script, seen, model([...LINES, "memory_map:add: d1 x"]))[0]).toMatch(/line 5: hypervisor ""/);
  });

  it("says nothing about what lies beyond the lines that the model keeps", () => {
    const kept = Array.from({ length: 1000 }, () => "p2m_set_entry: 0x1:0 -> -12 (0x2)");
    expect(compareLogs(script, seen, model(kept))).toEqual([]);
  });
});
