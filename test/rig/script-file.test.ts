import { describe, expect, it } from "vitest";
import { notTaken, readScriptFile, rigScript } from "../../rig/script-file.ts";
import { readScript } from "../../src/plan/script.ts";

const document = {
  physmap: 1,
  kind: "script",
  hypervisor: { xen: "4.17", cpu: "intel", cmdline: "hap_2mb=0" },
  domains: [{ id: 1, iommu: "sync_pt" }],
  operations: [
    { op: "populate", domain: 1, gfn: 512, order: 9, extents: 1, mfn: null },
    { op: "iomem_permission", domain: 1, mfn: "0xfffffffffffffff0", pages: "0x10", allow: true },
  ],
};
const script = readScript(document);
if (typeof script === "string") throw new Error(script);

describe("rigScript", () => {
  it("writes frames as text, whatever they were", () => {
    expect(rigScript(script, { cpu: "amd" }).operations).toEqual([
      { op: "populate", domain: 1, gfn: "0x200", order: 9, extents: 1, mfn: null },
      { op: "iomem_permission", domain: 1, mfn: "0xfffffffffffffff0", pages: 16, allow: true },
    ]);
  });

  it("takes the command line's hypervisor before the script's", () => {
    const { hypervisor, domains } = rigScript(script, { xen: "4.20", cpu: "amd", iommu: "vtd" });
    expect(hypervisor).toEqual({ xen: "4.20", cpu: "amd", iommu: "vtd", cmdline: "hap_2mb=0" });
    expect(domains).toEqual([{ id: 1, guest: "hvm", iommu: "sync_pt" }]);
  });

  it("gives no IOMMU context where the machine has no IOMMU", () => {
    expect(rigScript(script).domains[0]?.iommu).toBe("none");
    expect(rigScript(script, { cpu: "amd", iommu: null }).domains[0]?.iommu).toBe("none");
  });

  it("refuses what only boot does, and tells what it does not take from a script", () => {
    const boot = {
      ...document,
      hypervisor: { xen: "4.17", cpu: "amd", readOnly: [["0x100", 1]] },
      operations: [...document.operations, { op: "map_mmio", domain: 0, gfn: 0, mfn: 0, pages: 1 }],
    };
    const read = readScript(boot);
    if (typeof read === "string") throw new Error(read);
    expect(() => rigScript(read)).toThrow("operation 3: map_mmio");
    expect(notTaken(read)).toEqual(["readOnly"]);
    expect(notTaken(script)).toEqual([]);
  });

  it("says which releases there are", () => {
    expect(() => rigScript(script, { xen: "4.11" })).toThrow(/4\.14, 4\.17, 4\.20/);
  });
});

describe("readScriptFile", () => {
  it("names the file", () => {
    expect(() => readScriptFile("/nowhere/script.json")).toThrow(/nowhere\/script\.json: /);
  });
});
